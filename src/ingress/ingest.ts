import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../domain/interval.js'
import { storedFormerly, type FormerEvent } from './stored-formerly.js'
import { deadLetterStream } from '../domain/stream-name.js'
import type { EventLog, NewEvent, StreamAppend } from '../log/event-log.js'
import { appendsWithinLimit } from '../log/append-batches.js'
import { BatchTally, type IngestCounter } from './batch-tally.js'
import { NotIngested } from './not-ingested.js'
import { PROBLEMS_MAX, type Problem, type Receipt } from './receipt.js'
import { RAW_BYTES_MAX, readRawEvents, type RawEvent, type ReadEvent } from './raw-event.js'
import type { Origin } from './metadata.js'
import { deadLetter, tooLargeLetter } from './dead-letter.js'
import type { Batch, Deliver } from './source.js'

export type DeliverOptions = Readonly<{ log: EventLog; tenant: string; now: () => EpochMs }> &
  Pick<IngestOptions, 'onStored' | 'counter'>

/** Stores what a source delivers in this log, for this tenant. */
export const deliverTo =
  ({ log, tenant, now, onStored, counter }: DeliverOptions): Deliver =>
  (batch) =>
    ingest(log, batch.raws, originOf(batch, tenant, now()), { ...batch, onStored, counter })

const originOf = ({ origin, trace }: Batch, tenant: string, receivedAt: EpochMs): Origin => ({
  ...{ tenant, source: origin, receivedAt },
  ...(trace !== undefined && { trace }),
})

export type IngestOptions = Pick<Batch, 'unusable' | 'lines'> &
  Readonly<{
    /** The events in raw input, given its index, where they were read already. */
    read?: (raw: Uint8Array, index: number) => readonly ReadEvent[]
    /** Called with each event that is new in the log. */
    onStored?: ((event: RawEvent) => void) | undefined
    /** Told once for a batch what became of its events. */
    counter?: IngestCounter | undefined
  }>

const readHere =
  (origin: Origin) =>
  (raw: Uint8Array): readonly ReadEvent[] =>
    readRawEvents(raw, origin)

/**
 * Stores raw events: each usable one in the stream of its entity, the others in the dead-letter stream. With
 * `unusable`, all of them are dead letters for that reason. An event that is larger than the log can hold is a dead
 * letter too, and the others of its batch are stored. Resolves once everything is durable. Delivering the same again
 * changes nothing. Throws `NotIngested` if the log fails.
 */
