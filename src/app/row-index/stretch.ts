import type { RowPlace } from '../../contract/row-header.js'
import type { IntervalComplete } from '../../domain/interval-complete.js'
import type { EpochMs } from '../../domain/interval.js'
import { checkpointKey, encodeRevisions, KIND, postingKey, type Sort } from './postings.js'

type Posting = Readonly<{ kind: number; sort: Sort; start: EpochMs; revisions: number[] }>

/** What the row index takes from a stretch of a KPI stream, gathered by kind and interval. */
export class Stretch {
  private readonly postings = new Map<string, Posting>()
  private readonly checkpoints: number[] = []
  private readonly ends = new Map<string, [sort: Sort, end: EpochMs]>()

  addRow(revision: number, { family, granularity, start, end, status }: RowPlace): void {
    const sort = { family, granularity }
    const name = `${family}/${granularity}`
    this.post(KIND.rows, sort, name, start, revision)
    if (status === 'corrected') this.post(KIND.corrections, sort, name, start, revision)
    if (status === 'provisional') return
    const known = this.ends.get(name)
    if (known === undefined) this.ends.set(name, [sort, end])
    else known[1] = Math.max(known[1], end)
  }

  addMarker(revision: number, { family, granularity, start, rows }: IntervalComplete): void {
    this.post(rows > 0 ? KIND.markers : KIND.gaps, { family, granularity }, `${family}/${granularity}`, start, revision)
  }

  addCheckpoint(revision: number): void {
    this.checkpoints.push(revision)
  }

  /** Keys and values to store. */
  *puts(): Iterable<readonly [key: Buffer, value: Buffer]> {
    for (const { kind, sort, start, revisions } of this.postings.values())
      yield [postingKey(kind, sort, start, revisions[0]!), encodeRevisions(revisions)]
    for (const revision of this.checkpoints) yield [checkpointKey(revision), Buffer.alloc(0)]
  }

  /** For each sort of rows, the latest end of an interval of which a row was final. */
  closed(): Iterable<readonly [Sort, EpochMs]> {
    return this.ends.values()
  }

  private post(kind: number, sort: Sort, name: string, start: EpochMs, revision: number): void {
    const id = `${kind}/${name}/${start}`
    const known = this.postings.get(id)
    if (known === undefined) this.postings.set(id, { kind, sort, start, revisions: [revision] })
    else known.revisions.push(revision)
  }
}
