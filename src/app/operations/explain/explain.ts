import type { Logger } from 'pino'
import { rowJson } from '../../../contract/row-json.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { families } from '../../../domain/family.js'
import type { Row } from '../../../domain/row.js'
import type { Settings } from '../../../projections/settings.js'
import { Names } from '../../names.js'
import type { FactMeans } from '../../pipeline/facts/open-feed.js'
import type { Generation } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import type { Scope } from '../../scoped/scope.js'
import { scopedFold, type ScopedFold } from '../../scoped/scoped-fold.js'
import type { Trace } from '../../scoped/trace.js'
import { changesOf } from '../corrections.js'
import { addUp, differencesOf, type AddedUp } from './added-up.js'
import { isOfStates, pointsOf, timesOf, type RowPoint, type RowTime } from './contributions.js'
import { conversationOf, userOf } from './entity.js'
import {
  eventJson,
  type Contribution,
  type Explanation,
  type HistoryEntry,
  type RowExplanation,
} from './explanation.js'
import { findRows, type FoundRevision, type WantedRows } from './find-rows.js'
import { inForceFor, settingsAfter } from './in-force.js'
import { explainKpi, explainMeasures, figuresOf, metricsBehind } from './kpis.js'
import { notCountedIn } from './not-counted.js'
import { NotExplained } from './not-explained.js'
import { rawEventsOf, type RawLook } from './raw-events.js'

export type ExplainOptions = Readonly<{
  logs: Pick<Logs, 'raw' | 'kpi'>
  /** The data folder, where the row index is; `undefined`: there is none. */
  data: string | undefined
  tenant: string
  generation: Generation
  wanted: WantedRows
  /** The name of a KPI, a metric or a statistic; absent: all KPIs of the family. */
  kpi?: string | undefined
  /** A published revision of the row; absent: the latest. */
  revision?: number | undefined
  /** Give the raw events as they were received. */
  withRaw: boolean
  facts: FactMeans
  signal: AbortSignal
  logger: Logger
}>

/**
 * Explains the rows of one interval: the formulas with their values, every point behind them, what was not counted and
 * why, the configuration in force, the history of the row, and whether the points add up to what was published. Costs
 * what the conversations of the rows cost, and one look at the kept facts. Throws `NotExplained`.
 */
export const explain = async (options: ExplainOptions): Promise<Explanation> => {
  const { logs, data, tenant, generation, wanted, signal, facts, logger } = options
  figuresOf(wanted.family, generation.profile, options.kpi) // a wrong name is told before anything is read
  const [kpi, raw] = [await logs.kpi(generation.name, 'reader'), await logs.raw('reader')]
  const names = new Names(raw, tenant)
  const of = { kpi, tenant, generation: generation.name, data }
  const found = await findRows(of, generation.profile, wanted, names)
  const rows: RowExplanation[] = []
  for (const [through, revisions] of byReach(found, options.revision)) {
    const scope = scopeOf(revisions.map(({ chosen }) => chosen.row))
    const folded = await scopedFold({
      ...{ raw, tenant, generation, scope, through, facts, signal, logger },
      trace: true,
    })
    const settings = settingsAfter(generation, folded)
    const queueNames = await queueNamesIn(folded, names)
    for (const each of revisions) {
      const explained = explainRow(options, each, folded, settings, queueNames)
      const look = await rawEventsOf(raw, generation.profile.points, explained.contributions, options.withRaw)
      rows.push(withRaw(explained, look))
    }
  }
  return { rows, addsUp: rows.every(({ verdict }) => verdict.addsUp) }
}

/** A row: all its published revisions, and the one to explain. */
type Chosen = Readonly<{ all: readonly FoundRevision[]; chosen: FoundRevision }>

/** Rows by the raw position that they go through: one fold serves those that go equally far. */
const byReach = (
  found: readonly (readonly FoundRevision[])[],
  revision: number | undefined,
): ReadonlyMap<bigint | undefined, readonly Chosen[]> => {
  const byPosition = new Map<bigint | undefined, Chosen[]>()
  for (const all of found) {
    const chosen = revision === undefined ? all.at(-1) : all.find(({ row }) => row.revision === revision)
    if (chosen === undefined) continue
    const known = byPosition.get(chosen.foldedThrough)
    if (known === undefined) byPosition.set(chosen.foldedThrough, [{ all, chosen }])
    else known.push({ all, chosen })
  }
  if (byPosition.size > 0) return byPosition
  const published = found.map((all) => `${all[0]?.row.key}: ${all.map(({ row }) => row.revision).join(', ')}`)
  throw new NotExplained(
    `revision ${revision} was never published; revisions count changes, and not each is published. Published are ${published.join('; ')}`,
  )
}

/** The scope of rows of one family and interval. */
const scopeOf = (rows: readonly Row[]): Scope => {
  const { family, granularity, start } = rows[0] as Row
  const dimensions: Partial<Record<Dimension, ReadonlySet<string | null>>> = {}
  families[family].dimensions.forEach((dimension, place) => {
    dimensions[dimension] = new Set(rows.map((row) => row.dimensions[place] ?? null))
  })
  return { families: new Set([family]), granularities: new Set([granularity]), from: start, to: start + 1, dimensions }
}

/** The names of the queues that the conversations of a fold went through, as far as the configuration says them. */
const queueNamesIn = async ({ trace }: ScopedFold, names: Names): Promise<ReadonlyMap<string, string>> => {
  const ids = new Set((trace as Trace).points.flatMap(({ dimensions }) => dimensions.queueId ?? []))
  const known = new Map<string, string>()
  for (const id of ids) {
    const name = await names.of('queueId', id)
    if (name !== undefined) known.set(id, name)
  }
  return known
}

