import * as E from 'fp-ts/lib/Either.js'
import { lengthMs } from '../../../domain/granularity.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { EventLog } from '../../../log/event-log.js'
import type { Stats } from '../../reconcile/aggregates.js'
import { compareStats, noTolerance, parseTolerance, type Tolerance } from '../../reconcile/reasons/finding.js'
import { namedContract, readContracts, type Contract, type DefinedContract } from './contract.js'
import { isWithin, kpiOf, type AcceptanceKpi } from './kpis.js'
import { readReconciliations, type Group, type Reconciliation } from './reconciliation.js'

/** A value that is farther apart than the contract allows. `difference` is theirs − ours; `because` only of metrics. */
export type FailedValue = Readonly<{
  figure: string
  theirs: number
  ours: number
  difference: number
  allowed: string
  class?: string
  because?: string
}>

/** `contradictory`: Genesys's own row contradicts itself, so it could not be compared; it counts as not reconciled. */
export type IntervalVerdict = 'held' | 'failed' | 'not-reconciled' | 'contradictory'

export type JudgedInterval = Readonly<{
  /** ISO 8601. */
  start: string
  end: string
  verdict: IntervalVerdict
  /** Values that were compared in it. */
  compared: number
  failures: readonly FailedValue[]
  /** The reconciliation that counts: the last one of this interval. */
  reconciliation?: Readonly<{ id: string; at: string; by: string; sha256: string | null }>
}>

export type JudgedGroup = Readonly<{
  group: Group
  counts: Readonly<Record<IntervalVerdict, number>>
  intervals: readonly JudgedInterval[]
}>

export type AcceptanceReport = Readonly<{
  tenant: string
  contract: Contract
  version: number
  defined: DefinedContract['defined']
  signatures: DefinedContract['signatures']
  /** Signatories of the contract that have not signed. */
  unsigned: readonly string[]
  /** What was judged (ISO 8601): the period of the contract, or the part that was asked for. */
  range: Readonly<{ from: string; to: string }>
  groups: readonly JudgedGroup[]
  counts: Readonly<Record<IntervalVerdict, number>>
  /** Intervals that held, in percent of all; null where there is no interval. */
  share: number | null
  holds: boolean
  reconciliations: number
  /** Figures that reconciliations had not kept; an interval without them is judged by the others. */
  leftOut: number
}>

export type AcceptanceOptions = Readonly<{
  tenant: string
  name: string
  /** Epoch milliseconds: only intervals that begin in `[from, to)`. */
  from?: EpochMs | undefined
  to?: EpochMs | undefined
}>

/**
 * Judges a contract by the reconciliations in the log: for each group and interval of its period whether every value
 * lies within its tolerance. Of several reconciliations of an interval the last counts. Holds the figures of the
 * period in memory. Throws `ContractRefused` where there is no such contract.
 */
export const judgeContract = async (
  control: EventLog,
  { tenant, name, from, to }: AcceptanceOptions,
): Promise<AcceptanceReport> => {
  const known = namedContract(await readContracts(control, tenant), name)
  const { contract } = known
  const period = { from: Date.parse(contract.period.from), to: Date.parse(contract.period.to) }
  const length = lengthMs(contract.granularity)
  // Intervals are those of the period, wherever the part of it begins that is asked for.
  const skipped = Math.max(0, Math.ceil(((from ?? period.from) - period.from) / length))
  const range = { from: period.from + skipped * length, to: Math.min(period.to, to ?? Infinity) }
  const judging = new Judging(contract, range)
  for await (const reconciliation of readReconciliations(control, tenant)) judging.add(reconciliation)
  const groups = judging.groups()
  const counts = sumOf(groups.map((each) => each.counts))
  const all = Object.values(counts).reduce((a, b) => a + b, 0)
  const share = all === 0 ? null : (100 * counts.held) / all
  const signers = new Set(known.signatures.map(({ by }) => by))
  return {
    ...{ tenant, contract, version: known.version, defined: known.defined, signatures: known.signatures },
    unsigned: contract.signatories.filter((each) => !signers.has(each)),
    range: { from: iso(range.from), to: iso(range.to) },
    ...{ groups, counts, share, holds: share !== null && share >= contract.minimumShare },
    ...{ reconciliations: judging.reconciliations, leftOut: judging.leftOut },
  }
}

