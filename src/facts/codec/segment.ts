import { crc32 } from 'node:zlib'
import type { Position } from '../../log/event-log.js'
import type { DecodedRun, EventPlace } from '../decoded-run.js'
import { summaryOf, type RunSummary } from '../run-summary.js'
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { readFacts, writeFacts } from './fact-columns.js'
import { readStreams, writeStreams } from './stream-table.js'
import { encodeSummary, readSummary } from './summary.js'
import { readTexts, TextTableWriter } from './text-table.js'

/**
 * The bytes of a segment, which holds one decoded run: the letters `SVFS` with the format's number, a CRC-32 of all the
 * rest, the length of the body, the body, the tables, the summary. The body names texts by number, and the table of
 * texts comes behind it, because it is complete only then. Numbers are as {@link ByteWriter} writes them.
 */
const MAGIC = 0x31_53_56_46
const HEAD = 12

/** What a run was made from, and by whom: a segment of anything else is of no use. */
export type SegmentOrigin = Readonly<{
  /** Name of all that decides how raw events become facts. */
  decoders: string
  logId: string
  tenant: string
  /** Where points come from: events that can change no figure then are left out. */
  points: string
}>

/** A digest of raw data: its length, and the CRC-32 of the data of all events of the stretch, one after the other. */
export type RawDigest = Readonly<{ bytes: number; crc32: number }>

export type Segment = Readonly<{ origin: SegmentOrigin; digest: RawDigest; run: DecodedRun }>

export const encodeSegment = (segment: Segment): Buffer => {
  const { origin, run } = segment
  const summary = summaryOf(run, origin.tenant)
  const shared = encodeParts({ origin, digest: { bytes: 0, crc32: 0 }, run: summary.shared })
  return encodeParts(segment, encodeSummary(summary, shared))
}

const encodeParts = ({ origin, digest, run }: Segment, summary: Uint8Array = new Uint8Array()): Buffer => {
  const body = new ByteWriter(64 * 1024)
  const texts = new TextTableWriter()
  for (const name of [origin.decoders, origin.logId, origin.tenant, origin.points]) body.text(name)
  body.whole(digest.bytes)
  body.uint32(digest.crc32)
  body.byte(run.after === undefined ? 0 : 1)
  body.uint64(run.after ?? 0n)
  body.uint64(run.through)
  body.whole(run.rawEvents)
  writePlace(body, run.last)
  writeEvents(body, run, origin.tenant, texts)
  writeFacts(body, run.facts, texts)
  const tables = new ByteWriter(16 * 1024)
  texts.write(tables)
  const head = new ByteWriter(HEAD)
  head.uint32(MAGIC)
  head.uint32(0)
  head.uint32(body.length)
  const bytes = Buffer.concat([head.finish(), body.finish(), tables.finish(), summary])
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

/** Reads a segment; `undefined` if it has another format or its bytes are not those that were written. */
export const readSegment = (bytes: Buffer): Segment | undefined => {
  if (bytes.length < HEAD || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (crc32(bytes.subarray(8)) !== bytes.readUInt32LE(4)) return undefined
  const text = readTexts(new ByteReader(bytes, HEAD + bytes.readUInt32LE(8)), bytes)
  const body = new ByteReader(bytes, HEAD)
  const origin = { decoders: body.text(), logId: body.text(), tenant: body.text(), points: body.text() }
  const digest = { bytes: body.whole(), crc32: body.uint32() }
  const hasBeginning = body.byte() === 1
  const [after, through] = [body.uint64(), body.uint64()]
  const run: DecodedRun = {
    after: hasBeginning ? after : undefined,
    through,
    rawEvents: body.whole(),
    last: readPlace(body),
    ...readEvents(body, origin.tenant, text),
    facts: readFacts(body, bytes, text),
  }
  return { origin, digest, run }
}

/** Reads the summary of a segment from the end of its bytes; `undefined` if it has none that is whole. */
export const readSegmentSummary = (
  end: Buffer,
): Readonly<{ origin: SegmentOrigin; summary: RunSummary }> | undefined => {
  const read = readSummary(end)
  const shared = read && readSegment(read.shared)
  return shared && { origin: shared.origin, summary: { ...read.summary, shared: shared.run } }
}

const writePlace = (to: ByteWriter, place: EventPlace | undefined): void => {
  to.byte(place === undefined ? 0 : 1)
  if (place === undefined) return
  to.text(place.stream)
  to.whole(place.revision)
  to.text(place.id)
  to.uint64(place.position)
}

const readPlace = (from: ByteReader): EventPlace | undefined =>
  from.byte() === 0
    ? undefined
    : { stream: from.text(), revision: from.whole(), id: from.text(), position: from.uint64() }

/** Positions and streams of the events. They are seldom asked for, and read only then. */
const writeEvents = (to: ByteWriter, run: DecodedRun, tenant: string, texts: TextTableWriter): void => {
  const columns = new ByteWriter(32 * 1024)
  const places = new Map<string, number>()
  let before: Position = run.events > 0 ? run.position(0) : 0n
  columns.uint64(before)
  for (let event = 0; event < run.events; event++) {
    const position = run.position(event)
    columns.whole(Number(position - before))
    before = position
    const stream = run.stream(event)
    let place = places.get(stream)
    if (place === undefined) places.set(stream, (place = places.size))
    columns.whole(place)
  }
  writeStreams(columns, [...places.keys()], tenant, texts)
  to.whole(run.events)
  to.sized(columns.finish())
  to.whole(run.undecodable.length)
  for (const event of run.undecodable) to.whole(event)
}

type Events = Pick<DecodedRun, 'events' | 'position' | 'stream' | 'undecodable'>

const readEvents = (from: ByteReader, tenant: string, text: (place: number) => string): Events => {
  const events = from.whole()
  const bytes = from.sized()
  let known: EventColumns | undefined
  const columns = (): EventColumns => (known ??= readColumns(new ByteReader(bytes), events, tenant, text))
  return {
    events,
    position: (event) => columns().first + BigInt(columns().offsets[event] as number),
    stream: (event) => columns().stream(event),
    undecodable: Array.from({ length: from.whole() }, () => from.whole()),
  }
}

type EventColumns = Readonly<{ first: Position; offsets: Float64Array; stream: (event: number) => string }>

const readColumns = (
  from: ByteReader,
  events: number,
  tenant: string,
  text: (place: number) => string,
): EventColumns => {
  const first = from.uint64()
  const offsets = new Float64Array(events)
  const places = new Uint32Array(events)
  let offset = 0
  for (let event = 0; event < events; event++) {
    offsets[event] = offset += from.whole()
    places[event] = from.whole()
  }
  const name = readStreams(from, tenant, text)
  return { first, offsets, stream: (event) => name(places[event] as number) }
}
