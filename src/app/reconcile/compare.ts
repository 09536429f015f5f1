import type { EpochMs } from '../../domain/interval.js'
import type { Profile } from '../../domain/profile.js'
import type { Aligned, NotCompared } from './align.js'
import { compareStats, orZero, statisticsOf, type Difference, type Finding, type Place } from './finding.js'
import { contradictionsOf } from './identities.js'
import { metricKey, type SourceCell, type SourceGroup } from './query.js'
import { partsOf, PARTS_OF_SERVICE_LEVEL } from './derived.js'
import { judge } from './reasons.js'
import type { OurCell } from './rows.js'
import { rulesThatFit } from './service-level.js'
import type { Tolerance } from './tolerance.js'

/** A row of the API that contradicts itself: none of its figures was compared. */
export type Quarantined = Omit<Place, 'metric' | 'qualifier'> &
  Readonly<{ broken: readonly Readonly<{ metric: string; identity: string }>[] }>

/** Rows of ours in a group that the API does not mention. */
export type Uncovered = Readonly<{ group: Readonly<Record<string, string>>; family: string; rows: number }>

export type Compared = Readonly<{
  family: string | null
  differences: readonly Difference[]
  quarantined: readonly Quarantined[]
  notCompared: readonly NotCompared[]
  uncovered: readonly Uncovered[]
  /** Groups of theirs of which we have no row. */
  withoutRows: readonly Readonly<Record<string, string>>[]
  groups: Readonly<{ theirs: ReadonlySet<string>; compared: ReadonlySet<string> }>
  /** Figures: metrics of a group and interval, at least one side of which is not zero. */
  figures: Readonly<{ compared: number; equal: number; tolerated: number }>
  /** How many of their service levels each rule explains, of how many. */
  serviceLevelFits: ReadonlyMap<string, number>
  serviceLevels: number
  note: string | null
}>

export type CompareContext = Readonly<{
  profile: Profile
  isComplete: boolean
  tolerance: Tolerance
  closedThrough: EpochMs | undefined
}>

/** Compares every metric that was asked for in every group and interval. */
export const compareQuery = (aligned: Aligned, context: CompareContext): Compared => {
  const { query, family, intervals, ours } = aligned
  const differences: Difference[] = []
  const quarantined: Quarantined[] = []
  const notCompared: NotCompared[] = [...aligned.notCompared]
  const withoutRows: Readonly<Record<string, string>>[] = []
  const figures = { compared: 0, equal: 0, tolerated: 0 }
  const nameOfGroup = (key: string): string => `${query.dimensions.join()} ${key}`
  const groups = { theirs: new Set([...query.groups.keys()].map(nameOfGroup)), compared: new Set<string>() }
  const { fits, total } = serviceLevelFits(aligned)
  const done = (uncovered: readonly Uncovered[]): Compared => ({
    ...{ family, differences, quarantined, notCompared, uncovered, withoutRows, groups, figures },
    ...{ serviceLevelFits: fits, serviceLevels: total, note: aligned.note },
  })
  if (family === null) return done([])
  if (!context.profile.families.includes(family) && ours.size === 0) {
    const what = `groups by ${query.dimensions.join(', ') || 'nothing'}`
    notCompared.push({
      what,
      why: `there are no rows of family ${family}: the profile of the generation does not name it among its families`,
    })
    return done([])
  }
  const asked = [...query.metrics].filter((metric) => statisticsOf(metric).length > 0)
  const reasons = { ...context, asked: query.metrics, fitsElsewhere: (rule: string) => fits.get(rule) ?? 0 }

  const compareGroup = (key: string, { group, cells }: SourceGroup): void => {
    if (query.groups.has(key)) groups.compared.add(nameOfGroup(key))
    const ourCells = ours.get(key)
    if (ourCells === undefined && cells.size > 0) withoutRows.push(group)
    const findings: Finding[] = []
    for (const [at, interval] of intervals) {
      const [source, cell] = [cells.get(at) ?? NOTHING_SAID, ourCells?.get(at)]
      if (source === NOTHING_SAID && cell === undefined) continue
      const broken = contradictionsOf(source, {
        asked: query.metrics,
        mediaType: group['mediaType']?.toLowerCase(),
        lengthMs: interval.end - interval.start,
      }).filter(
        ({ isExcusedBy }) => isExcusedBy === null || !isExcusedBy.every((metric) => saySame(metric, source, cell)),
      )
      if (broken.length > 0) {
        quarantined.push({
          group,
          family,
          interval,
          broken: broken.map(({ metric, identity }) => ({ metric, identity })),
        })
        continue
      }
      for (const figure of keysOf(asked, source, cell)) {
        if (isTargetUnknown(figure.metric, source, cell))
          notCompared.push({ what: `group ${JSON.stringify(group)}`, why: TARGET_UNKNOWN })
        const finding = findingOf({ group, family, interval, ...figure }, source, cell, context, figures)
        if (finding !== undefined) findings.push(finding)
      }
    }
    judge(findings, reasons)
    for (const finding of findings) differences.push(differenceOf(finding))
  }

  for (const [key, group] of query.groups) {
    const why = aligned.unreachable(key)
    if (why === undefined) compareGroup(key, group)
    else notCompared.push({ what: `group ${JSON.stringify(group.group)}`, why })
  }
  const uncovered: Uncovered[] = []
  for (const [key, cells] of ours) {
    if (query.groups.has(key)) continue
    const values = JSON.parse(key) as readonly (string | null)[]
    const group = Object.fromEntries(
      query.dimensions.flatMap((name, index) => (values[index] == null ? [] : [[name, values[index]]])),
    )
    if (context.isComplete) compareGroup(key, { group, cells: new Map() })
    else {
      const rows = [...cells].reduce(
        (sum, [at, cell]) =>
          sum +
          (intervals.has(at) && keysOf(asked, NOTHING_SAID, cell).some((figure) => saysSomething(figure, cell))
            ? cell.rows
            : 0),
        0,
      )
      if (rows > 0) uncovered.push({ group, family, rows })
    }
  }
  return done(uncovered)
}

