import type { Position, RecordedEvent } from '../../../log/event-log.js'
import type { RawStretch } from './decode-run.js'

/** Raw events as a thread gets them: all bytes in one buffer, which is handed over instead of copied. */
export type PackedStretch = Readonly<{
  after: Position | undefined
  through: Position
  /** Of each event its metadata, then its data. */
  bytes: ArrayBuffer
  metadataLengths: Uint32Array
  dataLengths: Uint32Array
  positions: readonly Position[]
  types: readonly string[]
  streams: readonly string[]
  revisions: readonly number[]
  /** Of the last event; the others are not needed. */
  lastId: string
}>

export const packStretch = ({ after, through, events }: RawStretch): PackedStretch => {
  const length = events.reduce((sum, { metadata, data }) => sum + metadata.length + data.length, 0)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const { metadata, data } of events) {
    bytes.set(metadata, at)
    bytes.set(data, at + metadata.length)
    at += metadata.length + data.length
  }
  return {
    ...{ after, through, bytes: bytes.buffer },
    metadataLengths: Uint32Array.from(events, ({ metadata }) => metadata.length),
    dataLengths: Uint32Array.from(events, ({ data }) => data.length),
    positions: events.map(({ position }) => position),
    types: events.map(({ type }) => type),
    streams: events.map(({ stream }) => stream),
    revisions: events.map(({ revision }) => revision),
    lastId: events.at(-1)?.id ?? '',
  }
}

export const unpackStretch = (packed: PackedStretch): RawStretch => {
  let at = 0
  const take = (length: number): Uint8Array => Buffer.from(packed.bytes, (at += length) - length, length)
  const events = packed.positions.map((position, index): RecordedEvent => {
    const metadata = take(packed.metadataLengths[index] as number)
    const data = take(packed.dataLengths[index] as number)
    const [type, stream] = [packed.types[index] as string, packed.streams[index] as string]
    return { position, type, stream, revision: packed.revisions[index] as number, id: packed.lastId, metadata, data }
  })
  return { after: packed.after, through: packed.through, events }
}
