import * as E from 'fp-ts/lib/Either.js'
import type {
  ConversationRecorded,
  ErasedPoints,
  Fact,
  MetricEmitted,
  MetricPoint,
  StreamErased,
} from '../../domain/fact.js'
import { dimensionsOf } from '../../domain/dimensions.js'
import { intervalStart, MINUTE_MS, type EpochMs } from '../../domain/interval.js'
import { defaultProfile, type PointSource } from '../../domain/profile.js'
import { configStream, rawPrefixes } from '../../domain/stream-name.js'
import { entryOf, type LeafEntry } from '../../audit/leaf.js'
import { decodeRaw } from '../../ingress/decode/decoders.js'
import { importedData } from '../../ingress/decode/configuration.js'
import { contentId } from '../../log/content-id.js'
import { isKeptOut } from '../../log/kept-out.js'
import type { AppendFailure, EventLog, Position } from '../../log/event-log.js'
import { Settings } from '../../projections/settings.js'
import { Correlator } from '../../projections/points/detail-events.js'
import type { PointSink } from '../../projections/points/point-sink.js'

/** Events of one topic in another stream that contain the entity's id. They are not erased with the entity. */
export type Mention = Readonly<{ stream: string; topic: string; events: number }>

/** The outcome of erasing a stream. */
export type Erasure = Readonly<{
  stream: string
  /** Events that were, or would be, erased; 0 if the stream was erased before or never existed. */
  events: number
  points: number
  /** Other streams of the entity that go with it, those with events: the name of a user is in one of its own. */
  also: readonly Readonly<{ stream: string; events: number }>[]
  /** When the stream was erased before. */
  erasedBefore: EpochMs | null
  /** What stays: the log erases whole streams, and an event in the stream of another entity is also about that one. */
  mentions: readonly Mention[]
  /** Dead letters that contain the id. They stay. */
  deadLetters: number
}>

export type EraseOptions = Readonly<{
  raw: EventLog
  tenant: string
  stream: string
  /** Other streams of the same entity. */
  also?: readonly string[]
  /** Id of the conversation or user, to find what mentions it. */
  entityId: string
  /** Dead letters of all parts of the log. */
  deadLetters: () => AsyncIterable<Readonly<{ raw: Uint8Array }>>
  /** Positions read of the raw log while looking for mentions. */
  onProgress?: (position: Position) => void
  /** Keeps what the leaves of the events state, so that the signed trees stand without the events. */
  keepLeaves?: (entries: readonly LeafEntry[]) => Promise<void>
  /** Forgets the kept facts of a stream, where there is a data folder that may hold some. */
  forgetFacts?: (stream: string) => Promise<unknown>
  dryRun: boolean
  now: () => number
}>

/** The log refused the erasure; it is safe to try again. */
export class NotErased extends Error {
  override readonly name = 'NotErased'
  constructor(failure: AppendFailure) {
    const isDenied = failure.tag === 'NotAvailable' && isKeptOut(failure.cause)
    super(
      isDenied
        ? 'the log does not let this user delete streams; run it as one who may (docs/eventstoredb.md, Rights)'
        : `the log did not erase (${failure.tag}${failure.tag === 'Refused' ? `: ${failure.reason}` : ''}); try again`,
      { cause: failure },
    )
  }
}

/**
 * Erases a stream of the raw log for ever, and those of `also`. What mentions the entity in other streams is counted and
 * stays. Erasing again changes nothing and counts nothing.
 */
export const erase = async (options: EraseOptions): Promise<Erasure> => {
  const { raw, tenant, stream, also = [] } = options
  const before = await erasedBefore(raw, tenant, stream)
  const [mentions, deadLetters] = [await mentionsOf(options), await deadLettersOf(options)]
  const { events, points } = await eraseStream(options, stream)
  const others: Erasure['also'][number][] = []
  for (const other of also) {
    const { events } = await eraseStream(options, other)
    if (events > 0) others.push({ stream: other, events })
  }
  return { ...{ stream, events, points, also: others, erasedBefore: before }, mentions, deadLetters }
}

/**
 * First it is kept what the leaves of its events state, then a note is stored of how many points which rows lose (without
 * the id of the entity in it), then the stream is erased. A crash between the two leaves a note too many rather than an
 * unknown gap.
 */
const eraseStream = async (options: EraseOptions, stream: string): Promise<Pick<Erasure, 'events' | 'points'>> => {
  const { raw, tenant, dryRun, now } = options
  const points = new PointCounts()
  let [events, from, through] = [0, 0n, 0n]
  const entries: LeafEntry[] = []
  // A server may go on returning the events of an erased stream until it is scavenged.
  const isThere = (await raw.streamRevision(stream)) !== undefined
  for await (const batch of isThere ? raw.readStream(stream) : [])
    for (const event of batch) {
      if (events++ === 0) from = event.position
      through = event.position
      if (options.keepLeaves !== undefined && !dryRun) entries.push(entryOf(event))
      const facts = decodeRaw(event.type, event.data)
      if (E.isRight(facts)) for (const fact of facts.right) points.see(fact)
    }
  const erased = points.taken()
  const counts = { events, points: placesOf(erased) }
  if (dryRun) return counts
  if (events === 0) {
    // An erasure that was cut short behind its note is finished. A stream that never was stays possible.
    if ((await erasedBefore(raw, tenant, stream)) !== null) await eraseNow(raw, stream)
    await options.forgetFacts?.(stream)
    return counts
  }
  await options.keepLeaves?.(entries)
  const note: StreamErased = {
    type: 'StreamErased',
    at: now(),
    stream,
    from: String(from),
    through: String(through),
    events,
    points: erased,
  }
  const data = importedData(note)
  const [noted] = await raw.append([
    {
      stream: configStream(tenant, 'erased', stream),
      expected: 'any',
      events: [
        {
          id: contentId(note.type, tenant, stream, note.from, note.through),
          type: note.type,
          data,
          metadata: Buffer.from(JSON.stringify({ tenant, source: 'erase' })),
        },
      ],
    },
  ])
  if (noted === undefined || E.isLeft(noted))
    throw new NotErased(noted?.left ?? { tag: 'NotAvailable', cause: 'no answer' })
  await eraseNow(raw, stream)
  // Last: whoever decodes events of the stream before it is erased stores their facts again.
  await options.forgetFacts?.(stream)
  return counts
}

