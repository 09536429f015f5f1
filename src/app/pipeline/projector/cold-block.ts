import { crc32 } from 'node:zlib'
import { ByteReader } from '../../../facts/codec/byte-reader.js'
import { ByteWriter } from '../../../facts/codec/byte-writer.js'
import { readPlain, writePlain, type PlainData } from '../../../facts/codec/plain-data.js'
import type { SpilledEntry } from '../../../projections/cells/cold-store.js'
import { pack, unpack } from '../../../log/embedded/format/packing.js'

/** An entry of the cold store: its data as bytes. */
export type ColdEntry = Readonly<{ key: string; value: Uint8Array }>

export const coldEntry = ({ key, data }: SpilledEntry): ColdEntry => {
  const writer = new ByteWriter(256)
  writePlain(writer, data as PlainData)
  return { key, value: writer.finish() }
}

/** Bytes that an entry takes in a block before compression, nearly. */
export const entryBytes = ({ key, value }: ColdEntry): number => key.length + value.length

/**
 * Neighbours in the order of their keys, which resemble each other and are compressed together. The bytes: u32 CRC-32
 * of the rest, u8 codec, then, compressed as a whole: the number of entries; the lengths of each key and value; the
 * keys and values.
 */
export class ColdBlock {
  private readonly bytes: Buffer
  /** Where each key begins, then each value, and where the last value ends. */
  private readonly places: Uint32Array

  private constructor(bytes: Buffer) {
    const reader = new ByteReader(bytes)
    const entries = reader.whole()
    this.bytes = bytes
    this.places = new Uint32Array(2 * entries + 1)
    for (let index = 1; index < this.places.length; index++)
      this.places[index] = (this.places[index - 1] as number) + reader.whole()
    for (let index = 0; index < this.places.length; index++) this.places[index] = this.place(index) + reader.at
  }

  /** @throws Error if the bytes are not those that were written. */
  static decode(stored: Buffer): ColdBlock {
    if (stored.length < HEAD || crc32(stored.subarray(4)) !== stored.readUInt32LE(0))
      throw new Error('a block of the cold store fails its checksum')
    const body = unpack(stored[4] as number, stored.subarray(HEAD))
    if (body === undefined) throw new Error('a block of the cold store is compressed in an unknown way')
    return new ColdBlock(body)
  }

  static encode(entries: readonly ColdEntry[]): Buffer {
    const writer = new ByteWriter(2 * BLOCK_BYTES)
    writer.whole(entries.length)
    const keys = entries.map(({ key }) => Buffer.from(key))
    entries.forEach(({ value }, index) => {
      writer.whole((keys[index] as Buffer).length)
      writer.whole(value.length)
    })
    entries.forEach(({ value }, index) => {
      writer.raw(keys[index] as Buffer)
      writer.raw(value)
    })
    const { codec, bytes } = pack(writer.finish())
    const stored = Buffer.allocUnsafe(HEAD + bytes.length)
    stored[4] = codec
    stored.set(bytes, HEAD)
    stored.writeUInt32LE(crc32(stored.subarray(4)), 0)
    return stored
  }

  get length(): number {
    return this.places.length >> 1
  }

  key(index: number): string {
    return this.bytes.toString('utf8', this.place(2 * index), this.place(2 * index + 1))
  }

  /** The data under a key; `undefined` if the block does not hold it. */
  get(key: string): unknown {
    const index = this.firstFrom(key)
    return index < this.length && this.key(index) === key ? readPlain(new ByteReader(this.value(index))) : undefined
  }

  /** The index of the first entry whose key is `key` or comes after it. */
  firstFrom(key: string): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.key(middle) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  entries(): readonly ColdEntry[] {
    return Array.from({ length: this.length }, (_, index) => ({ key: this.key(index), value: this.value(index) }))
  }

  private value(index: number): Buffer {
    return this.bytes.subarray(this.place(2 * index + 1), this.place(2 * index + 2))
  }

  private place(index: number): number {
    return this.places[index] as number
  }
}

/**
 * Entries in a block take so much before compression, unless a single one is larger. Reading an entry costs a block;
 * smaller blocks are compressed less, and leave more of the store's pages unused.
 */
export const BLOCK_BYTES = 48 * 1024

/** Checksum and codec. */
const HEAD = 5
