import { pointDimension } from '../../../domain/dimensions.js'
import type { Fact } from '../../../domain/fact.js'
import { families } from '../../../domain/family.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { MetricName } from '../../../domain/metric.js'
import type { Correction } from '../../../domain/row.js'
import type { RawPlace, TakenBack, Trace, TracedPoint } from '../../scoped/trace.js'
import { isOfRow, isWithin, type ExplainedCell, type RowPoint } from './contributions.js'
import { conversationOf } from './entity.js'
import { eventJson, type NotCounted } from './explanation.js'

/** What was looked at for a row and is not counted in it, with the reason. */
export const notCountedIn = (
  cell: ExplainedCell,
  trace: Trace,
  points: readonly RowPoint[],
  metrics: ReadonlySet<MetricName>,
  queueNames: ReadonlyMap<string, string>,
): readonly NotCounted[] => [
  ...trace.refused
    .filter(({ fact }) => concernsRow(cell, fact))
    .map(({ fact, refusal, event }): NotCounted => ({
      ...one(refusal.reason, event, refusal.detail),
      ...('metric' in fact ? { metric: fact.metric, value: fact.value } : { metric: fact.type }),
      at: 'at' in fact ? isoOf(fact.at) : null,
    })),
  ...points.flatMap((point): readonly NotCounted[] =>
    point.takenBack === null ? [] : [{ ...ofPoint('taken-back', point), detail: takenBackText(point.takenBack) }],
  ),
  ...trace.erased
    .filter(({ points: { metric, at, ...erased } }) => isWithin(cell, at) && isOfRow(cell, metric, erased))
    .map(({ points: { metric, at, count }, event, isCounted }): NotCounted => ({
      ...one('erased', event, isCounted ? 'erased on request after it had been counted' : 'erased on request'),
      ...{ count, metric, at: isoOf(at), conversationId: null },
    })),
  ...elsewhere(cell, trace, points, metrics, queueNames),
]

const one = (reason: NotCounted['reason'], event: RawPlace, detail: string): NotCounted => ({
  ...{ reason, count: 1, metric: null, value: null, at: null, detail },
  conversationId: conversationOf(event.stream),
  event: eventJson(event),
})

const ofPoint = (reason: NotCounted['reason'], { metric, value, at, event }: TracedPoint): NotCounted => ({
  ...one(reason, event, ''),
  ...{ metric, value, at: isoOf(at) },
})

const takenBackReasons: Readonly<Record<Correction, string>> = {
  late: 'the session turned out to be of a customer-first callback',
  handled: 'after-call work came and moved the handle time',
  recomputed: 'a newer record of the conversation says something else',
  settings: 'settings changed',
  erased: 'it was erased',
  withdrawn: 'it was withdrawn',
}

const takenBackText = ({ why, by }: TakenBack): string => `${takenBackReasons[why]} (position ${by.position})`

/** Is a refused fact of the interval, and of the queue or the agent of the row as far as it says? */
const concernsRow = (cell: ExplainedCell, fact: Fact): boolean => {
  if (fact.type === 'ConversationRecorded')
    return fact.points.some(({ metric, at, ...point }) => isWithin(cell, at) && isOfRow(cell, metric, point))
  if (!('at' in fact) || !isWithin(cell, fact.at)) return false
  if (fact.type === 'MetricEmitted') return isOfRow(cell, fact.metric, fact)
  const said = fact as unknown as Readonly<Record<string, unknown>>
  return families[cell.family].dimensions.every((dimension, place) => {
    const wanted = cell.dimensions[place] ?? null
    const value = said[pointDimension(dimension)?.field ?? dimension]
    return wanted === null || typeof value !== 'string' || value === wanted
  })
}

/** Points of the conversations of a row that are counted in other rows of its family, or in none. */
const elsewhere = (
  cell: ExplainedCell,
  { points }: Trace,
  own: readonly RowPoint[],
  metrics: ReadonlySet<MetricName>,
  queueNames: ReadonlyMap<string, string>,
): readonly NotCounted[] => {
  const streams = new Set(own.map(({ event }) => event.stream))
  const counted = new Set<TracedPoint>(own)
  return points
    .filter(
      (point) =>
        point.takenBack === null &&
        metrics.has(point.metric as MetricName) &&
        streams.has(point.event.stream) &&
        (point.only === null || point.only.includes(cell.family)) &&
        !counted.has(point),
    )
    .map((point) => {
      const { reason, detail } = whereElse(cell, point, queueNames)
      return { ...ofPoint(reason, point), detail }
    })
}

type WhereElse = Readonly<{ reason: NotCounted['reason']; detail: string }>

const whereElse = (cell: ExplainedCell, point: TracedPoint, queueNames: ReadonlyMap<string, string>): WhereElse => {
  if (isOfRow(cell, point.metric, point.dimensions)) {
    const side = point.at < cell.start ? 'before' : 'behind'
    return { reason: 'other-interval', detail: `its instant lies ${side} the interval` }
  }
  const differing = families[cell.family].dimensions.find((dimension, place) => {
    const info = pointDimension(dimension)
    const wanted = cell.dimensions[place] ?? null
    if (info === undefined || (info.split === true && wanted === null)) return false
    const value = point.dimensions[info.field]
    return typeof value === 'object' && value !== null ? wanted === null || !value.includes(wanted) : value !== wanted
  })
  if (differing === undefined)
    return { reason: 'other-row', detail: `rows of family ${cell.family} do not carry ${point.metric}` }
  const value = point.dimensions[pointDimension(differing)?.field ?? 'queueId']
  if (differing === 'queueId')
    return value === null
      ? { reason: 'other-row', detail: 'it is of no queue' }
      : { reason: 'other-queue', detail: `its queue is ${queueNames.get(String(value)) ?? String(value)}` }
  const said = value === null || value.length === 0 ? 'none' : String(value)
  return { reason: 'other-row', detail: `its ${differing} is ${said}` }
}

const isoOf = (at: EpochMs): string => new Date(at).toISOString()
