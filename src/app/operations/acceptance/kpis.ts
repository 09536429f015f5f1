import type { Stats } from '../../reconcile/aggregates.js'

/** KPIs that both sides can be computed for from reconciled metrics. */
export const acceptanceKpis = [
  'serviceLevel',
  'averageSpeedOfAnswer',
  'averageHandleTime',
  'averageTalkTime',
  'averageAfterCallWork',
  'abandonRate',
] as const
export type AcceptanceKpi = (typeof acceptanceKpis)[number]

/** The figures of one side, by metric. */
type Side = ReadonlyMap<string, Stats>

const mean =
  (metric: string) =>
  (side: Side): number | undefined =>
    ratio(side.get(metric)?.sum, side.get(metric)?.count)

const formulas: Readonly<Record<AcceptanceKpi, (side: Side) => number | undefined>> = {
  serviceLevel: (side) => ratio(side.get('oServiceLevel')?.numerator, side.get('oServiceLevel')?.denominator),
  averageSpeedOfAnswer: mean('tAnswered'),
  averageHandleTime: mean('tHandle'),
  averageTalkTime: mean('tTalkComplete'),
  averageAfterCallWork: mean('tAcw'),
  abandonRate: (side) => ratio(side.get('tAbandon')?.count ?? 0, side.get('nOffered')?.count),
}

const ratio = (numerator: number | undefined, denominator: number | undefined): number | undefined =>
  numerator === undefined || denominator === undefined || denominator === 0 ? undefined : numerator / denominator

/** The value of a KPI; `undefined`: there is none, or a metric that it needs was not reconciled. */
export const kpiOf = (name: AcceptanceKpi, side: Side): number | undefined => formulas[name](side)

/** Whether two values of a KPI are as near as a limit (a number, or a percentage of theirs) asks. */
export const isWithin = (limit: string, theirs: number, ours: number): boolean => {
  const apart = Math.abs(theirs - ours)
  const most = limit.endsWith('%') ? (Number(limit.slice(0, -1)) / 100) * Math.abs(theirs) : Number(limit)
  // A limit of 0.01 is met by 0.83 and 0.82, whose difference is not exactly that in binary.
  return apart <= most + 1e-9 * Math.max(1, Math.abs(theirs))
}
