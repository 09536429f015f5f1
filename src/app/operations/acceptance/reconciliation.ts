import { randomUUID } from 'node:crypto'
import { reconciliationsStream } from '../../../domain/stream-name.js'
import type { Interval } from '../../../domain/interval.js'
import { contentId } from '../../../log/content-id.js'
import type { EventLog, NewEvent } from '../../../log/event-log.js'
import type { Stats } from '../../reconcile/aggregates.js'
import type { ComparedFigure } from '../../reconcile/compare.js'
import type { ReconcileReport } from '../../reconcile/report/report.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { appendRecords } from './append-records.js'

export type Group = Readonly<Record<string, string>>

/** A figure on both sides; `metric` with its qualifier, if it has one: `tAgentRoutingStatus/IDLE`. */
export type KeptFigure = Readonly<{ group: Group; interval: Interval; metric: string; theirs: Stats; ours: Stats }>

/** A reconciliation as the log keeps it. Instants are ISO 8601, intervals epoch milliseconds. */
export type Reconciliation = Readonly<{
  id: string
  at: string
  by: string
  generation: string
  /** The answers of Genesys: file and SHA-256 of its bytes; null where they came from standard input. */
  source: Readonly<{ file: string; sha256: string | null }>
  /** What the operator said of the query. */
  query: Readonly<Record<string, unknown>>
  counts: ReconcileReport['figures']
  /** Groups that were compared, and the intervals of each: what neither side names in them is zero on both. */
  covered: readonly Readonly<{
    groups: readonly Group[]
    intervals: readonly (readonly [start: number, end: number])[]
  }>[]
  /** Source rows that contradict themselves; their figures were not compared. */
  quarantined: readonly Readonly<{ group: Group; interval: Interval }>[]
  /** Reasons of differences, by group, interval and metric. */
  reasons: readonly Readonly<{ group: Group; interval: Interval; metric: string; class: string; because: string }>[]
  figures: readonly KeptFigure[]
  /** Figures that were compared and are not kept, because there were more than `FIGURES_MAX`. */
  leftOut: number
  /** Neither side has anything in the range. */
  isEmpty?: true
}>

/** Figures that are kept of one reconciliation, about 100 bytes each. */
export const FIGURES_MAX = 200_000
const FIGURES_PER_EVENT = 4_000

/** Collects what a reconciliation tells on its way. */
export class ReconciliationRecord {
  readonly #figures: KeptFigure[] = []
  readonly #covered = new Map<string, { groups: Group[]; intervals: (readonly [number, number])[] }>()
  #leftOut = 0

  readonly figure = ({ place, theirs, ours }: ComparedFigure): void => {
    const { group, interval, metric, qualifier } = place
    if (this.#figures.length >= FIGURES_MAX) this.#leftOut++
    else
      this.#figures.push({
        group,
        interval,
        metric: qualifier === null ? metric : `${metric}/${qualifier}`,
        theirs,
        ours,
      })
  }

  readonly covered = (group: Group, intervals: readonly Interval[]): void => {
    const spelled = intervals.map(({ start, end }) => [start, end] as const)
    const key = JSON.stringify(spelled)
    const known = this.#covered.get(key)
    if (known === undefined) this.#covered.set(key, { groups: [group], intervals: spelled })
    else known.groups.push(group)
  }

  of(
    { generation, figures: counts, quarantined, differences }: ReconcileReport,
    about: Pick<Reconciliation, 'by' | 'at' | 'source' | 'query' | 'isEmpty'>,
  ): Reconciliation {
    return {
      ...about,
      ...{ id: randomUUID(), generation, counts, covered: [...this.#covered.values()] },
      quarantined: quarantined.map(({ group, interval }) => ({ group, interval })),
      reasons: differences.slice(0, FIGURES_MAX).map(({ group, interval, metric, qualifier, class: why, because }) => ({
        ...{ group, interval, metric: qualifier === null ? metric : `${metric}/${qualifier}`, class: why, because },
      })),
      ...{ figures: this.#figures, leftOut: this.#leftOut },
    }
  }
}

const FIGURES = 'ReconciledFigures'
const RECONCILED = 'Reconciled'

/** Stores a reconciliation: its figures in parts, and behind them what it was. Without that they count for nothing. */
export const storeReconciliation = async (
  logs: Pick<Logs, 'changingControl'>,
  tenant: string,
  { figures, ...said }: Reconciliation,
): Promise<void> => {
  const events: NewEvent[] = []
  const add = (type: string, part: number, body: object): void => {
    const data = Buffer.from(JSON.stringify({ id: said.id, ...body }))
    events.push({ id: contentId(type, tenant, said.id, String(part)), type, data, metadata: Buffer.from('{}') })
  }
  for (let from = 0; from < figures.length; from += FIGURES_PER_EVENT)
    add(FIGURES, from, { figures: figures.slice(from, from + FIGURES_PER_EVENT) })
  add(RECONCILED, 0, said)
  await logs.changingControl((control) => appendRecords(control, reconciliationsStream(tenant), events))
}

/** All reconciliations, in the order in which they were stored; one at a time is in memory. */
export async function* readReconciliations(control: EventLog, tenant: string): AsyncIterable<Reconciliation> {
  let figures: KeptFigure[] = []
  let of: string | undefined
  for await (const batch of control.readStream(reconciliationsStream(tenant)))
    for (const { type, data } of batch) {
      const said = JSON.parse(Buffer.from(data).toString('utf8')) as Reconciliation
      if (said.id !== of) [of, figures] = [said.id, []]
      if (type === FIGURES) figures.push(...said.figures)
      else yield { ...said, figures }
    }
}
