import * as E from 'fp-ts/lib/Either.js'
import type { ConversationRecorded, ErasedPoints, Fact, MetricPoint, StreamErased } from '../../domain/fact.js'
import { dimensionsOf } from '../../domain/dimensions.js'
import { intervalStart, MINUTE_MS, type EpochMs } from '../../domain/interval.js'
import { defaultProfile, type PointSource } from '../../domain/profile.js'
import { configStream, deadLetterStream } from '../../domain/stream-name.js'
import { decodeRaw } from '../../ingress/decode/decoders.js'
import { importedData } from '../../ingress/decode/configuration.js'
import { contentId } from '../../log/content-id.js'
import type { AppendFailure, EventLog } from '../../log/event-log.js'
import { Settings } from '../../projections/settings.js'
import { Correlator } from '../../projections/points/detail-events.js'
import type { PointSink } from '../../projections/points/point-sink.js'

/** What erasing a stream comes to. `deadLetters` mention the entity and are not erased with it. */
export type Erasure = Readonly<{ stream: string; events: number; points: number; deadLetters: number }>

export type EraseOptions = Readonly<{
  raw: EventLog
  tenant: string
  stream: string
  /** Id of the conversation or user, to find dead letters by. */
  entityId: string
  dryRun: boolean
  now: () => number
}>

/** The log refused the erasure; it is safe to try again. */
export class NotErased extends Error {
  override readonly name = 'NotErased'
  constructor(failure: AppendFailure) {
    super(
      `the log did not erase (${failure.tag}${failure.tag === 'Refused' ? `: ${failure.reason}` : ''}); try again`,
      { cause: failure },
    )
  }
}

/**
 * Erases a stream of the raw log for ever. First it is noted in the log which rows lose how many points by it (nothing
 * of whom it was), then the stream is erased, so that a crash between the two leaves a note too much rather than a gap
 * nobody knows of. Erasing again finds nothing.
 */
export const erase = async ({ raw, tenant, stream, entityId, dryRun, now }: EraseOptions): Promise<Erasure> => {
  const points = new PointCounts()
  let [events, from, through] = [0, 0n, 0n]
  for await (const batch of raw.readStream(stream))
    for (const event of batch) {
      if (events++ === 0) from = event.position
      through = event.position
      const facts = decodeRaw(event.type, event.data)
      if (E.isRight(facts)) for (const fact of facts.right) points.see(fact)
    }
  const erased = points.taken()
  const erasure = { stream, events, points: erased.length, deadLetters: await mentioned(raw, tenant, entityId) }
  if (dryRun || events === 0) return erasure
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
  const answer = await raw.erase(stream)
  if (E.isLeft(answer)) throw new NotErased(answer.left)
  return erasure
}

/** Points are noted per quarter of an hour, the shortest interval. */
const GRAIN_MS = 15 * MINUTE_MS
/** Later than every session, so that none is still waiting for its end. */
const END_OF_TIME: EpochMs = 8.64e15

/** Counts the metric points of events by source, metric, interval and dimensions. */
class PointCounts {
  private readonly counts = new Map<string, ErasedPoints>()
  private readonly correlator: Correlator
  private readonly records = new Map<string, ConversationRecorded>()

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
    for (const { points } of this.records.values())
      for (const point of points) this.add('conversation-details', point, 1)
    this.records.clear()
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

const mentioned = async (raw: EventLog, tenant: string, entityId: string): Promise<number> => {
  let count = 0
  for await (const batch of raw.readStream(deadLetterStream(tenant)))
    for (const event of batch) if (Buffer.from(event.data).includes(entityId)) count++
  return count
}
