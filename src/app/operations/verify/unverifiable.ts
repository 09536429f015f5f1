import { families } from '../../../domain/family.js'
import type { ConfigurationFact, StreamErased } from '../../../domain/fact.js'
import type { IntervalComplete } from '../../../domain/interval-complete.js'
import { rowKey } from '../../../domain/row.js'
import type { RowHeader } from '../../../contract/row-header.js'
import { KpiProjection } from '../../../projections/kpi-projection.js'
import { configurationIn, type Reading } from '../../pipeline/projector/known-at-start.js'

type RowOf = Pick<RowHeader, 'key' | 'family' | 'dimensions' | 'granularity' | 'start'>

/**
 * What a fold cannot give again because raw events were erased after the generation had folded them: rows that counted
 * points of them, and the markers that count these rows.
 */
export class Unverifiable {
  /** Row revisions that were passed over. */
  rows = 0
  private readonly keys: ReadonlySet<string>
  private readonly intervals: ReadonlySet<string>
  private readonly users: readonly string[]

  static async of(reading: Reading, gone: readonly StreamErased[]): Promise<Unverifiable> {
    if (gone.length === 0) return new Unverifiable([], [])
    const configuration: ConfigurationFact[] = []
    for await (const { facts } of configurationIn(reading)) configuration.push(...facts)
    const { tenant, generation } = reading
    // In history a note of an erasure gives a row for each that lost something.
    const projection = new KpiProjection(tenant, generation.profile, { configuration, inHistory: true })
    for (const fact of gone) projection.apply(fact)
    const rows = projection.drainEvents('all').flatMap((event) => (event.kind === 'row' ? [event.row] : []))
    const users = gone.flatMap(({ stream }) => /\.user-(.*)$/.exec(stream)?.[1] ?? [])
    return new Unverifiable(
      rows.map((row) => ({ ...row, key: rowKey(row) })),
      users,
    )
  }

  private constructor(rows: readonly RowOf[], users: readonly string[]) {
    this.keys = new Set(rows.map(({ key }) => key))
    this.intervals = new Set(rows.map(intervalOf))
    this.users = users
  }

  /** Is it a row that cannot be computed again? Counts it. */
  row(row: RowOf): boolean {
    const isOne = this.keys.has(row.key) || this.isOfUser(row)
    if (isOne) this.rows += 1
    return isOne
  }

  marker(marker: IntervalComplete): boolean {
    return (
      this.intervals.has(intervalOf(marker)) ||
      (this.users.length > 0 && families[marker.family].dimensions.includes('userId'))
    )
  }

  /** Times in states are not in the note. */
  private isOfUser({ family, dimensions }: RowOf): boolean {
    if (this.users.length === 0) return false
    const user = dimensions[families[family].dimensions.indexOf('userId')]
    return typeof user === 'string' && this.users.includes(user)
  }
}

const intervalOf = ({ family, granularity, start }: Pick<RowHeader, 'family' | 'granularity' | 'start'>): string =>
  `${family}/${granularity}/${start}`
