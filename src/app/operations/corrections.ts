import type { FamilyName } from '../../domain/family.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Ratio } from '../../domain/kpi.js'
import { noMeasure, type Measure } from '../../domain/measure.js'
import { metricKind, metricNames, type MetricKind } from '../../domain/metric.js'
import type { Correction, Row } from '../../domain/row.js'
import type { Position } from '../../log/event-log.js'
import { isCheckpoint } from '../../contract/kpi-stream/marks.js'
import { decodeRow, familyOf } from '../../contract/kpi-stream/stored.js'
import { correctedEvents } from '../row-index/row-events.js'
import type { RowsOf } from '../row-index/row-index.js'

/** A changed figure of a row; null where it had no value. */
export type Change = Readonly<{ figure: string; statistic: string; before: number | null; after: number | null }>

/** A restatement of a final row, and the changes against the revision before. */
export type RestatedRow = Readonly<{
  key: string
  family: FamilyName
  start: EpochMs
  end: EpochMs
  reason: Correction
  /** Row revisions. `before` is null if there was no row. */
  revision: Readonly<{ before: number | null; after: number }>
  /** Its place in the KPI log: the revision in the generation's stream, and the position in the log. */
  streamRevision: number
  position: Position
  /** The raw position through which the batch had been folded; null in an interrupted batch without a checkpoint. */
  foldedThrough: Position | null
  changes: readonly Change[]
}>

export type CorrectionsWanted = Readonly<{
  family?: FamilyName | undefined
  /** Only intervals that start in `[from, to)`. */
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  /** A row key or a prefix of row keys. */
  key?: string | undefined
  reason?: Correction | undefined
  signal: AbortSignal
  /** Events read of the stream. */
  onProgress?: ((read: number) => void) | undefined
}>

export const corrections: readonly Correction[] = ['late', 'handled', 'recomputed', 'settings']

/**
 * All restatements in the KPI stream of a generation, in their order. Holds one row of each key in the range and
 * the restatements of the current batch, so memory does not grow with the number of restatements.
 */
export async function* readCorrections(of: RowsOf, wanted: CorrectionsWanted): AsyncIterable<RestatedRow> {
  const latest = new Map<string, Row>()
  let batch: Omit<RestatedRow, 'foldedThrough'>[] = []
  let read = 0
  const families = wanted.family === undefined ? undefined : new Set([wanted.family])
  for await (const events of correctedEvents(of, { families, from: wanted.from, to: wanted.to })) {
    if (wanted.signal.aborted) break
    for (const event of events) {
      const family = familyOf(event)
      if (family === undefined) {
        if (!isCheckpoint(event)) continue
        const foldedThrough = BigInt(
          (JSON.parse(Buffer.from(event.data).toString('utf8')) as { position: string }).position,
        )
        for (const restated of batch) yield { ...restated, foldedThrough }
        batch = []
        continue
      }
      if (wanted.family !== undefined && wanted.family !== family) continue
      const { row } = decodeRow(event)
      if (!isWanted(row, wanted)) continue
      const before = latest.get(row.key)
      latest.set(row.key, row)
      if (
        row.status !== 'corrected' ||
        row.correction === null ||
        (wanted.reason !== undefined && wanted.reason !== row.correction)
      )
        continue
      batch.push({
        ...{ key: row.key, family, start: row.start, end: row.end, reason: row.correction },
        revision: { before: before?.revision ?? null, after: row.revision },
        streamRevision: event.revision,
        position: event.position,
        changes: changesOf(before, row),
      })
    }
    wanted.onProgress?.((read += events.length))
  }
  for (const restated of batch) yield { ...restated, foldedThrough: null }
}

const isWanted = ({ key, start }: Row, wanted: CorrectionsWanted): boolean =>
  (wanted.from === undefined || start >= wanted.from) &&
  (wanted.to === undefined || start < wanted.to) &&
  (wanted.key === undefined || key.startsWith(wanted.key))

/**
 * The changes from one revision of a row to the next: measures in the order of the catalogue, KPIs by name, the target.
 */
export const changesOf = (before: Row | undefined, after: Row): readonly Change[] => {
  const changes: Change[] = []
  metricNames.forEach((metric, place) => {
    const [was, is] = [before?.measures[place] ?? noMeasure, after.measures[place] ?? noMeasure]
    for (const statistic of statisticsOf[metricKind(metric)])
      compare(metric, statistic, valueOf(was, statistic), valueOf(is, statistic))
  })
  const names = new Set([...Object.keys(before?.kpis ?? {}), ...Object.keys(after.kpis)])
  for (const name of [...names].sort()) {
    const [was, is] = [kpiOf(before, name), kpiOf(after, name)]
    compare(name, 'numerator', was?.numerator ?? null, is?.numerator ?? null)
    compare(name, 'denominator', was?.denominator ?? null, is?.denominator ?? null)
  }
  if (before !== undefined) compare('serviceTarget', 'target', before.serviceTarget, after.serviceTarget)
  return changes

  function compare(figure: string, statistic: string, was: number | null, is: number | null): void {
    if (was !== is) changes.push({ figure, statistic, before: was, after: is })
  }
}

type MeasureStatistic = 'count' | 'sum' | 'min' | 'max'

const statisticsOf: Readonly<Record<MetricKind, readonly MeasureStatistic[]>> = {
  count: ['count'],
  duration: ['count', 'sum', 'min', 'max'],
  observation: ['count', 'sum', 'min', 'max'],
  state: ['sum'],
}

/** A metric that was not emitted has count zero and no extremes. */
const valueOf = (measure: Measure, statistic: MeasureStatistic): number | null =>
  measure.count === 0 && (statistic === 'min' || statistic === 'max') ? null : measure[statistic]

const kpiOf = (row: Row | undefined, name: string): Ratio | undefined =>
  row !== undefined && Object.hasOwn(row.kpis, name) ? row.kpis[name] : undefined

/** By reason, the number of restatements and of restated rows. */
export type CorrectionTotals = Readonly<Partial<Record<Correction, Readonly<{ restatements: number; rows: number }>>>>

/** Counts restatements. */
export class CorrectionCount {
  private readonly keys = new Map<Correction, Set<string>>()
  private readonly counts = new Map<Correction, number>()

  add({ reason, key }: RestatedRow): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1)
    const keys = this.keys.get(reason)
    if (keys === undefined) this.keys.set(reason, new Set([key]))
    else keys.add(key)
  }

  totals(): CorrectionTotals {
    return Object.fromEntries(
      corrections.flatMap((reason) => {
        const restatements = this.counts.get(reason)
        return restatements === undefined ? [] : [[reason, { restatements, rows: this.keys.get(reason)?.size ?? 0 }]]
      }),
    )
  }
}
