import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../domain/interval.js'
import type { EventLog, NewEvent } from '../log/event-log.js'
import { appendsWithinLimit } from '../log/append-batches.js'
import { NotIngested } from './not-ingested.js'
import { PROBLEMS_MAX, type Problem, type Receipt } from './receipt.js'
import { readRawEvents, type Origin, type ReadEvent } from './raw-event.js'
import { deadLetter } from './dead-letter.js'
import type { Batch, Deliver } from './source.js'

export type DeliverOptions = Readonly<{ log: EventLog; tenant: string; now: () => EpochMs }>

/** Stores what a source delivers in this log, for this tenant. */
export const deliverTo =
  ({ log, tenant, now }: DeliverOptions): Deliver =>
  (batch) =>
    ingest(log, batch.raws, { tenant, source: batch.origin, receivedAt: now() }, batch)

/**
 * Stores raw events: each usable one in the stream of its entity, the others in the dead-letter stream. With
 * `unusable`, all of them are dead letters for that reason. Resolves once everything is durable. Delivering the same
 * again changes nothing. Throws `NotIngested` if the log fails.
 */
export const ingest = async (
  log: EventLog,
  raws: readonly Uint8Array[],
  origin: Origin,
  { unusable, lines }: Pick<Batch, 'unusable' | 'lines'> = {},
): Promise<Receipt> => {
  const streams = new Map<string, NewEvent[]>()
  const problems: Problem[] = []
  let [events, deadLettered] = [0, 0]
  let [unknownTopic, contradictory] = [0, 0]
  let latest: EpochMs | undefined
  const add = (stream: string, event: NewEvent): void => {
    const ofStream = streams.get(stream)
    if (ofStream === undefined) streams.set(stream, [event])
    else ofStream.push(event)
  }
  const report = (problem: Problem): void => {
    const line = lines?.[problem.index]
    if (problems.length < PROBLEMS_MAX) problems.push(line === undefined ? problem : { ...problem, line })
  }
  const addEvent = (index: number, { raw, read }: ReadEvent): void => {
    events++
    if (E.isLeft(read)) {
      const { stream, event } = deadLetter(raw, read.left, origin, 'ingress')
      add(stream, event)
      deadLettered++
      report({ index, reason: read.left.reason, detail: read.left.detail })
      return
    }
    add(read.right.stream, read.right.event)
    if (!read.right.known) unknownTopic++
    if (read.right.contradiction !== undefined) {
      contradictory++
      report({ index, reason: 'contradictory', detail: read.right.contradiction })
    }
    if (read.right.latest !== undefined) latest = Math.max(latest ?? read.right.latest, read.right.latest)
  }
  raws.forEach((raw, index) => {
    if (unusable !== undefined) addEvent(index, { raw, read: E.left(unusable) })
    else for (const event of readRawEvents(raw, origin)) addEvent(index, event)
  })
  const { stored, erased } = await appendAll(log, streams)
  const used = events - deadLettered
  return {
    stored,
    duplicate: used - stored - erased,
    deadLettered,
    erased,
    unknownTopic,
    contradictory,
    problems,
    latest,
  }
}

/** Appends, and counts the events that are new (without dead letters) and those of erased streams. */
const appendAll = async (
  log: EventLog,
  streams: ReadonlyMap<string, readonly NewEvent[]>,
): Promise<Readonly<{ stored: number; erased: number }>> => {
  const appends = [...streams].flatMap(([stream, events]) => appendsWithinLimit(stream, events))
  const results = await log.append(appends)
  let [stored, erased] = [0, 0]
  results.forEach((result, index) => {
    if (E.isLeft(result)) {
      if (result.left.tag !== 'Refused' || result.left.isErased !== true) throw new NotIngested(result.left)
      erased += appends[index]?.events.length ?? 0
      return
    }
    const isDeadLetter = appends[index]?.stream.endsWith('.deadletter') === true
    if (!isDeadLetter) stored += result.right.stored.filter(Boolean).length
  })
  return { stored, erased }
}
