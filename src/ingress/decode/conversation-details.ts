import type { ConversationRecorded, MetricPoint } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import { metricValue } from './metric-records.js'
import { noDimensions, type PointDimensionInfo } from '../../domain/dimensions.js'
import { dimensionsBy, readDimension, type DimensionValue } from './dimensions.js'
import { isoInstant, object, objects, optionalText, text, type Body } from './fields.js'

/** Type of the raw events that hold one conversation as the analytics API returns it. */
export const CONVERSATION_DETAIL = 'conversation-detail'

type Segment = Readonly<{ body: Body; from: EpochMs }>

/** Reads from the segments of a session what they say about a metric emitted at some instant. */
type Reader = <T>(read: (segment: Body) => T | null) => T | null

/**
 * Every emission that a record holds. A record names dimensions where they belong, in the participant, the session or
 * its segments: a point takes from the segments what the last one that had begun by its instant says, because a record
 * says nothing more exact. So a wrap-up code applies to what is emitted once the wrap-up began, and a caller has no
 * queue before being sent to one. Throws `BadField`.
 */
export const conversationRecorded = (record: Body): ConversationRecorded => {
  const points: MetricPoint[] = []
  const entered = queuesEntered(record)
  for (const participant of objects(record, 'participants')) {
    const purpose = optionalText(participant, 'purpose')
    for (const session of objects(participant, 'sessions')) {
      const emissions = countedEmissions(objects(session, 'metrics'))
      if (emissions.length === 0) continue
      text(session, 'sessionId') // what has none is no session
      const bodies = { record, participant, session, flow: flowOf(session) }
      const ofSession = dimensionsBy((dimension) =>
        dimension.level === 'segment' ? absent(dimension) : readDimension(bodies[dimension.level], dimension),
      )
      const segments = segmentsOf(session)
      for (const emission of emissions) {
        const metric = text(emission, 'name')
        const value = metricValue(emission, metric)
        const at = isoInstant(emission, 'emitDate')
        const said = readerOf(segments, metric, at, agentLike.has(purpose))
        const dimensions = dimensionsBy((dimension) =>
          dimension.level === 'segment'
            ? (said((segment) => ifAny(readDimension(segment, dimension))) ?? absent(dimension))
            : ofSession[dimension.field],
        )
        const { queueId } = dimensions
        points.push({
          metric,
          value,
          at,
          ...dimensions,
          queueId: queueId !== null && callerSide.has(purpose) ? queueOfCaller(queueId, at, entered) : queueId,
        })
      }
    }
  }
  return { type: 'ConversationRecorded', conversationId: text(record, 'conversationId'), points }
}

/**
 * Sessions that work for one queue from beginning to end, so that a segment which begins some milliseconds too late
 * still says which.
 */
const agentLike: ReadonlySet<string | null> = new Set(['agent', 'user', 'acd'])

/** Sessions that begin before the conversation is sent to a queue, though their segments may name that queue. */
const callerSide: ReadonlySet<string | null> = new Set(
  'customer external ivr botflow workflow voicesurveyflow'.split(' '),
)

type QueueEntered = Readonly<{ queueId: string; from: EpochMs }>

/** When the conversation came to each queue, in this order: where a session of that queue or of its agents begins. */
const queuesEntered = (record: Body): readonly QueueEntered[] =>
  objects(record, 'participants')
    .filter((participant) => !callerSide.has(optionalText(participant, 'purpose')))
    .flatMap((participant) => objects(participant, 'sessions').flatMap(segmentsOf))
    .flatMap(({ body, from }) => {
      const queueId = optionalText(body, 'queueId')
      return queueId === null ? [] : [{ queueId, from }]
    })
    .sort((a, b) => a.from - b.from)

/** Sessions of one conversation disagree by some milliseconds about when the caller came to a queue. */
const SKEW_MS = 1_000

/**
 * The queue of something emitted on the caller's side. One segment of a caller spans the IVR, the queue and the talk,
 * and names the queue to which the caller came later. Until then the caller is in the queue entered last, or in none.
 */
const queueOfCaller = (said: string, at: EpochMs, entered: readonly QueueEntered[]): string | null => {
  const first = entered.find(({ queueId }) => queueId === said)
  if (first === undefined || first.from - SKEW_MS <= at) return said
  return entered.findLast(({ from }) => from - SKEW_MS <= at)?.queueId ?? null
}

/**
 * Counts are stamped when the thing happens, at the beginning of a segment; everything else when what it measures ends,
 * which is where the next segment begins and does not belong to it.
 */
const hasBegun = (from: EpochMs, metric: string, at: EpochMs): boolean =>
  metric.startsWith('n') ? from <= at : from < at

/**
 * nOverSla belongs to tAnswered, of which the service level subtracts it. In the session of a customer-first callback,
 * which has tCfcAnswered instead, it would lower the service level of others.
 */
const countedEmissions = (emissions: readonly Body[]): readonly Body[] => {
  const names = new Set(emissions.map(({ name }) => name))
  const isCustomerFirst = names.has('tCfcAnswered') && !names.has('tAnswered')
  return isCustomerFirst ? emissions.filter(({ name }) => name !== 'nOverSla') : emissions
}

const flowOf = (session: Body): Body =>
  session['flow'] === undefined || session['flow'] === null ? {} : object(session, 'flow')

const segmentsOf = (session: Body): readonly Segment[] =>
  objects(session, 'segments')
    .map((body) => ({ body, from: isoInstant(body, 'segmentStart') }))
    .sort((a, b) => a.from - b.from)

/** `anyQueue`: where no segment had begun yet, the first one counts, which is never the wrap-up. */
const readerOf = (segments: readonly Segment[], metric: string, at: EpochMs, anyQueue: boolean): Reader => {
  const begun = segments.filter(({ from }) => hasBegun(from, metric, at))
  const before = begun.length > 0 || !anyQueue ? begun : segments.slice(0, 1)
  return (read) => {
    for (let i = before.length - 1; i >= 0; i--) {
      const value = read((before[i] as Segment).body)
      if (value !== null) return value
    }
    return null
  }
}

/** A list that names nothing says nothing. */
const ifAny = (value: DimensionValue): DimensionValue => (Array.isArray(value) && value.length === 0 ? null : value)

const absent = ({ field }: PointDimensionInfo): DimensionValue => noDimensions[field]
