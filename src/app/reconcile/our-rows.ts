import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import { intervalStart, type EpochMs } from '../../domain/interval.js'
import { metricNames } from '../../domain/metric.js'
import type { Correction, Row } from '../../domain/row.js'
import { frontierIn } from '../../ingress/clock.js'
import type { EventLog } from '../../log/event-log.js'
import type { Stats } from './aggregates.js'
import { recover } from '../../contract/kpi-stream/marks.js'
import { decodeRow, familyOf } from '../../contract/kpi-stream/stored.js'
import type { Generation } from '../pipeline/generations.js'
import { rowEvents } from '../row-index/row-events.js'
import type { RowsOf } from '../row-index/row-index.js'
import { metricKey } from './query.js'

/**
 * The latest revision of a row, and its last revision before it was restated: the same revision if it never was, null
 * if there was none.
 */
export type OurRow = Readonly<{ now: Row; settled: Row | null }>

/** `closedThrough`: the end of the last closed interval of all rows read; `undefined` if none is closed. */
export type OurRows = Readonly<{ rows: ReadonlyMap<string, OurRow>; closedThrough: EpochMs | undefined }>

export type RowsWanted = Readonly<{
  families: ReadonlySet<FamilyName>
  granularity: Granularity
  from: EpochMs
  to: EpochMs
  signal: AbortSignal
  /** Events read of the stream. */
  onProgress?: ((read: number) => void) | undefined
}>

/**
 * Reads the latest rows of some families and base intervals. Holds one row of each key, and a second one of a restated
 * key.
 */
export const readOurRows = async (of: RowsOf, wanted: RowsWanted): Promise<OurRows> => {
  const rows = new Map<string, OurRow>()
  let closedThrough: EpochMs | undefined
  let read = 0
  const closed = (through: EpochMs | undefined): void => void (closedThrough = through)
  for await (const batch of rowEvents(of, wanted, closed)) {
    if (wanted.signal.aborted) break
    for (const event of batch) {
      const family = familyOf(event)
      if (family === undefined || !wanted.families.has(family)) continue
      const { row } = decodeRow(event)
      if (row.granularity !== wanted.granularity) continue
      if (row.status !== 'provisional') closedThrough = Math.max(closedThrough ?? row.end, row.end)
      if (row.start < wanted.from || row.start >= wanted.to) continue
      rows.set(row.key, { now: row, settled: row.status === 'corrected' ? (rows.get(row.key)?.settled ?? null) : row })
    }
    wanted.onProgress?.((read += batch.length))
  }
  return { rows, closedThrough }
}

/** The sum of one figure over several rows. State times have only `sum`. */
export type Sum = { count: number; sum: number; min: number; max: number }

/** The figures of several rows, added. */
export class Figures {
  readonly measures = new Map<string, Sum>()
  numerator = 0
  denominator = 0

  add(row: Row): void {
    for (let place = 0; place < row.measures.length; place++) {
      const measure = row.measures[place]
      if (measure === undefined || measure.count === 0) continue
      const key = metricKey(
        metricNames[place] as string,
        row.family === 'agent-state' ? (row.dimensions[2] ?? null) : null,
      )
      const known = this.measures.get(key)
      if (known === undefined)
        this.measures.set(key, { count: measure.count, sum: measure.sum, min: measure.min, max: measure.max })
      else {
        known.count += measure.count
        known.sum += measure.sum
        known.min = Math.min(known.min, measure.min)
        known.max = Math.max(known.max, measure.max)
      }
    }
    this.numerator += row.kpis['serviceLevel']?.numerator ?? 0
    this.denominator += row.kpis['serviceLevel']?.denominator ?? 0
  }

  /** The figure of these rows in the API's form; zero if no row has it. */
  stats(key: string, target: number | null): Stats {
    if (key !== 'oServiceLevel') return this.measures.get(key) ?? NOTHING
    const { numerator, denominator } = this
    const shares = {
      ...(denominator === 0 ? {} : { ratio: numerator / denominator }),
      ...(target === null ? {} : { target }),
    }
    return { numerator, denominator, ...shares }
  }
}

const NOTHING: Stats = { count: 0, sum: 0 }

/**
 * Our side of a group and interval: the sum of its rows, now and before they were restated, and whether they are
 * settled.
 */
export class OurCell {
  readonly now = new Figures()
  readonly settled = new Figures()
  rows = 0
  provisional = 0
  /** Points of its rows that were erased on request. */
  erased = 0
  readonly corrections = new Map<Correction, number>()
  private readonly targets = new Set<number | null>()

  add({ now, settled }: OurRow): void {
    this.rows += 1
    this.now.add(now)
    if (settled !== null) this.settled.add(settled)
    if (now.status === 'provisional') this.provisional += 1
    this.erased += now.erased ?? 0
    if (now.status === 'corrected' && now.correction !== null)
      this.corrections.set(now.correction, (this.corrections.get(now.correction) ?? 0) + 1)
    this.targets.add(now.serviceTarget)
  }

  /** The service-level target, if all rows have the same. */
  get target(): number | null {
    return this.targets.size === 1 ? (this.targets.values().next().value ?? null) : null
  }

  /** The figure of its rows in the API's form. */
  stats(key: string): Stats {
    return this.now.stats(key, this.target)
  }
}

/**
 * The end of the last closed interval of a generation, by the last clock tick that the projector has processed. Rows
 * alone do not tell: an interval in which nothing happened has no row.
 */
export const closedThroughOf = async (
  raw: EventLog,
  kpi: EventLog,
  tenant: string,
  { name, profile }: Generation,
): Promise<EpochMs | undefined> => {
  const { checkpoint } = await recover(kpi, tenant, name)
  if (checkpoint === undefined) return undefined
  const frontier = await frontierIn(raw, tenant, checkpoint.position)
  return frontier === undefined ? undefined : intervalStart(frontier - profile.graceMs, profile.intervalMs)
}
