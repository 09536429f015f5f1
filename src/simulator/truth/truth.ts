import { splits, type Split } from '../../domain/dimensions.js'
import { families } from '../../domain/family.js'
import type { StateKind } from '../../domain/fact.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import type { PointSource } from '../../domain/profile.js'
import type { DeliveryCounts } from '../delivery/delivery.js'
import { iso } from '../wire/spelling.js'
import { addMeasure, baseIntervalMs, type PointFamily, type TruthCells, type TruthMeasure } from './cells.js'
import { intervalStarts } from './intervals.js'
import type { StateTime } from './states.js'

export type { TruthMeasure } from './cells.js'

/**
 * A row of the truth: its family's dimensions by name (direction and message type null unless split by them), and its
 * measures by metric.
 */
export type TruthRow = Readonly<{
  intervalStart: string
  measures: Record<string, TruthMeasure>
  [dimension: string]: unknown
}>
export type QueueTruth = TruthRow & Readonly<{ queueId: string; mediaType: string }>
export type AgentTruth = TruthRow & Readonly<{ userId: string; queueId: string | null; mediaType: string }>
export type AgentStateTruth = Readonly<{
  userId: string
  stateKind: StateKind
  state: string
  intervalStart: string
  sum: number
}>

/**
 * What really happened, by interval `[start, end)` of the emit instant, for every family. States are clipped at
 * `through`.
 */
export type Truth = Readonly<{
  /** The source that contains these figures. */
  source: PointSource
  granularity: Granularity
  /** Zone of the days. */
  zone: string
  from: string
  through: string
  queue: readonly QueueTruth[]
  agent: readonly AgentTruth[]
  agentState: readonly AgentStateTruth[]
  /** Measures are times in routing statuses (`sum`, ms). */
  agentOccupancy: readonly TruthRow[]
  skill: readonly TruthRow[]
  language: readonly TruthRow[]
  wrapUp: readonly TruthRow[]
  flow: readonly TruthRow[]
  campaign: readonly TruthRow[]
  division: readonly TruthRow[]
  organisation: readonly TruthRow[]
  totals: Readonly<{ conversations: number } & DeliveryCounts>
}>

/** A view of the truth. */
export type TruthView = Readonly<{
  /** The source; by default the first that was recorded. */
  source?: PointSource
  granularity?: Granularity
  /** IANA name of the zone of days. */
  zone?: string
  splitBy?: readonly Split[]
}>

/** A finished recording. */
export type Books = Readonly<{
  cells: ReadonlyMap<PointSource, TruthCells>
  states: readonly StateTime[]
  from: EpochMs
  through: EpochMs
  totals: Truth['totals']
}>

/** Renders a view of the recording. Throws a RangeError if the source was not recorded. */
export const truthOf = (
  books: Books,
  { source = 'metric-records', granularity = 'PT15M', zone = 'UTC', splitBy = [] }: TruthView = {},
): Truth => {
  const cells = books.cells.get(source)
  if (cells === undefined) throw new RangeError(`no books were kept of ${source}; ask for them in truthOf`)
  const startOf = intervalStarts(granularity, zone)
  const of = (family: PointFamily): readonly TruthRow[] => pointRows(cells, family, splitBy, startOf)
  return {
    source,
    granularity,
    zone,
    from: iso(books.from),
    through: iso(books.through),
    queue: of('queue') as readonly QueueTruth[],
    agent: of('agent') as readonly AgentTruth[],
    agentState: stateRows(books.states, startOf),
    agentOccupancy: occupancyRows(books.states, startOf),
    skill: of('skill'),
    language: of('language'),
    wrapUp: of('wrap-up'),
    flow: of('flow'),
    campaign: of('campaign'),
    division: of('division'),
    organisation: of('organisation'),
    totals: books.totals,
  }
}

/** The rows of a family of points. */
export const rowsIn = (truth: Truth, family: PointFamily): readonly TruthRow[] =>
  truth[family === 'wrap-up' ? 'wrapUp' : family]

const pointRows = (
  cells: TruthCells,
  family: PointFamily,
  splitBy: readonly Split[],
  startOf: (start: EpochMs) => EpochMs,
): readonly TruthRow[] => {
  const names = families[family].dimensions
  const rows = new Map<string, TruthRow>()
  for (const cell of cells.cells(family)) {
    const dimensions = cell.dimensions.map((value, index) => {
      const split = splits.find((one) => one === names[index])
      if (split === undefined) return value
      return splitBy.includes(split) ? (value ?? 'unknown') : null
    })
    const intervalStart = iso(startOf(cell.start))
    const key = `${intervalStart}|${dimensions.join('|')}`
    let row = rows.get(key)
    if (row === undefined)
      rows.set(
        key,
        (row = {
          ...Object.fromEntries(names.map((name, index) => [name, dimensions[index]])),
          intervalStart,
          measures: {},
        }),
      )
    for (const [metric, measure] of Object.entries(cell.measures)) addMeasure(row.measures, metric, measure)
  }
  return sorted(rows)
}

const stateRows = (states: readonly StateTime[], startOf: (start: EpochMs) => EpochMs): readonly AgentStateTruth[] => {
  const rows = new Map<
    string,
    { userId: string; stateKind: StateKind; state: string; intervalStart: string; sum: number }
  >()
  for (const { userId, stateKind, state, start, sum } of states) {
    const intervalStart = iso(startOf(start))
    const key = `${intervalStart}|${userId}|${stateKind}|${state}`
    const row = rows.get(key)
    if (row === undefined) rows.set(key, { userId, stateKind, state, intervalStart, sum })
    else row.sum += sum
  }
  return sorted(rows)
}

const occupancyMetric: Readonly<Record<string, string>> = {
  IDLE: 'tRoutingStatusIdle',
  INTERACTING: 'tRoutingStatusInteracting',
  COMMUNICATING: 'tRoutingStatusCommunicating',
  NOT_RESPONDING: 'tRoutingStatusNotResponding',
  OFF_QUEUE: 'tRoutingStatusOffQueue',
}

const occupancyRows = (states: readonly StateTime[], startOf: (start: EpochMs) => EpochMs): readonly TruthRow[] => {
  const rows = new Map<string, TruthRow>()
  for (const { userId, stateKind, state, start, sum } of states) {
    if (stateKind !== 'routingStatus') continue
    const intervalStart = iso(startOf(start))
    const key = `${intervalStart}|${userId}`
    let row = rows.get(key)
    if (row === undefined) rows.set(key, (row = { userId, intervalStart, measures: {} }))
    addMeasure(row.measures, occupancyMetric[state] as string, { count: 1, sum, min: sum, max: sum })
  }
  return sorted(rows)
}

const sorted = <T>(rows: ReadonlyMap<string, T>): readonly T[] =>
  [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)

/** End of the base interval that holds `at`, or `at` itself on an edge. */
export const intervalCeiling = (at: EpochMs): EpochMs => Math.ceil(at / baseIntervalMs) * baseIntervalMs
