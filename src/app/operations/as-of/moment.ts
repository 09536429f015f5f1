import { checkpointIn, type RawMark } from '../../../contract/kpi-stream/marks.js'
import type { EpochMs } from '../../../domain/interval.js'
import { clockStream, kpiStream, rawPrefixes } from '../../../domain/stream-name.js'
import { readClock } from '../../../ingress/clock.js'
import { receivedAtOf } from '../../../ingress/metadata.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import { eventAt } from '../../pipeline/projector/checkpoint-check.js'

/** A KPI stream, and the raw log that it was computed from. */
export type Streams = Readonly<{ tenant: string; generation: string; raw: EventLog; kpi: EventLog }>

/** A checkpoint of a KPI stream. */
export type Checkpoint = Readonly<{ mark: RawMark; revision: number }>

/**
 * The last checkpoint for which a condition holds that holds for all before it, by bisection: some twenty short reads.
 */
export const lastCheckpoint = async (
  { tenant, generation, kpi }: Streams,
  holds: (mark: RawMark) => boolean | Promise<boolean>,
): Promise<Checkpoint | undefined> => {
  const stream = kpiStream(tenant, generation)
  let found: Checkpoint | undefined
  let [low, high] = [0, ((await kpi.streamRevision(stream)) ?? -1) + 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    const next = await checkpointFrom(kpi, stream, middle, high)
    if (next !== undefined && (await holds(next.mark))) {
      found = next
      low = next.revision + 1
    } else high = middle
  }
  return found
}

/** The first checkpoint in `[from, to)`. */
const checkpointFrom = async (
  kpi: EventLog,
  stream: string,
  from: number,
  to: number,
): Promise<Checkpoint | undefined> => {
  for await (const events of kpi.readStream(stream, { from, max: to - from, batchMax: 200 }))
    for (const event of events) {
      const mark = checkpointIn(event)
      if (mark !== undefined) return { mark, revision: event.revision }
    }
  return undefined
}

/**
 * Where the clock of the raw log reached an instant: the position of the tick; `undefined` if it has not. Of a clock
 * that was taken back it is one of the places at which it did.
 */
export const positionOfFrontier = async ({ tenant, raw }: Streams, at: EpochMs): Promise<Position | undefined> => {
  let found: Position | undefined
  let [low, high] = [0, ((await raw.streamRevision(clockStream(tenant))) ?? -1) + 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    let tick
    for await (const each of readClock(raw, tenant, { from: middle, max: 1 })) tick = each
    if (tick !== undefined && tick.at >= at) {
      found = tick.position
      high = middle
    } else low = middle + 1
  }
  return found
}

/**
 * How far the raw log had come at an instant, by when its events were received: the position before the first event
 * that was received later; `undefined` if that is the first of all.
 */
export const positionOfReceipt = async (streams: Streams, at: EpochMs): Promise<Position | undefined> => {
  const { tenant, raw } = streams
  const isKnown = async ({ position, origin }: RawMark): Promise<boolean> => {
    const event = origin?.event && (await eventAt(raw, origin.event))
    const received = event && receivedAtOf(event.metadata)
    if (received !== undefined) return received <= at
    // The clock receives nothing: an event behind it that was received in time says so. Where none came, nothing does.
    for await (const [next] of raw.readAll({ after: position, prefixes: entityPrefixes(tenant), batchMax: 1 })) {
      const receivedNext = next && receivedAtOf(next.metadata)
      if (receivedNext !== undefined) return receivedNext <= at
    }
    return false
  }
  let through = (await lastCheckpoint(streams, isKnown))?.mark.position
  for await (const events of raw.readAll({ after: through, prefixes: rawPrefixes(tenant) }))
    for (const { metadata, position } of events) {
      const received = receivedAtOf(metadata)
      if (received !== undefined && received > at) return through
      through = position
    }
  return through
}

const entityPrefixes = (tenant: string): readonly string[] =>
  rawPrefixes(tenant).filter((prefix) => !clockStream(tenant).startsWith(prefix))
