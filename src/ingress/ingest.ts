import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../domain/interval.js'
import type { AppendFailure, EventLog, NewEvent } from '../log/event-log.js'
import type { Unusable, UnusableReason } from './envelope.js'
import { fairAppends } from '../log/append-batches.js'
import { deadLetter, readRawEvent, type Origin } from './raw-event.js'

/** One piece of input that could not be used; `index` is its place in what was sent. */
export type Problem = Readonly<{ index: number; reason: UnusableReason; detail: string }>

/** What became of a batch of input: every piece is in exactly one of the first four counts. */
export type Receipt = Readonly<{
  stored: number
  duplicate: number
  deadLettered: number
  /** Of a conversation or user that was erased on request: acknowledged, and not kept. */
  erased: number
  /**
   * How many of the stored and the duplicate are of topics that nobody here can read yet: kept raw, they state nothing.
   */
  unknownTopic: number
  /** At most `PROBLEMS_MAX`; all of them are in the dead-letter stream. */
  problems: readonly Problem[]
  /** Latest instant that the stored events speak of. */
  latest: EpochMs | undefined
}>

export const PROBLEMS_MAX = 20

export const emptyReceipt: Receipt = {
  stored: 0,
  duplicate: 0,
  deadLettered: 0,
  erased: 0,
  unknownTopic: 0,
  problems: [],
  latest: undefined,
}

export const addReceipts = (a: Receipt, b: Receipt): Receipt => ({
  stored: a.stored + b.stored,
  duplicate: a.duplicate + b.duplicate,
  deadLettered: a.deadLettered + b.deadLettered,
  erased: a.erased + b.erased,
  unknownTopic: a.unknownTopic + b.unknownTopic,
  problems: [...a.problems, ...b.problems].slice(0, PROBLEMS_MAX),
  latest: a.latest === undefined ? b.latest : b.latest === undefined ? a.latest : Math.max(a.latest, b.latest),
})

/** The log did not take a batch: nothing is known of it, and sending it again is safe. */
export class NotIngested extends Error {
  override readonly name = 'NotIngested'
  /** Sending it again may help. */
  readonly passes: boolean
  /** In words that may name servers and paths: for operators, not for whoever sends. */
  readonly reason: string
  constructor(failure: AppendFailure) {
    super(`the log did not take the batch (${failure.tag}); nothing was acknowledged, send it again`, {
      cause: failure,
    })
    this.passes = failure.tag === 'NotAvailable'
    this.reason = reasonOf(failure)
  }
}

const reasonOf = (failure: AppendFailure): string => {
  switch (failure.tag) {
    case 'NotAvailable':
      return failure.cause instanceof Error ? failure.cause.message : String(failure.cause)
    case 'Refused':
      return failure.reason
    case 'WrongExpectedRevision':
      return `${failure.stream} is at revision ${failure.actual}`
  }
}

/**
 * Takes raw input into the log: what can be used to the stream of its entity, the rest to the dead letter. Resolves
 * once all of it is durable. Delivering the same again changes nothing. Throws `NotIngested` if the log fails.
 */
export const ingest = async (log: EventLog, raws: readonly Uint8Array[], origin: Origin): Promise<Receipt> => {
  const streams = new Map<string, NewEvent[]>()
  const problems: Problem[] = []
  let deadLettered = 0
  let unknownTopic = 0
  let latest: EpochMs | undefined
  const add = (stream: string, event: NewEvent): void => {
    const events = streams.get(stream)
    if (events === undefined) streams.set(stream, [event])
    else events.push(event)
  }
  raws.forEach((raw, index) => {
    const read = readRawEvent(raw, origin)
    if (E.isRight(read)) {
      add(read.right.stream, read.right.event)
      if (!read.right.known) unknownTopic++
      if (read.right.latest !== undefined) latest = Math.max(latest ?? read.right.latest, read.right.latest)
      return
    }
    const { stream, event } = deadLetter(raw, read.left, origin, 'ingress')
    add(stream, event)
    deadLettered++
    if (problems.length < PROBLEMS_MAX) problems.push({ index, reason: read.left.reason, detail: read.left.detail })
  })
  const { stored, erased } = await appendAll(log, streams)
  const used = raws.length - deadLettered
  return { stored, duplicate: used - stored - erased, deadLettered, erased, unknownTopic, problems, latest }
}

/** Keeps a whole document that could not even be cut into events. */
export const setAside = async (
  log: EventLog,
  raw: Uint8Array,
  unusable: Unusable,
  origin: Origin,
): Promise<Receipt> => {
  const { stream, event } = deadLetter(raw, unusable, origin, 'ingress')
  await appendAll(log, new Map([[stream, [event]]]))
  return {
    ...emptyReceipt,
    deadLettered: 1,
    problems: [{ index: 0, reason: unusable.reason, detail: unusable.detail }],
  }
}

/** Appends and counts what is new, dead letters aside, and what is of an erased stream. */
const appendAll = async (
  log: EventLog,
  streams: ReadonlyMap<string, readonly NewEvent[]>,
): Promise<Readonly<{ stored: number; erased: number }>> => {
  const appends = [...streams].flatMap(([stream, events]) => fairAppends(stream, events))
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
