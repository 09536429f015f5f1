import type { FamilyName } from '../../domain/family.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Profile } from '../../domain/profile.js'
import type { Aligned, NotCompared } from './align.js'
import {
  compareStats,
  orZero,
  statisticsOf,
  type Difference,
  type Finding,
  type Place,
  type Tolerance,
} from './reasons/finding.js'
import { contradictionsOf, type SourceCell, type Stats } from './aggregates.js'
import { metricKey, type SourceGroup } from './query.js'
import { partsOf, PARTS_OF_SERVICE_LEVEL, rulesThatFit } from './reasons/derived.js'
import { classify } from './reasons/classify.js'
import type { OurCell } from './our-rows.js'

/** A row of the API that contradicts itself; none of its figures is compared. */
export type Quarantined = Omit<Place, 'metric' | 'qualifier'> &
  Readonly<{ broken: readonly Readonly<{ metric: string; identity: string }>[] }>

/** Our rows in a group that the API leaves out. */
export type Uncovered = Readonly<{ group: Readonly<Record<string, string>>; family: string; rows: number }>

export type Compared = Readonly<{
  family: string | null
  differences: readonly Difference[]
  quarantined: readonly Quarantined[]
  notCompared: readonly NotCompared[]
  uncovered: readonly Uncovered[]
  /** Groups of the API for which we have no row. */
  withoutRows: readonly Readonly<Record<string, string>>[]
  groups: Readonly<{ theirs: ReadonlySet<string>; compared: ReadonlySet<string> }>
  /** Figures, each a metric of a group and interval that is not zero on both sides. */
  figures: Readonly<{ compared: number; equal: number; tolerated: number }>
  /** By rule, how many service levels of the API it explains. */
  serviceLevelFits: ReadonlyMap<string, number>
  serviceLevels: number
  note: string | null
}>

export type CompareContext = Readonly<{
  profile: Profile
  isComplete: boolean
  tolerance: Tolerance
  closedThrough: EpochMs | undefined
  /** Is told each figure that was compared, with both values. */
  onFigure?: ((figure: ComparedFigure) => void) | undefined
}>

/** A metric of a group and interval on both sides. What a side does not say is zero. */
export type ComparedFigure = Readonly<{ place: Place; theirs: Stats; ours: Stats }>

/** Compares every metric of the query in every group and interval. */
export const compareQuery = (aligned: Aligned, context: CompareContext): Compared =>
  new QueryComparison(aligned, context).run()

class QueryComparison {
  readonly #aligned: Aligned
  readonly #context: CompareContext
  readonly #asked: readonly string[]
  readonly #fits: ReadonlyMap<string, number>
  readonly #serviceLevels: number
  readonly #differences: Difference[] = []
  readonly #quarantined: Quarantined[] = []
  readonly #notCompared: NotCompared[]
  readonly #uncovered: Uncovered[] = []
  readonly #withoutRows: Readonly<Record<string, string>>[] = []
  readonly #compared = new Set<string>()
  readonly #figures = { compared: 0, equal: 0, tolerated: 0 }

  constructor(aligned: Aligned, context: CompareContext) {
    const { fits, total } = serviceLevelFits(aligned)
    this.#aligned = aligned
    this.#context = context
    this.#asked = [...aligned.query.metrics].filter((metric) => statisticsOf(metric).length > 0)
    this.#fits = fits
    this.#serviceLevels = total
    this.#notCompared = [...aligned.notCompared]
  }