const TARGET_UNKNOWN = 'the service-level target is not known here: import the settings of the queue'

const isTargetUnknown = (metric: string, source: SourceCell, cell: OurCell | undefined): boolean =>
  metric === 'oServiceLevel' &&
  cell !== undefined &&
  cell.target === null &&
  source.get(metric)?.stats.target !== undefined

const NOTHING_SAID: SourceCell = new Map()

type Figure = Readonly<{ metric: string; qualifier: string | null }>

/** The figures of a group and interval that either side says: of a state metric, one for each state. */
const keysOf = (asked: readonly string[], source: SourceCell, cell: OurCell | undefined): readonly Figure[] => {
  const figures = new Map<string, Figure>()
  for (const metric of asked) {
    if (statisticsOf(metric)[0] !== 'sum') figures.set(metric, { metric, qualifier: null })
    else
      for (const key of cell?.now.measures.keys() ?? [])
        if (key.startsWith(`${metric}/`)) figures.set(key, { metric, qualifier: key.slice(metric.length + 1) })
  }
  for (const [key, { metric, qualifier }] of source)
    if (qualifier !== null && asked.includes(metric)) figures.set(key, { metric, qualifier })
  return [...figures.values()]
}

const saysSomething = ({ metric, qualifier }: Figure, cell: OurCell): boolean => {
  const { count = 0, sum = 0, numerator = 0, denominator = 0 } = cell.stats(metricKey(metric, qualifier))
  return count !== 0 || sum !== 0 || numerator !== 0 || denominator !== 0
}

const saySame = (metric: string, source: SourceCell, cell: OurCell | undefined): boolean => {
  const [theirs, ours] = [orZero(source.get(metric)?.stats), orZero(cell?.stats(metric))]
  return theirs.count === ours.count && theirs.sum === ours.sum
}

const findingOf = (
  place: Place,
  source: SourceCell,
  cell: OurCell | undefined,
  { tolerance }: CompareContext,
  figures: { compared: number; equal: number; tolerated: number },
): Finding | undefined => {
  const key = metricKey(place.metric, place.qualifier)
  const said = source.get(key)
  if (said === undefined && (cell === undefined || !saysSomething(place, cell))) return undefined
  const [theirs, ours] = [orZero(said?.stats), orZero(cell?.stats(key))]
  const { differences, tolerated } = compareStats(place.metric, theirs, ours, tolerance)
  figures.compared += 1
  if (differences.length > 0) return { place, statistics: differences, theirs, ours, source, cell, verdict: undefined }
  if (tolerated > 0) figures.tolerated += 1
  else figures.equal += 1
  return undefined
}

const differenceOf = ({ place, statistics, cell, verdict }: Finding): Difference => ({
  ...place,
  ...(verdict ?? { class: 'missing-event', because: '' }),
  statistics,
  rows: {
    all: cell?.rows ?? 0,
    provisional: cell?.provisional ?? 0,
    corrections: Object.fromEntries(cell?.corrections ?? []),
  },
})

/**
 * Which rules explain how many of their service levels, from their own counts where they say them, from ours otherwise.
 */
const serviceLevelFits = ({
  query,
  ours,
  intervals,
}: Aligned): Readonly<{ fits: ReadonlyMap<string, number>; total: number }> => {
  const fits = new Map<string, number>()
  let total = 0
  const isTheirs = PARTS_OF_SERVICE_LEVEL.every((metric) => query.metrics.has(metric))
  for (const [key, { cells }] of query.groups)
    for (const [at, cell] of cells) {
      const { numerator, denominator } = cell.get('oServiceLevel')?.stats ?? {}
      if (numerator === undefined || denominator === undefined || !intervals.has(at)) continue
      const our = ours.get(key)?.get(at)
      if (!isTheirs && our === undefined) continue
      total += 1
      const parts = partsOf(
        (metric) => (isTheirs ? cell.get(metric)?.stats : our?.stats(metric)),
        query.metrics.has('nOffered') || !isTheirs,
      )
      for (const { name } of rulesThatFit(parts, numerator, denominator)) fits.set(name, (fits.get(name) ?? 0) + 1)
    }
  return { fits, total }
}