const explainRow = (
  { tenant, generation, kpi }: ExplainOptions,
  { all, chosen }: Chosen,
  folded: ScopedFold,
  settings: Settings,
  queueNames: ReadonlyMap<string, string>,
): RowExplanation => {
  const { row } = chosen
  const trace = folded.trace as Trace
  const profile = settings.profileAt(row.start)
  const rendering = settings.rendering(row.family, row.start, settings.version)
  const [points, times] = isOfStates(row.family) ? [[], timesOf(row, trace)] : [pointsOf(row, trace), []]
  const computed = addUp(points, times, rendering, settings.cellProfileAt(row.start).quantiles)
  const figures = figuresOf(row.family, profile, kpi)
  const behind = kpi === undefined ? new Set(families[row.family].metrics) : metricsBehind(figures)
  const { options } = settings.optionsAt(row.start)
  const own = points.filter(({ metric }) => behind.has(metric))
  const queueId = row.dimensions[families[row.family].dimensions.indexOf('queueId')]
  const queueName = queueNames.get(queueId ?? '') ?? null
  return {
    ...{ tenant, generation: generation.name, queueName, row: rowJson(row), isLatest: chosen === all.at(-1) },
    foldedThrough: chosen.foldedThrough === undefined ? null : String(chosen.foldedThrough),
    verdict: verdictOf(row, computed, trace, folded, settings),
    kpis: figures.map((figure) => explainKpi(figure, computed, options)),
    measures: explainMeasures(
      computed,
      families[row.family].metrics.filter((metric) => behind.has(metric)),
    ),
    options,
    contributions: [
      ...own.filter(({ takenBack }) => takenBack === null).map((point) => contributionOf(point, rendering)),
      ...times.filter(({ metric }) => behind.has(metric)).map(timeOf),
    ],
    notCounted: [
      ...notCountedIn(row, trace, own, behind, queueNames),
      ...folded.undecodable.map((event) => ({
        ...{ reason: 'undecodable' as const, count: 1, metric: null, value: null, at: null },
        ...{ conversationId: conversationOf(event.stream), event: eventJson(event) },
        detail: 'an event of the same conversation that cannot be decoded: `streamvane deadletter list` has the reason',
      })),
    ],
    inForce: inForceFor(row, generation, folded, settings),
    history: historyOf(all),
  }
}

const verdictOf = (
  row: Row,
  computed: AddedUp,
  trace: Trace,
  { through }: ScopedFold,
  settings: Settings,
): RowExplanation['verdict'] => {
  const differences = [...differencesOf(row, computed)]
  const target = targetOf(row, settings)
  if (row.serviceTarget !== target)
    differences.push({ figure: 'serviceTarget', statistic: 'target', before: row.serviceTarget, after: target })
  const notes: string[] = []
  if (row.status === 'provisional')
    notes.push('the row is provisional: its interval is open, and more may be counted in it')
  if (row.erased !== null) notes.push(`${row.erased} points were erased on request before the generation began`)
  if (differences.length > 0 && trace.erased.some(({ isCounted }) => isCounted))
    notes.push(
      'events that the generation had counted were erased since: their points are gone, and the row keeps them until `streamvane rebuild --promote`',
    )
  if (differences.length > 0)
    notes.push(
      `\`streamvane verify\` says whether this row alone differs (folded through position ${through ?? 'none'})`,
    )
  return { addsUp: differences.length === 0, differences, notes }
}

const targetOf = ({ family, dimensions: [queueId, mediaType], start }: Row, settings: Settings): number | null =>
  family === 'queue' && typeof queueId === 'string' && typeof mediaType === 'string'
    ? settings.serviceTarget(queueId, mediaType, start)
    : null

const contributionOf = (
  { metric, value, at, event, isPending }: RowPoint,
  { isShortAbandon }: Readonly<{ isShortAbandon: (ms: number) => boolean }>,
): Contribution => ({
  ...{ metric, value, at: new Date(at).toISOString(), until: null },
  ...{ conversationId: conversationOf(event.stream), userId: userOf(event.stream) },
  ...{ event: eventJson(event), isPending },
  isShortAbandon: metric === 'tAbandon' && isShortAbandon(value),
})

const timeOf = ({ metric, from, to, event }: RowTime): Contribution => ({
  ...{ metric, value: to - from, at: new Date(from).toISOString(), until: new Date(to).toISOString() },
  ...{ conversationId: null, userId: userOf(event.stream), event: eventJson(event) },
  ...{ isPending: false, isShortAbandon: false },
})

const historyOf = (all: readonly FoundRevision[]): readonly HistoryEntry[] =>
  all.map(({ row, revision, position, foldedThrough }, index) => ({
    revision: row.revision,
    status: row.status,
    reason: row.correction ?? (row.status === 'provisional' ? 'open' : 'closed'),
    streamRevision: revision,
    position: String(position),
    foldedThrough: foldedThrough === undefined ? null : String(foldedThrough),
    changes: changesOf(all[index - 1]?.row, row),
  }))

const withRaw = (explained: RowExplanation, { otherSources, raw }: RawLook): RowExplanation => ({
  ...explained,
  notCounted: [...explained.notCounted, ...otherSources],
  ...(raw === undefined ? {} : { raw }),
})
