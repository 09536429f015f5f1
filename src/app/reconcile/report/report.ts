import type { Compared, Quarantined, Uncovered } from '../compare.js'
import { reasonClasses, type Difference, type ReasonClass } from '../reasons/finding.js'
import type { Queries } from '../query.js'

/** For a class or metric: the number of figures that differ, and the sums of their differences, theirs − ours. */
export type Total = Readonly<{ figures: number; count: number; sum: number }>

/** A reason why something was not compared, the first example, and the number of cases. */
export type Obstacle = Readonly<{ why: string; what: string; times: number }>

export type ReconcileReport = Readonly<{
  tenant: string
  generation: string
  /** Responses that were read. */
  responses: number
  figures: Readonly<{ compared: number; equal: number; tolerated: number; different: number }>
  /** By class, then by metric. For rows that contradict themselves, `figures` counts the identities that they break. */
  totals: Readonly<Partial<Record<ReasonClass, Readonly<{ total: Total; metrics: Readonly<Record<string, Total>> }>>>>
  /** In the order of `reasonClasses`, then by group, interval and metric. */
  differences: readonly Difference[]
  quarantined: readonly Quarantined[]
  coverage: Readonly<{
    /** Groups in the responses, and how many of them could be compared. */
    groups: Readonly<{ theirs: number; compared: number }>
    /** Groups of theirs of which we have no row. */
    withoutRows: readonly Readonly<Record<string, string>>[]
    /** Our rows in groups that the responses leave out. */
    uncovered: readonly Uncovered[]
    notCompared: readonly Obstacle[]
    notes: readonly string[]
  }>
  /** By combination of options, how many service levels of the API it explains, most first. */
  serviceLevel: Readonly<{ figures: number; explainedBy: readonly Readonly<{ rule: string; figures: number }>[] }>
}>

/** Whether something was compared and all of it was equal. */
export const isEqual = ({ figures, quarantined }: ReconcileReport): boolean =>
  figures.compared > 0 && figures.different === 0 && quarantined.length === 0

export const recordOf = ({
  tenant,
  generation,
  queries,
  compared,
  notes,
}: Readonly<{
  tenant: string
  generation: string
  queries: Queries
  compared: readonly Compared[]
  /** Notes about the comparison as a whole. */
  notes: readonly string[]
}>): ReconcileReport => {
  const differences = compared.flatMap((each) => each.differences).sort(byClassAndPlace)
  const quarantined = compared
    .flatMap((each) => each.quarantined)
    .sort((a, b) => compareTexts(placeText(a), placeText(b)))
  const add = (of: (one: Compared) => number): number => compared.reduce((sum, one) => sum + of(one), 0)
  const distinct = (of: (one: Compared) => ReadonlySet<string>): number =>
    new Set(compared.flatMap((one) => [...of(one)])).size
  return {
    tenant,
    generation,
    responses: queries.responses,
    figures: {
      compared: add(({ figures }) => figures.compared),
      equal: add(({ figures }) => figures.equal),
      tolerated: add(({ figures }) => figures.tolerated),
      different: differences.length,
    },
    totals: totalsOf(differences, quarantined),
    differences,
    quarantined,
    coverage: {
      groups: { theirs: distinct(({ groups }) => groups.theirs), compared: distinct(({ groups }) => groups.compared) },
      withoutRows: compared.flatMap((each) => each.withoutRows),
      uncovered: compared.flatMap((each) => each.uncovered),
      notCompared: obstaclesOf(queries, compared),
      notes: [...notes, ...new Set(compared.flatMap(({ note }) => note ?? []))],
    },
    serviceLevel: serviceLevelOf(compared),
  }
}

const byClassAndPlace = (a: Difference, b: Difference): number =>
  reasonClasses.indexOf(a.class) - reasonClasses.indexOf(b.class) || compareTexts(placeText(a), placeText(b))

const placeText = (
  place: Readonly<{ group: object; interval: { start: number } }> &
    Readonly<{ metric?: string; qualifier?: string | null }>,
): string =>
  [JSON.stringify(place.group), new Date(place.interval.start).toISOString(), place.metric, place.qualifier].join(' ')

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const totalsOf = (
  differences: readonly Difference[],
  quarantined: readonly Quarantined[],
): ReconcileReport['totals'] => {
  const totals: Partial<Record<ReasonClass, { total: Total; metrics: Record<string, Total> }>> = {}
  const count = (reason: ReasonClass, metric: string, by: Total): void => {
    const ofClass = (totals[reason] ??= { total: NONE, metrics: {} })
    ofClass.total = plus(ofClass.total, by)
    ofClass.metrics[metric] = plus(Object.hasOwn(ofClass.metrics, metric) ? ofClass.metrics[metric] : undefined, by)
  }
  for (const { broken } of quarantined)
    for (const { metric } of broken) count('inconsistent-source-row', metric, { figures: 1, count: 0, sum: 0 })
  for (const { class: reason, metric, statistics } of differences) {
    const of = (name: string): number => statistics.find(({ statistic }) => statistic === name)?.difference ?? 0
    count(reason, metric, { figures: 1, count: of('count'), sum: of('sum') })
  }
  return Object.fromEntries(
    reasonClasses.flatMap((reason) => (totals[reason] === undefined ? [] : [[reason, totals[reason]]])),
  )
}

const NONE: Total = { figures: 0, count: 0, sum: 0 }
const plus = (a: Total = NONE, b: Total): Total => ({
  figures: a.figures + b.figures,
  count: a.count + b.count,
  sum: a.sum + b.sum,
})

const obstaclesOf = (queries: Queries, compared: readonly Compared[]): readonly Obstacle[] => {
  const obstacles = new Map<string, Obstacle>()
  const meet = (what: string, why: string, count: number): void => {
    const known = obstacles.get(why)
    obstacles.set(why, { why, what: known?.what ?? what, times: (known?.times ?? 0) + count })
  }
  for (const [what, count] of queries.leftOut) meet('the answers', `${what}: not compared`, count)
  for (const { notCompared } of compared) for (const { what, why } of notCompared) meet(what, why, 1)
  return [...obstacles.values()]
}

const serviceLevelOf = (compared: readonly Compared[]): ReconcileReport['serviceLevel'] => {
  const fits = new Map<string, number>()
  for (const { serviceLevelFits } of compared)
    for (const [rule, figures] of serviceLevelFits) fits.set(rule, (fits.get(rule) ?? 0) + figures)
  return {
    figures: compared.reduce((sum, { serviceLevels }) => sum + serviceLevels, 0),
    explainedBy: [...fits].map(([rule, figures]) => ({ rule, figures })).sort((a, b) => b.figures - a.figures),
  }
}
