import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { MASTER_ID_BYTES, WRAPPED_BYTES } from './master-key.js'

/** A wrapped data key as the key file holds it. */
export type WrappedKey = Readonly<{
  /** Which master key wraps it. */
  masterId: string
  /** SHA-256 of the name of its stream. */
  streamDigest: Buffer
  wrapped: Buffer
}>

/** What a place of the key file holds. `damaged`: its bytes fail their checksum. `absent`: the file ends before it. */
export type Slot =
  | Readonly<{ kind: 'key'; key: WrappedKey }>
  | Readonly<{ kind: 'destroyed'; streamDigest: Buffer }>
  | Readonly<{ kind: 'damaged' | 'absent' }>

/** The digest of the stream whose key the slot holds or held. */
export const digestIn = (slot: Slot): Buffer | undefined =>
  slot.kind === 'key' ? slot.key.streamDigest : slot.kind === 'destroyed' ? slot.streamDigest : undefined

/** Its name in its folder. */
export const KEY_FILE = 'data-keys'
const MAGIC = Buffer.from('SVKEYS01')
/** A place never crosses a sector of a disk, so that it is written whole or not at all. */
export const SLOT_BYTES = 128
const DESTROYED_AT = 8
const CRC_AT = SLOT_BYTES - 4
const STATE_KEY = 1
const STATE_DESTROYED = 2
const DIGEST_BYTES = 32
const DIGEST_AT = 1 + MASTER_ID_BYTES
const WRAPPED_AT = DIGEST_AT + DIGEST_BYTES
/** Places that are read at once where all are read. */
const RUN = 1_024

/**
 * The file of data keys: a head, then a place of 128 bytes for each key, in order of their numbers. A key is destroyed by
 * writing zeros over it in its place. No other file holds the keys, and this is the one to back up.
 *
 * Head: `SVKEYS01`, then u64 (big-endian) how many keys were destroyed. Place: u8 1, 8 bytes id of the master key, 32 bytes
 * digest of the stream, 40 bytes wrapped key, zeros, u32 (big-endian) CRC-32 of what is before it. Of a destroyed key: u8 2,
 * zeros but for the digest of the stream, the CRC-32.
 */
export class KeyFile {
  readonly path: string
  private readonly file: number

  private constructor(path: string, file: number) {
    this.path = path
    this.file = file
  }

  /** Opens the file of a folder, and makes it if it may; `undefined`: there is none. Throws what the system says. */
  static open(folder: string, mode: 'read' | 'write'): KeyFile | undefined {
    const path = join(folder, KEY_FILE)
    try {
      return new KeyFile(path, openSync(path, mode === 'read' ? 'r' : 'r+'))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    }
    if (mode === 'read') return undefined
    makeFile(folder, path)
    return new KeyFile(path, openSync(path, 'r+'))
  }

  /** Whether the beginning is that of a key file. */
  isSound(): boolean {
    return this.read(0, MAGIC.length).equals(MAGIC)
  }

  /** Places so far. A place that was begun and cut off counts: nothing was ever encrypted by its key. */
  count(): number {
    return Math.max(0, Math.ceil(fstatSync(this.file).size / SLOT_BYTES) - 1)
  }

  /** The last key, if it was not destroyed. */
  last(): Readonly<{ number: number; key: WrappedKey }> | undefined {
    const number = this.count() - 1
    const slot: Slot = number < 0 ? { kind: 'absent' } : this.slot(number)
    return slot.kind === 'key' ? { number, key: slot.key } : undefined
  }

  slot(number: number): Slot {
    return number < this.count() ? slotIn(this.read((number + 1) * SLOT_BYTES, SLOT_BYTES)) : { kind: 'absent' }
  }

  /** All places from a number on. */
  *slots(from = 0): Generator<Readonly<{ number: number; slot: Slot }>> {
    for (let number = from; ;) {
      const bytes = this.read((number + 1) * SLOT_BYTES, RUN * SLOT_BYTES)
      if (bytes.length === 0) return
      for (let at = 0; at < bytes.length; at += SLOT_BYTES)
        yield { number: number++, slot: slotIn(bytes.subarray(at, at + SLOT_BYTES)) }
    }
  }

  /** Writes keys behind each other, from a number on. Durable when it returns. */
  write(number: number, keys: readonly WrappedKey[]): void {
    this.put((number + 1) * SLOT_BYTES, Buffer.concat(keys.map(keySlot)))
    fsyncSync(this.file)
  }

  /** Writes places as {@link keySlot} makes them at their numbers. Durable when it returns. */
  replace(slots: ReadonlyMap<number, Buffer>): void {
    for (const [number, bytes] of slots) this.put((number + 1) * SLOT_BYTES, bytes)
    fsyncSync(this.file)
  }

  /** Overwrites the key with zeros, and tells those who keep keys in memory. Durable when it returns. */
  destroy(number: number, streamDigest: Buffer): void {
    this.put((number + 1) * SLOT_BYTES, slotOf(STATE_DESTROYED, { streamDigest }))
    const destroyed = Buffer.alloc(8)
    destroyed.writeBigUInt64BE(this.destroyed() + 1n)
    this.put(DESTROYED_AT, destroyed)
    fsyncSync(this.file)
  }

  /** How many keys were destroyed. It only grows. */
  destroyed(): bigint {
    const bytes = this.read(DESTROYED_AT, 8)
    return bytes.length < 8 ? 0n : bytes.readBigUInt64BE()
  }

  close(): void {
    closeSync(this.file)
  }

  private read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    return bytes.subarray(0, readSync(this.file, bytes, 0, length, at))
  }

  private put(at: number, bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.file, bytes, done, bytes.length - done, at + done)
  }
}

const makeFile = (folder: string, path: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.draft`
  const head = Buffer.alloc(SLOT_BYTES)
  MAGIC.copy(head)
  const file = openSync(draft, 'w', 0o600)
  try {
    writeSync(file, head)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
  syncFolder(folder)
}

const syncFolder = (folder: string): void => {
  const file = openSync(folder, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** The bytes of a place that holds a key. */
export const keySlot = (key: WrappedKey): Buffer => slotOf(STATE_KEY, key)

const slotOf = (state: number, { masterId, streamDigest, wrapped }: Partial<WrappedKey>): Buffer => {
  const bytes = Buffer.alloc(SLOT_BYTES)
  bytes.writeUInt8(state)
  if (masterId !== undefined) bytes.write(masterId, 1, 'hex')
  if (streamDigest !== undefined) bytes.set(streamDigest, DIGEST_AT)
  if (wrapped !== undefined) bytes.set(wrapped, WRAPPED_AT)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT)
  return bytes
}

const slotIn = (bytes: Buffer): Slot => {
  if (bytes.length === 0) return { kind: 'absent' }
  if (bytes.length < SLOT_BYTES || crc32(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32BE(CRC_AT))
    return { kind: 'damaged' }
  const streamDigest = Buffer.from(bytes.subarray(DIGEST_AT, WRAPPED_AT))
  if (bytes[0] === STATE_DESTROYED) return { kind: 'destroyed', streamDigest }
  if (bytes[0] !== STATE_KEY) return { kind: 'damaged' }
  const wrapped = Buffer.from(bytes.subarray(WRAPPED_AT, WRAPPED_AT + WRAPPED_BYTES))
  return { kind: 'key', key: { masterId: bytes.toString('hex', 1, DIGEST_AT), streamDigest, wrapped } }
}
