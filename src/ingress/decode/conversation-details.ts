import type { ConversationRecorded } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import { metricValue } from './metric-records.js'
import { noDimensions, type PointDimensionInfo } from '../../domain/dimensions.js'
import { dimensionsBy, readDimension, type DimensionValue } from './dimensions.js'
import { isoInstant, object, objects, optionalText, text, type Body } from './fields.js'

/** Type of the raw events that hold one conversation as the analytics API returns it. */
export const CONVERSATION_DETAIL = 'conversation-detail'

type Segment = Readonly<{ body: Body; from: EpochMs }>

/** What stands in the segments of a session about a metric emitted at some instant. */
type Reader = <T>(read: (segment: Body) => T | null) => T | null

/**
 * Every emission that a record holds. A record names dimensions where they belong, in the participant, the session or
 * its segments: a point takes from the segments what the last one that had begun by its instant says, for a record
 * tells nothing nearer. So a wrap-up code is known to what is emitted once the wrap-up began, and a customer has no
 * queue before being sent to one. Throws `BadField`.
 */
export const conversationRecorded = (record: Body): ConversationRecorded => {
  const points: ConversationRecorded['points'][number][] = []
  for (const participant of objects(record, 'participants')) {
    const purpose = optionalText(participant, 'purpose')
    for (const session of objects(participant, 'sessions')) {
      const emissions = objects(session, 'metrics')
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
        points.push({
          metric,
          value,
          at,
          ...dimensionsBy((dimension) =>
            dimension.level === 'segment'
              ? (said((segment) => ifAny(readDimension(segment, dimension))) ?? absent(dimension))
              : ofSession[dimension.field],
          ),
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

const flowOf = (session: Body): Body =>
  session['flow'] === undefined || session['flow'] === null ? {} : object(session, 'flow')

const segmentsOf = (session: Body): readonly Segment[] =>
  objects(session, 'segments')
    .map((body) => ({ body, from: isoInstant(body, 'segmentStart') }))
    .sort((a, b) => a.from - b.from)

/**
 * Counts are stamped when the thing happens, at the beginning of a segment; everything else when what it measures ends,
 * which is where the next segment begins and does not belong to it. `anyQueue`: where no segment had begun yet, the
 * first one speaks, but not of its wrap-up.
 */
const readerOf = (segments: readonly Segment[], metric: string, at: EpochMs, anyQueue: boolean): Reader => {
  const begun = segments.filter(({ from }) => (metric.startsWith('n') ? from <= at : from < at))
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
