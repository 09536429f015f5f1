import { hash } from 'node:crypto'
import { HASH_BYTES, sameHash, type Hash } from '../merkle.js'

/**
 * The framing of an export: the line {@link MAGIC}, then frames of `u8` kind, `u32` length (big-endian), payload and 32
 * bytes of SHA-256 over the digest before it, kind, length and payload. The first digest before is that of the line. A
 * byte that was changed, left out or added by accident is found at the frame that it is in.
 */
export const MAGIC = Buffer.from('streamvane audit export v1\n')

export const FRAME = {
  /** JSON: {@link ExportManifest}. */
  manifest: 0x4d, // M
  /** `u16`: the tree of the manifest that follows. */
  tree: 0x54, // T
  /** The note of a head. It stands before the block that holds its last leaf; the head of the range's start first. */
  head: 0x48, // H
  /** Leaves: {@link encodeBlock}. */
  block: 0x42, // B
  /** A proof of the record of an erasure that lies outside of the range. */
  proof: 0x50, // P
  /** `u32`: how many frames come before this one, the last. */
  end: 0x45, // E
} as const

const KINDS: ReadonlySet<number> = new Set(Object.values(FRAME))
const HEADER_BYTES = 5
/** A frame holds a block of a mebibyte, or one event of at most 16 MiB. */
const LENGTH_MAX = 64 * 1024 * 1024

const digestOf = (before: Hash, header: Uint8Array, payload: Uint8Array): Hash =>
  hash('sha256', Buffer.concat([before, header, payload]), 'buffer')

export const FIRST_DIGEST: Hash = hash('sha256', MAGIC, 'buffer')

/** Makes the bytes of frames, one after the other. */
export class FrameEncoder {
  #digest = FIRST_DIGEST
  #frames = 0

  get frames(): number {
    return this.#frames
  }

  encode(kind: number, payload: Uint8Array): Buffer {
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt8(kind)
    header.writeUInt32BE(payload.length, 1)
    this.#digest = digestOf(this.#digest, header, payload)
    this.#frames += 1
    return Buffer.concat([header, payload, this.#digest])
  }
}

/** A frame with its place in the file. `isSound`: its digest is right. */
export type Frame = Readonly<{ kind: number; payload: Buffer; offset: number; bytes: number; isSound: boolean }>

/** From here on the file cannot be read. */
export type BrokenOff = Readonly<{ kind: 'broken-off'; offset: number; bytes: number; what: string }>

/**
 * Cuts a file into frames, as its bytes come. A frame whose digest is wrong is given as it is; where the frame behind it
 * cannot be found, reading ends.
 */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0)
  #offset = 0
  #hasMagic = false
  #isBroken = false
  /** The digest behind the last frame as it stands in the file, and as it should be. */
  #before: readonly Hash[] = [FIRST_DIGEST]

  /** The frames that are complete with these bytes. */
  push(bytes: Uint8Array): readonly (Frame | BrokenOff)[] {
    if (this.#isBroken) return []
    this.#pending = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes])
    const found: (Frame | BrokenOff)[] = []
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      found.push(next)
      if (next.kind === 'broken-off') break
    }
    return found
  }

  /** What is left when no more bytes come: a frame that was cut short, if anything. */
  end(): BrokenOff | undefined {
    if (this.#isBroken) return undefined
    if (!this.#hasMagic) return this.#brokenOff(this.#pending.length, 'the file is no audit export')
    if (this.#pending.length === 0) return undefined
    return this.#brokenOff(this.#pending.length, 'the file ends within a frame')
  }

  #next(): Frame | BrokenOff | undefined {
    if (!this.#hasMagic) {
      if (this.#pending.length < MAGIC.length) return undefined
      if (!this.#pending.subarray(0, MAGIC.length).equals(MAGIC))
        return this.#brokenOff(MAGIC.length, 'the file does not begin as an audit export does')
      this.#hasMagic = true
      this.#skip(MAGIC.length)
    }
    if (this.#pending.length < HEADER_BYTES) return undefined
    const [kind, length] = [this.#pending.readUInt8(), this.#pending.readUInt32BE(1)]
    if (!KINDS.has(kind) || length > LENGTH_MAX) return this.#brokenOff(HEADER_BYTES, 'here no frame begins')
    const bytes = HEADER_BYTES + length + HASH_BYTES
    if (this.#pending.length < bytes) return undefined
    const header = this.#pending.subarray(0, HEADER_BYTES)
    const payload = this.#pending.subarray(HEADER_BYTES, HEADER_BYTES + length)
    const stored = Buffer.from(this.#pending.subarray(HEADER_BYTES + length, bytes))
    const wanted = this.#before.map((before) => digestOf(before, header, payload))
    const isSound = wanted.some((digest) => sameHash(digest, stored))
    this.#before = isSound ? [stored] : [stored, ...wanted]
    const frame = { kind, payload, offset: this.#offset, bytes, isSound }
    this.#skip(bytes)
    return frame
  }

  #skip(bytes: number): void {
    this.#pending = this.#pending.subarray(bytes)
    this.#offset += bytes
  }

  #brokenOff(bytes: number, what: string): BrokenOff {
    this.#isBroken = true
    return { kind: 'broken-off', offset: this.#offset, bytes: Math.max(1, bytes), what }
  }
}
