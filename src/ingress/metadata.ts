import type { EpochMs } from '../domain/interval.js'
import { writeTraceContext, type TraceContext } from '../log/trace-context.js'

/**
 * Where raw input came from; stored beside each event. `trace`: the span that stores it. It is kept where it is sampled,
 * so that other processes go on with its trace; it is no part of an event's identity.
 */
export type Origin = Readonly<{ tenant: string; source: string; receivedAt: EpochMs; trace?: TraceContext }>

/** The events of a batch have one origin: what is written of it, and of each topic, is written once. */
type Written = Readonly<{ opening: string; byTopic: Map<string, Buffer> }>
const origins = new WeakMap<Origin, Written>()

/** What is stored beside a raw event. Events share it, so it must not be changed. */
export const metadataOf = (origin: Origin, topicName: string): Buffer => {
  const { opening, byTopic } = writtenOf(origin)
  let metadata = byTopic.get(topicName)
  if (metadata === undefined) {
    metadata = Buffer.from(`${opening},"topic":${JSON.stringify(topicName)}}`)
    byTopic.set(topicName, metadata)
  }
  return metadata
}

const writtenOf = (origin: Origin): Written => {
  const known = origins.get(origin)
  if (known !== undefined) return known
  const { trace, ...from } = origin
  const opening = JSON.stringify({
    ...from,
    receivedAt: new Date(origin.receivedAt).toISOString(),
    ...(trace?.sampled === true && writeTraceContext(trace)),
  }).slice(0, -1)
  const written = { opening, byTopic: new Map<string, Buffer>() }
  origins.set(origin, written)
  return written
}

const RECEIVED_AT = '"receivedAt":"'
const ISO_LENGTH = '2026-01-05T10:00:00.000Z'.length

/** The events of a batch have one origin: their metadata begins with the same bytes, through the instant. */
let last: Readonly<{ opening: Uint8Array; at: EpochMs }> = { opening: Buffer.of(0), at: NaN }

/**
 * When a raw event was received, read from the metadata that `metadataOf` wrote, without parsing all of it: the
 * projector asks for every event. `undefined` if the metadata does not say.
 */
export const receivedAtOf = (metadata: Uint8Array): EpochMs | undefined => {
  if (!beginsWith(metadata, last.opening)) {
    const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength)
    const from = bytes.indexOf(RECEIVED_AT)
    if (from < 0) return undefined
    const end = from + RECEIVED_AT.length + ISO_LENGTH
    const at = Date.parse(bytes.toString('latin1', from + RECEIVED_AT.length, end))
    last = { opening: Buffer.from(bytes.subarray(0, end)), at }
  }
  return Number.isNaN(last.at) ? undefined : last.at
}

const beginsWith = (bytes: Uint8Array, opening: Uint8Array): boolean => {
  const { length } = opening
  for (let i = 0; i < length; i++) if (bytes[i] !== opening[i]) return false
  return true
}
