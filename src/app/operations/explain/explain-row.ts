import type { DimensionNames } from '../../names.js'
import { rowJson } from '../../../contract/row-json.js'
import { families } from '../../../domain/family.js'
import type { Row } from '../../../domain/row.js'
import type { Position } from '../../../log/event-log.js'
import type { Settings } from '../../../projections/settings.js'
import type { Generation } from '../../pipeline/generations.js'
import type { ScopedFold } from '../../scoped/scoped-fold.js'
import { traceThrough, type RawPlace, type Trace } from '../../scoped/trace.js'
import { changesOf } from '../corrections.js'
import { addUp, differencesOf, type AddedUp } from './added-up.js'
import { isOfStates, pointsOf, timesOf, type RowPoint, type RowTime } from './contributions.js'
import { conversationOf, userOf } from './entity.js'
import { eventJson, type Contribution, type HistoryEntry, type NotCounted, type RowExplanation } from './explanation.js'
import type { FoundRevision } from './find-rows.js'
import { inForceFor, settingsAfter, type Known } from './in-force.js'
import { explainKpi, explainMeasures, figuresOf, metricsBehind } from './kpis.js'
import { notCountedIn } from './not-counted.js'

/** Of which generation, and for which figure; absent: all KPIs of the row. */
export type Asked = Readonly<{ tenant: string; generation: Generation; kpi?: string | undefined }>

/** A row: all its published revisions, and the one to explain. */
export type Chosen = Readonly<{ all: readonly FoundRevision[]; revision: FoundRevision; isLatest: boolean }>

/** What a row is explained by. */
export type Evidence = Readonly<{
  folded: ScopedFold
  /** The row was made of what the log held through here. */
  through: Position
  known: Known
  queueNames: ReadonlyMap<string, string>
  /** Of the row's own dimensions. */
  names: DimensionNames
}>

export const explainRow = (
  { tenant, generation, kpi }: Asked,
  { all, revision: chosen, isLatest }: Chosen,
  { folded, through, known, queueNames, names }: Evidence,
): RowExplanation => {
  const { row } = chosen
  const whole = folded.trace as Trace
  const trace = traceThrough(whole, through)
  const settings = settingsAfter(generation, known)
  const rendering = settings.rendering(row.family, row.start, settings.version)
  const [points, times] = isOfStates(row.family) ? [[], timesOf(row, trace)] : [pointsOf(row, trace), []]
  const computed = addUp(points, times, rendering, settings.cellProfileAt(row.start).quantiles)
  const figures = figuresOf(row.family, settings.profileAt(row.start), kpi)
  const behind = kpi === undefined ? new Set(families[row.family].metrics) : metricsBehind(figures)
  const { options } = settings.optionsAt(row.start)
  const own = points.filter(({ metric }) => behind.has(metric))
  const queueId = row.dimensions[families[row.family].dimensions.indexOf('queueId')]
  // What is refused or erased changes no row: of the latest revision it is told although it came later.
  const refusals = isLatest ? { ...trace, refused: whole.refused, erased: whole.erased } : trace
  return {
    ...{ tenant, generation: generation.name, queueName: queueNames.get(queueId ?? '') ?? null },
    ...{ names, row: rowJson(row), isLatest },
    foldedThrough: chosen.foldedThrough === undefined ? null : String(chosen.foldedThrough),
    verdict: verdictOf(row, computed, settings, [
      ...notesOf(row, whole),
      ...(isLatest ? unpublishedIn(row, whole, through) : []),
    ]),
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
    notCounted: [...notCountedIn(row, refusals, own, behind, queueNames), ...folded.undecodable.map(undecodableEvent)],
    inForce: inForceFor(row, generation, known, settings),
    history: historyOf(all),
  }
}

const undecodableEvent = (event: RawPlace): NotCounted => ({
  ...{ reason: 'undecodable', count: 1, metric: null, value: null, at: null },
  ...{ conversationId: conversationOf(event.stream), event: eventJson(event) },
  detail: 'an event of the same conversation that cannot be decoded: `streamvane deadletter list` has the reason',
})

/** What is to be known about a row, whether it adds up or not. */
const notesOf = ({ status, erased }: Row, trace: Trace): readonly string[] => {
  const notes: string[] = []
  if (status === 'provisional') notes.push('The row is provisional: its interval is open, and more may be counted.')
  if (erased !== null) notes.push(`${erased} points were erased on request before the generation began.`)
  if (trace.erased.some(({ isCounted }) => isCounted))
    notes.push(
      'Conversations were erased since the generation began. What it had counted of them is gone from the log, and rows keep it until `streamvane rebuild --promote`.',
    )
  return notes
}

/** Points that were counted behind the latest published revision: it is published once it has settled. */
const unpublishedIn = (row: Row, trace: Trace, through: Position): readonly string[] => {
  const later = pointsOf(row, trace).filter(({ countedAt }) => countedAt > through)
  return later.length === 0
    ? []
    : [`${later.length} points were counted since, and the row that holds them is not published yet.`]
}

const verdictOf = (
  row: Row,
  computed: AddedUp,
  settings: Settings,
  notes: readonly string[],
): RowExplanation['verdict'] => {
  const differences = [...differencesOf(row, computed)]
  const target = targetOf(row, settings)
  if (row.serviceTarget !== target)
    differences.push({ figure: 'serviceTarget', statistic: 'target', before: row.serviceTarget, after: target })
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