type Cell = {
  figures: Map<string, Readonly<{ theirs: Stats; ours: Stats }>>
  reasons: Map<string, Readonly<{ class: string; because: string }>>
  isContradictory: boolean
  by: Reconciliation
}

class Judging {
  readonly #contract: Contract
  readonly #tolerance: Tolerance
  readonly #range: Readonly<{ from: EpochMs; to: EpochMs }>
  readonly #lengthMs: number
  readonly #cells = new Map<string, Map<EpochMs, Cell>>()
  reconciliations = 0
  leftOut = 0

  constructor(contract: Contract, range: Readonly<{ from: EpochMs; to: EpochMs }>) {
    const tolerance = parseTolerance(contract.tolerances)
    this.#contract = contract
    this.#tolerance = E.isRight(tolerance) ? tolerance.right : noTolerance
    this.#range = range
    this.#lengthMs = lengthMs(contract.granularity)
    for (const group of expectedGroups(contract)) this.#cells.set(keyOf(group), new Map())
  }

  add(reconciliation: Reconciliation): void {
    const { covered, figures, quarantined, reasons } = reconciliation
    let isUsed = false
    for (const { groups, intervals } of covered)
      for (const group of groups) {
        if (!this.#isWanted(group)) continue
        for (const [start, end] of intervals) {
          if (!this.#isJudged(start, end)) continue
          isUsed = true
          this.#cellsOf(group).set(start, {
            figures: new Map<string, Readonly<{ theirs: Stats; ours: Stats }>>(),
            reasons: new Map<string, Readonly<{ class: string; because: string }>>(),
            isContradictory: false,
            by: reconciliation,
          })
        }
      }
    if (!isUsed) return
    this.reconciliations++
    this.leftOut += reconciliation.leftOut
    const cell = (group: Group, start: EpochMs): Cell | undefined => {
      const found = this.#cells.get(keyOf(group))?.get(start)
      return found?.by === reconciliation ? found : undefined
    }
    for (const { group, interval, metric, theirs, ours } of figures)
      cell(group, interval.start)?.figures.set(metric, { theirs, ours })
    for (const { group, interval, metric, class: why, because } of reasons)
      cell(group, interval.start)?.reasons.set(metric, { class: why, because })
    for (const { group, interval } of quarantined) {
      const found = cell(group, interval.start)
      if (found !== undefined) found.isContradictory = true
    }
  }