const eraseNow = async (raw: EventLog, stream: string): Promise<void> => {
  const answer = await raw.erase(stream)
  if (E.isLeft(answer)) throw new NotErased(answer.left)
}

/** What is noted of both kinds of records together is noted of each by itself too. */
const placesOf = (erased: readonly ErasedPoints[]): number =>
  erased.filter(({ source }) => source !== 'metric-records-and-details').length

/** Points are noted per quarter of an hour, the shortest interval. */
const GRAIN_MS = 15 * MINUTE_MS
/** Later than every session, so that none is still waiting for its end. */
const END_OF_TIME: EpochMs = 8.64e15

/** Counts the metric points of events by source, metric, interval and dimensions. */
class PointCounts {
  private readonly counts = new Map<string, ErasedPoints>()
  private readonly correlator: Correlator
  private readonly records = new Map<string, ConversationRecorded>()
  private readonly emitted: MetricEmitted[] = []

  constructor() {
    const take = (point: MetricPoint, count: number): void => this.add('detail-events', point, count)
    const sink: PointSink = {
      observe: (point) => take(point, 1),
      observePending: (_, point) => take(point, 1),
      withdraw: (_, point) => take(point, -1),
      settle: () => undefined,
    }
    this.correlator = new Correlator(new Settings({ ...defaultProfile, points: 'detail-events' }), sink, sink)
  }

  see(fact: Fact): void {
    switch (fact.type) {
      case 'MetricEmitted':
        this.emitted.push(fact)
        return this.add('metric-records', fact, 1)
      case 'ConversationRecorded':
        this.records.set(fact.conversationId, fact) // the last one counts
        return
      case 'AgentStateEntered':
      case 'AgentSegmentEntered':
      case 'ConversationLoadReported':
      case 'QueueMembershipChanged':
      case 'QueueConfigured':
      case 'OrgSettingsChanged':
      case 'PresenceDefined':
      case 'ObjectNamed':
      case 'ProfilePublished':
      case 'ConfigurationAudited':
      case 'StreamErased':
      case 'ClockTicked':
      case 'ClockTakenBack':
        return
      default:
        this.correlator.apply(fact)
    }
  }

  taken(): readonly ErasedPoints[] {
    this.correlator.tick(END_OF_TIME)
    let recordedThrough = -Infinity
    for (const { points } of this.records.values())
      for (const point of points) {
        this.add('conversation-details', point, 1)
        this.add('metric-records-and-details', point, 1)
        recordedThrough = Math.max(recordedThrough, point.at)
      }
    for (const point of this.emitted) if (point.at > recordedThrough) this.add('metric-records-and-details', point, 1)
    this.records.clear()
    this.emitted.length = 0
    return [...this.counts.values()].filter(({ count }) => count > 0)
  }

  private add(source: PointSource, point: MetricPoint, count: number): void {
    const { metric } = point
    const at = intervalStart(point.at, GRAIN_MS)
    const dimensions = dimensionsOf(point)
    const key = JSON.stringify([source, metric, at, dimensions])
    this.counts.set(key, { source, metric, at, ...dimensions, count: (this.counts.get(key)?.count ?? 0) + count })
  }
}

const erasedBefore = async (raw: EventLog, tenant: string, stream: string): Promise<EpochMs | null> => {
  let at: EpochMs | null = null
  for await (const batch of raw.readStream(configStream(tenant, 'erased', stream)))
    for (const { type, data } of batch) {
      const facts = decodeRaw(type, data)
      if (E.isRight(facts)) for (const fact of facts.right) if (fact.type === 'StreamErased') at = fact.at
    }
  return at
}

/** Looks for the id in all other raw events. That reads the whole log, which is the only way to know. */
const mentionsOf = async ({
  raw,
  tenant,
  stream,
  also = [],
  entityId,
  onProgress,
}: EraseOptions): Promise<readonly Mention[]> => {
  const mentions = new Map<string, Mention>()
  for await (const batch of raw.readAll({ prefixes: rawPrefixes(tenant) })) {
    for (const event of batch) {
      // The notes of erased streams contain the name of the stream, so that its events are known as erased.
      if (event.type === 'StreamErased' || [stream, ...also].includes(event.stream)) continue
      if (!contains(event.data, entityId)) continue
      const key = `${event.stream} ${event.type}`
      mentions.set(key, { stream: event.stream, topic: event.type, events: (mentions.get(key)?.events ?? 0) + 1 })
    }
    const last = batch.at(-1)
    if (last !== undefined) onProgress?.(last.position)
  }
  const there: Mention[] = []
  for (const mention of mentions.values())
    if ((await raw.streamRevision(mention.stream)) !== undefined) there.push(mention)
  return there.sort((a, b) => (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.topic < b.topic ? -1 : 1))
}

const deadLettersOf = async ({ deadLetters, entityId }: EraseOptions): Promise<number> => {
  let count = 0
  for await (const { raw } of deadLetters()) if (contains(raw, entityId)) count++
  return count
}

const contains = (data: Uint8Array, id: string): boolean =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(id)
