import { crc32 } from 'node:zlib'
import type { EventTimes } from '../event-times.js'
import { StreamSet, type RunSummary } from '../run-summary.js'
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'

/**
 * A summary is the end of a segment: its body, then the length and the CRC-32 of that and the letters `SVFC`. It can be
 * read without the rest. What reads segments alone passes over it, and segments of version 0.1.0 have none.
 */
const MAGIC = 0x43_46_56_53
const TRAILER = 12

/** `shared` are the bytes of the run of clock and configuration. */
export const encodeSummary = ({ points, states, statesOnly, others }: RunSummary, shared: Uint8Array): Buffer => {
  const body = new ByteWriter(16 * 1024)
  writeTimes(body, points)
  writeTimes(body, states)
  writeStreamSet(body, statesOnly)
  writeStreamSet(body, others)
  body.sized(shared)
  const length = body.length
  body.uint32(length)
  body.uint32(crc32(body.finish().subarray(0, length)))
  body.uint32(MAGIC)
  return body.finish()
}

/** Bytes at the end of a segment that hold its summary; `undefined`: it has none. `end` are the last bytes of it. */
export const summaryLength = (end: Buffer): number | undefined =>
  end.length < TRAILER || end.readUInt32LE(end.length - 4) !== MAGIC
    ? undefined
    : end.readUInt32LE(end.length - TRAILER) + TRAILER

/** A summary but for its shared run, of which it gives the bytes. `undefined`: none, or not as it was written. */
export const readSummary = (
  bytes: Buffer,
): Readonly<{ summary: Omit<RunSummary, 'shared'>; shared: Buffer }> | undefined => {
  const length = summaryLength(bytes)
  if (length === undefined || length > bytes.length) return undefined
  const body = bytes.subarray(bytes.length - length, bytes.length - TRAILER)
  if (crc32(body) !== bytes.readUInt32LE(bytes.length - 8)) return undefined
  const from = new ByteReader(body)
  const summary = {
    points: readTimes(from),
    states: readTimes(from),
    statesOnly: readStreamSet(from),
    others: readStreamSet(from),
  }
  return { summary, shared: from.sized() }
}

const writeTimes = (to: ByteWriter, times: EventTimes): void => {
  to.whole(times.length)
  for (const one of times) {
    to.number(one.from)
    to.number(one.to)
  }
}

const readTimes = (from: ByteReader): EventTimes =>
  Array.from({ length: from.whole() }, () => ({ from: from.number(), to: from.number() }))

const writeStreamSet = (to: ByteWriter, { hashes }: StreamSet): void => {
  to.whole(hashes.length)
  for (const hash of hashes) to.uint32(hash)
}

const readStreamSet = (from: ByteReader): StreamSet =>
  new StreamSet(Uint32Array.from({ length: from.whole() }, () => from.uint32()))