  groups(): readonly JudgedGroup[] {
    return [...this.#cells]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, cells]) => {
        const intervals: JudgedInterval[] = []
        for (let start = this.#range.from; start < this.#range.to; start += this.#lengthMs)
          intervals.push(this.#judged(start, cells.get(start)))
        const group = Object.fromEntries(JSON.parse(key) as [string, string][])
        return { group, counts: sumOf(intervals.map(({ verdict }) => ({ ...NONE, [verdict]: 1 }))), intervals }
      })
  }

  #judged(start: EpochMs, cell: Cell | undefined): JudgedInterval {
    const place = { start: iso(start), end: iso(start + this.#lengthMs) }
    if (cell === undefined) return { ...place, verdict: 'not-reconciled', compared: 0, failures: [] }
    const { id, at, by, source } = cell.by
    const reconciliation = { id, at, by, sha256: source.sha256 }
    if (cell.isContradictory) return { ...place, verdict: 'contradictory', compared: 0, failures: [], reconciliation }
    const { compared, failures } = this.#failuresIn(cell)
    return { ...place, verdict: failures.length === 0 ? 'held' : 'failed', compared, failures, reconciliation }
  }

  #failuresIn({ figures, reasons }: Cell): Readonly<{ compared: number; failures: readonly FailedValue[] }> {
    const { metrics, kpis } = this.#contract
    const failures: FailedValue[] = []
    let compared = 0
    for (const [metric, { theirs, ours }] of figures) {
      const [name = metric] = metric.split('/')
      if (metrics !== undefined && !metrics.includes(name)) continue
      compared++
      for (const { statistic, ...values } of compareStats(name, theirs, ours, this.#tolerance).differences)
        failures.push({
          figure: `${metric} ${statistic}`,
          ...values,
          allowed: this.#allowed(name, statistic),
          ...reasons.get(metric),
        })
    }
    const [theirSide, ourSide] = (['theirs', 'ours'] as const).map(
      (side) => new Map([...figures].map(([metric, values]) => [metric, values[side]] as const)),
    ) as [Map<string, Stats>, Map<string, Stats>]
    for (const [name, limit] of Object.entries(kpis) as [AcceptanceKpi, string][]) {
      const [theirs, ours] = [kpiOf(name, theirSide), kpiOf(name, ourSide)]
      if (theirs === undefined && ours === undefined) continue
      compared++
      // A KPI that one side alone has follows from counts that differ, which the metrics tell.
      if (theirs === undefined || ours === undefined || isWithin(limit, theirs, ours)) continue
      failures.push({ figure: name, theirs, ours, difference: theirs - ours, allowed: limit })
    }
    return { compared, failures }
  }

  #allowed(metric: string, statistic: string): string {
    const limits = this.#tolerance.get(metric) ?? this.#tolerance.get('*')
    const limit = [...(limits ?? [])].find(([name]) => name === statistic)?.[1]
    return limit === undefined ? '0' : 'units' in limit ? String(limit.units) : `${limit.share * 100}%`
  }

  #isWanted(group: Group): boolean {
    return Object.entries(this.#contract.groups).every(([name, values]) => values.includes(group[name] ?? ''))
  }

  #isJudged(start: EpochMs, end: EpochMs): boolean {
    const { from, to } = this.#range
    return end - start === this.#lengthMs && start >= from && start < to && (start - from) % this.#lengthMs === 0
  }

  #cellsOf(group: Group): Map<EpochMs, Cell> {
    const key = keyOf(group)
    // A group that the contract names by one dimension is judged by the finer groups that were reconciled.
    for (const [name, values] of Object.entries(this.#contract.groups))
      for (const value of values) if (group[name] === value) this.#dropPlaceholder({ [name]: value }, key)
    let cells = this.#cells.get(key)
    if (cells === undefined) this.#cells.set(key, (cells = new Map<EpochMs, Cell>()))
    return cells
  }

  #dropPlaceholder(group: Group, key: string): void {
    const placeholder = keyOf(group)
    if (placeholder !== key && this.#cells.get(placeholder)?.size === 0) this.#cells.delete(placeholder)
  }
}

/** Groups that a contract names by one dimension are expected even if nothing was reconciled of them. */
const expectedGroups = ({ groups }: Contract): readonly Group[] => {
  const [only, ...more] = Object.entries(groups)
  return only === undefined || more.length > 0 ? [] : only[1].map((value) => ({ [only[0]]: value }))
}

const keyOf = (group: Group): string => JSON.stringify(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1)))

const NONE: Readonly<Record<IntervalVerdict, number>> = { held: 0, failed: 0, 'not-reconciled': 0, contradictory: 0 }

const sumOf = (counts: readonly Readonly<Record<IntervalVerdict, number>>[]): Record<IntervalVerdict, number> => {
  const sum = { ...NONE }
  for (const each of counts) for (const name of Object.keys(NONE) as IntervalVerdict[]) sum[name] += each[name]
  return sum
}

const iso = (at: EpochMs): string => new Date(at).toISOString()
