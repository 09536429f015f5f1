import type { Logger } from 'pino'
import { recover } from '../../../contract/kpi-stream/marks.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { families } from '../../../domain/family.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { Row } from '../../../domain/row.js'
import { frontierIn } from '../../../ingress/clock.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import { Names, rowNames } from '../../names.js'
import type { FactMeans } from '../../pipeline/facts/open-feed.js'
import type { Generation } from '../../pipeline/generations.js'
import { layerOf } from '../../pipeline/projector/generation-projection.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import type { RowsOf } from '../../row-index/row-index.js'
import type { Scope } from '../../scoped/scope.js'
import { scopedFold, type ScopedFold } from '../../scoped/scoped-fold.js'
import type { Trace } from '../../scoped/trace.js'
import { explainRow, type Chosen } from './explain-row.js'
import type { Explanation, RowExplanation } from './explanation.js'
import { findRows, type FoundRevision, type WantedRows } from './find-rows.js'
import { configurationThrough, type Known } from './in-force.js'
import { figuresOf } from './kpis.js'
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
  const { logs, data, tenant, wanted, signal, facts, logger } = options
  let { generation } = options
  figuresOf(wanted.family, generation.profile, options.kpi) // a wrong name is told before anything is read
  const [kpi, raw] = [await logs.kpi(generation.name, 'reader'), await logs.raw('reader')]
  const names = new Names(raw, tenant)
  const of = { kpi, tenant, generation: generation.name, data }
  const found = await findRows(of, generation.profile, wanted, names)
  const chosen = found.flatMap((all) => chosenOf(all, options.revision) ?? [])
  if (chosen.length === 0) throw notPublished(found, options.revision)
  const scope = scopeOf(chosen.map(({ revision }) => revision.row))
  generation = layerOfAll(generation, chosen)
  const folded = await scopedFold({
    ...{ raw, tenant, generation, scope, facts, signal, logger },
    trace: 'alone', // to the end of the log: what was refused or erased behind a row is told too
  })
  const queueNames = await queueNamesIn(folded, names)
  const rows: RowExplanation[] = []
  for (const each of chosen) {
    const through = each.revision.foldedThrough ?? (await cutShortAt(of)) ?? folded.through ?? -1n
    const configuration = configurationThrough(generation, folded.scanned.configuration, through)
    const known = { configuration, frontier: await frontierOf(raw, tenant, configuration, through) }
    const evidence = { folded, through, known, queueNames, names: await rowNames(names, each.revision.row) }
    const explained = explainRow({ ...options, generation }, each, evidence)
    const look = await rawEventsOf(raw, generation.profile.points, explained.contributions, options.withRaw)
    rows.push(withRaw(explained, look))
  }
  return { rows, addsUp: rows.every(({ verdict }) => verdict.addsUp) }
}

/** By what all of these rows are computed: a generation that was rebuilt in part has rows of two. */
const layerOfAll = (generation: Generation, chosen: readonly Chosen[]): Generation => {
  const [layer = generation, ...others] = new Set(chosen.map(({ revision }) => layerOf(generation, revision.row)))
  if (others.length === 0) return { ...layer, name: generation.name }
  throw new NotExplained(
    `some of these rows were rebuilt and some are as ${layer.name} has them: ask for one of them (--where dimension=value)`,
  )
}

const chosenOf = (all: readonly FoundRevision[], wanted: number | undefined): Chosen | undefined => {
  const revision = wanted === undefined ? all.at(-1) : all.find(({ row }) => row.revision === wanted)
  return revision && { all, revision, isLatest: revision === all.at(-1) }
}

const notPublished = (found: readonly (readonly FoundRevision[])[], revision: number | undefined): NotExplained => {
  const published = found.map((all) => `${all[0]?.row.key}: ${all.map(({ row }) => row.revision).join(', ')}`)
  return new NotExplained(
    `revision ${revision} was never published; revisions count changes, and not each is published. Published are ${published.join('; ')}`,
  )
}

/** Where the batch goes that a crash has cut short: the rows at its end have no checkpoint behind them. */
const cutShortAt = async ({ kpi, tenant, generation }: RowsOf): Promise<Position | undefined> =>
  (await recover(kpi, tenant, generation)).cutShort?.through.position

/** How far the clock had come at a position: only settings of the organisation wait for it. */
const frontierOf = async (
  raw: EventLog,
  tenant: string,
  configuration: Known['configuration'],
  through: Position,
): Promise<EpochMs | null> =>
  configuration.some(({ fact }) => fact.type === 'OrgSettingsChanged')
    ? ((await frontierIn(raw, tenant, through)) ?? null)
    : null

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

const withRaw = (explained: RowExplanation, { otherSources, raw }: RawLook): RowExplanation => ({
  ...explained,
  notCounted: [...explained.notCounted, ...otherSources],
  ...(raw === undefined ? {} : { raw }),
})
