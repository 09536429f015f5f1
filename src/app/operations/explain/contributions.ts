import { pointDimension, type PointDimensions } from '../../../domain/dimensions.js'
import { families, type FamilyName } from '../../../domain/family.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { MetricName } from '../../../domain/metric.js'
import type { Row } from '../../../domain/row.js'
import { metricPlace } from '../../../projections/cells/cell-keys.js'
import type { RawPlace, Trace, TracedPoint, TracedSpan } from '../../scoped/trace.js'

/** The cell of a row, with its interval. */
export type ExplainedCell = Pick<Row, 'family' | 'dimensions' | 'granularity' | 'start' | 'end'>

/** A point that counts, or counted, in a row. */
export type RowPoint = TracedPoint & Readonly<{ metric: MetricName }>

/** Time that an agent was in a state within the interval, `[from, to)`, and the entry that began the state. */
export type RowTime = Readonly<{ metric: MetricName; state: string; from: EpochMs; to: EpochMs; event: RawPlace }>

/** Does the family carry the metric, and do the dimensions of a point fall into the row? */
export const isOfRow = (
  { family, dimensions }: Pick<Row, 'family' | 'dimensions'>,
  metric: string,
  point: PointDimensions,
): metric is MetricName =>
  metricPlace(metric) !== undefined &&
  families[family].metrics.includes(metric as MetricName) &&
  families[family].dimensions.every((dimension, place) => {
    const info = pointDimension(dimension)
    if (info === undefined) return false
    const wanted = dimensions[place] ?? null
    const value = point[info.field]
    if (info.split === true) return wanted === null || wanted === ((value as string | null) ?? 'unknown')
    return typeof value === 'object' && value !== null ? wanted !== null && value.includes(wanted) : value === wanted
  })

export const isWithin = ({ start, end }: Pick<Row, 'start' | 'end'>, at: EpochMs): boolean => at >= start && at < end

const countsIn = (cell: ExplainedCell, { metric, at, dimensions, only }: TracedPoint): boolean =>
  isWithin(cell, at) && (only === null || only.includes(cell.family)) && isOfRow(cell, metric, dimensions)

/** The points that were counted in a row, those that were taken back too, in the order of their time. */
export const pointsOf = (cell: ExplainedCell, { points }: Trace): readonly RowPoint[] =>
  points.filter((point): point is RowPoint => countsIn(cell, point)).sort((a, b) => a.at - b.at)

const stateMetrics: Readonly<Record<TracedSpan['kind'], MetricName>> = {
  routingStatus: 'tAgentRoutingStatus',
  systemPresence: 'tSystemPresence',
  organizationPresence: 'tOrganizationPresence',
}

/** The metric of a routing status in rows of occupancy. */
const occupancyMetrics: Readonly<Partial<Record<string, MetricName>>> = {
  IDLE: 'tRoutingStatusIdle',
  INTERACTING: 'tRoutingStatusInteracting',
  COMMUNICATING: 'tRoutingStatusCommunicating',
  NOT_RESPONDING: 'tRoutingStatusNotResponding',
  OFF_QUEUE: 'tRoutingStatusOffQueue',
}

/** The metric in which a time in a state counts in a row; `undefined`: in none. */
const metricOfSpan = ({ family, dimensions }: ExplainedCell, span: TracedSpan): MetricName | undefined => {
  const [userId, kind, state] = dimensions
  if (userId !== span.userId) return undefined
  if (family === 'agent-state') return kind === span.kind && state === span.state ? stateMetrics[span.kind] : undefined
  return family === 'agent-occupancy' && span.kind === 'routingStatus' ? occupancyMetrics[span.state] : undefined
}

/** The times in states that a row holds in the end: what was gained and not lost again, clipped to its interval. */
export const timesOf = (cell: ExplainedCell, { spans, states }: Trace): readonly RowTime[] => {
  const byState = new Map<string, Readonly<{ metric: MetricName; spans: TracedSpan[] }>>()
  for (const span of spans) {
    const metric = metricOfSpan(cell, span)
    if (metric === undefined) continue
    const known = byState.get(span.state)
    if (known === undefined) byState.set(span.state, { metric, spans: [span] })
    else known.spans.push(span)
  }
  return [...byState]
    .flatMap(([state, { metric, spans: own }]) =>
      netSpans(own).flatMap(({ from, to }): readonly RowTime[] => {
        const within = { from: Math.max(from, cell.start), to: Math.min(to, cell.end) }
        if (within.from >= within.to) return []
        const userId = cell.dimensions[0]
        const entry = states.findLast(
          (one) => one.userId === userId && one.state === state && one.kind === own[0]?.kind && one.at <= from,
        )
        return [{ metric, state, ...within, event: entry?.event ?? (own[0] as TracedSpan).event }]
      }),
    )
    .sort((a, b) => a.from - b.from)
}

/** What remains of times that were gained and lost: stretches that do not touch. */
const netSpans = (spans: readonly TracedSpan[]): readonly Readonly<{ from: EpochMs; to: EpochMs }>[] => {
  const changes = new Map<EpochMs, number>()
  const change = (at: EpochMs, by: number): void => void changes.set(at, (changes.get(at) ?? 0) + by)
  for (const { from, to, sign } of spans) {
    change(from, sign)
    change(to, -sign)
  }
  const net: { from: EpochMs; to: EpochMs }[] = []
  let depth = 0
  let begun = 0
  for (const [at, by] of [...changes].sort(([a], [b]) => a - b)) {
    if (by === 0) continue
    if (depth === 0) begun = at
    depth += by
    if (depth === 0) net.push({ from: begun, to: at })
  }
  return net
}

/** Families of times in states, whose rows have no points. */
export const isOfStates = (family: FamilyName): boolean => !families[family].dimensions.includes('mediaType')