  run(): Compared {
    const { query, family, ours } = this.#aligned
    if (family === null) return this.#outcome()
    if (!this.#context.profile.families.includes(family) && ours.size === 0) {
      this.#notCompared.push({
        what: `groups by ${query.dimensions.join(', ') || 'nothing'}`,
        why: `there are no rows of family ${family}: the profile of the generation does not name it among its families`,
      })
      return this.#outcome()
    }
    for (const [key, group] of query.groups) {
      const why = this.#aligned.unreachable(key)
      if (why === undefined) this.#compareGroup(family, key, group)
      else this.#notCompared.push({ what: `group ${JSON.stringify(group.group)}`, why })
    }
    for (const [key, cells] of ours) if (!query.groups.has(key)) this.#ourGroup(family, key, cells)
    return this.#outcome()
  }

  #compareGroup(family: FamilyName, key: string, { group, cells }: SourceGroup): void {
    const { query, intervals, ours } = this.#aligned
    if (query.groups.has(key)) this.#compared.add(this.#nameOf(key))
    const ourCells = ours.get(key)
    if (ourCells === undefined && cells.size > 0) this.#withoutRows.push(group)
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
        const identities = broken.map(({ metric, identity }) => ({ metric, identity }))
        this.#quarantined.push({ group, family, interval, broken: identities })
        continue
      }
      for (const figure of keysOf(this.#asked, source, cell)) {
        if (isTargetUnknown(figure.metric, source, cell))
          this.#notCompared.push({ what: `group ${JSON.stringify(group)}`, why: TARGET_UNKNOWN })
        const finding = findingOf({ group, family, interval, ...figure }, source, cell, this.#context, this.#figures)
        if (finding !== undefined) findings.push(finding)
      }
    }
    const fitsElsewhere = (rule: string): number => this.#fits.get(rule) ?? 0
    classify(findings, { ...this.#context, asked: query.metrics, fitsElsewhere })
    for (const finding of findings) this.#differences.push(differenceOf(finding))
  }

  /** A group of ours that the API leaves out: all zero if its responses are complete, else not covered by them. */
  #ourGroup(family: FamilyName, key: string, cells: ReadonlyMap<string, OurCell>): void {
    const { query, intervals } = this.#aligned
    const values = JSON.parse(key) as readonly (string | null)[]
    const group = Object.fromEntries(
      query.dimensions.flatMap((name, index) => (values[index] == null ? [] : [[name, values[index]]])),
    )
    if (this.#context.isComplete) return this.#compareGroup(family, key, { group, cells: new Map() })
    let rows = 0
    for (const [at, cell] of cells)
      if (intervals.has(at) && keysOf(this.#asked, NOTHING_SAID, cell).some((figure) => saysSomething(figure, cell)))
        rows += cell.rows
    if (rows > 0) this.#uncovered.push({ group, family, rows })
  }

  #outcome(): Compared {
    const { query, family, note } = this.#aligned
    return {
      family,
      differences: this.#differences,
      quarantined: this.#quarantined,
      notCompared: this.#notCompared,
      uncovered: this.#uncovered,
      withoutRows: this.#withoutRows,
      groups: {
        theirs: new Set([...query.groups.keys()].map((key) => this.#nameOf(key))),
        compared: this.#compared,
      },
      figures: this.#figures,
      serviceLevelFits: this.#fits,
      serviceLevels: this.#serviceLevels,
      note,
    }
  }

  #nameOf(key: string): string {
    return `${this.#aligned.query.dimensions.join()} ${key}`
  }
}

const TARGET_UNKNOWN = 'the service-level target is not known here: import the settings of the queue'

const isTargetUnknown = (metric: string, source: SourceCell, cell: OurCell | undefined): boolean =>
  metric === 'oServiceLevel' &&
  cell !== undefined &&
  cell.target === null &&
  source.get(metric)?.stats.target !== undefined

const NOTHING_SAID: SourceCell = new Map()

type Figure = Readonly<{ metric: string; qualifier: string | null }>

/** The figures that either side has for a group and interval. A state metric has one for each state. */
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
  { tolerance, onFigure }: CompareContext,
  figures: { compared: number; equal: number; tolerated: number },
): Finding | undefined => {
  const key = metricKey(place.metric, place.qualifier)
  const said = source.get(key)
  if (said === undefined && (cell === undefined || !saysSomething(place, cell))) return undefined
  const [theirs, ours] = [orZero(said?.stats), orZero(cell?.stats(key))]
  const { differences, tolerated } = compareStats(place.metric, theirs, ours, tolerance)
  figures.compared += 1
  onFigure?.({ place, theirs, ours })
  if (differences.length > 0) return { place, statistics: differences, theirs, ours, source, cell, reason: undefined }
  if (tolerated > 0) figures.tolerated += 1
  else figures.equal += 1
  return undefined
}

const differenceOf = ({ place, statistics, cell, reason }: Finding): Difference => ({
  ...place,
  ...(reason ?? { class: 'missing-event', because: '' }),
  statistics,
  rows: {
    all: cell?.rows ?? 0,
    provisional: cell?.provisional ?? 0,
    corrections: Object.fromEntries(cell?.corrections ?? []),
  },
})

/**
 * Counts for each rule the service levels of the API that it explains. The rule is applied to the API's own counts if
 * the query has them, else to ours.
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