export const ingest = async (
  log: EventLog,
  raws: readonly Uint8Array[],
  origin: Origin,
  { unusable, lines, read = readHere(origin), onStored, counter }: IngestOptions = {},
): Promise<Receipt> => {
  const streams = new Map<string, NewEvent[]>()
  const indices = new Map<NewEvent, number>()
  const rawEvents = new Map<NewEvent, RawEvent>()
  const former: FormerEvent[] = []
  let letters: NewEvent[] = []
  const problems: Problem[] = []
  let [events, deadLettered] = [0, 0]
  let [unknownTopic, contradictory] = [0, 0]
  let latest: EpochMs | undefined
  const tally = counter === undefined ? undefined : new BatchTally()
  const add = (stream: string, event: NewEvent): void => {
    const ofStream = streams.get(stream)
    if (ofStream === undefined) streams.set(stream, [event])
    else ofStream.push(event)
  }
  const report = (problem: Problem): void => {
    const line = lines?.[problem.index]
    if (problems.length < PROBLEMS_MAX) problems.push(line === undefined ? problem : { ...problem, line })
  }
  const addTooLarge = (index: number, raw: Uint8Array, limit: string): void => {
    const { event, note } = tooLargeLetter(raw, limit, origin, 'ingress')
    letters.push(event)
    tally?.deadLetter('too-large')
    report({ index, reason: 'too-large', detail: note.detail })
  }
  const addEvent = (index: number, { raw, read }: ReadEvent): void => {
    events++
    if (E.isLeft(read)) {
      const { event } = deadLetter(raw, read.left, origin, 'ingress')
      letters.push(event)
      indices.set(event, index)
      deadLettered++
      tally?.refused(read.left.topic, read.left.reason)
      report({ index, reason: read.left.reason, detail: read.left.detail })
      return
    }
    const { stream, event, formerly } = read.right
    add(stream, event)
    tally?.delivered(event.type)
    if (onStored !== undefined) rawEvents.set(event, read.right)
    if (formerly !== undefined) former.push({ formerly, event })
    indices.set(event, index)
    if (!read.right.known) unknownTopic++
    if (read.right.contradiction !== undefined) {
      contradictory++
      report({ index, reason: 'contradictory', detail: read.right.contradiction })
    }
    if (read.right.latest !== undefined) latest = Math.max(latest ?? read.right.latest, read.right.latest)
  }
  raws.forEach((raw, index) => {
    if (raw.length > RAW_BYTES_MAX) {
      events++
      deadLettered++
      tally?.unread()
      addTooLarge(index, raw, `more than an event may have (${RAW_BYTES_MAX})`)
    } else if (unusable !== undefined) addEvent(index, { raw, read: E.left(unusable) })
    else for (const event of read(raw, index)) addEvent(index, event)
  })
  leaveOut(streams, await storedFormerly(log, former))
  const ofDeadLetters = deadLetterStream(origin.tenant)
  const withLetters = new Map(streams).set(ofDeadLetters, letters)
  const { stored, erased, tooLarge } = await appendAll(log, withLetters, ofDeadLetters)
  for (const event of stored) {
    tally?.became(event.type, 'stored')
    const rawEvent = rawEvents.get(event)
    if (rawEvent !== undefined) onStored?.(rawEvent)
  }
  letters = []
  for (const { stream, event, reason } of tooLarge) {
    if (stream !== ofDeadLetters) {
      deadLettered++
      tally?.became(event.type, 'dead-lettered')
    }
    addTooLarge(indices.get(event) ?? 0, event.data, reason)
  }
  const setAside = await appendAll(log, new Map([[ofDeadLetters, letters]]), ofDeadLetters)
  for (const { reason } of setAside.tooLarge) throw new NotIngested({ tag: 'TooLarge', reason })
  const used = events - deadLettered
  for (const event of erased) tally?.became(event.type, 'erased')
  if (counter !== undefined) tally?.tell(counter)
  return {
    stored: stored.length,
    duplicate: used - stored.length - erased.length,
    deadLettered,
    erased: erased.length,
    unknownTopic,
    contradictory,
    problems,
    latest,
  }
}

const leaveOut = (streams: Map<string, NewEvent[]>, repeats: ReadonlySet<NewEvent>): void => {
  if (repeats.size === 0) return
  for (const [stream, events] of streams)
    streams.set(
      stream,
      events.filter((event) => !repeats.has(event)),
    )
}

type TooLarge = Readonly<{ stream: string; event: NewEvent; reason: string }>

/**
 * Appends. `stored` are the events that are new, without dead letters; `erased` are those of erased streams. `tooLarge` are the
 * events that the log cannot hold; all others are stored.
 */
const appendAll = async (
  log: EventLog,
  streams: ReadonlyMap<string, readonly NewEvent[]>,
  ofDeadLetters: string,
): Promise<Readonly<{ stored: readonly NewEvent[]; erased: readonly NewEvent[]; tooLarge: readonly TooLarge[] }>> => {
  const appends = [...streams].flatMap(([stream, events]) => appendsWithinLimit(stream, events))
  const stored: NewEvent[] = []
  const erased: NewEvent[] = []
  const tooLarge: TooLarge[] = []
  const appendEach = async (wanted: readonly StreamAppend[]): Promise<void> => {
    const apart: StreamAppend[] = []
    for (const [index, result] of (await log.append(wanted)).entries()) {
      const append = wanted[index] as StreamAppend
      const { stream, events } = append
      if (E.isRight(result)) {
        if (stream !== ofDeadLetters) stored.push(...events.filter((_, place) => result.right.stored[place]))
      } else if (result.left.tag === 'TooLarge') {
        const [event, ...others] = events
        if (others.length > 0) apart.push(...events.map((each) => ({ ...append, events: [each] })))
        else tooLarge.push({ stream, event: event as NewEvent, reason: result.left.reason })
      } else if (result.left.tag === 'Refused' && result.left.isErased === true) erased.push(...events)
      else throw new NotIngested(result.left)
    }
    if (apart.length > 0) await appendEach(apart)
  }
  if (appends.length > 0) await appendEach(appends)
  return { stored, erased, tooLarge }
}
