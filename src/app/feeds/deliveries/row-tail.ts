import { familyOf, readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import type { FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import type { EpochMs } from '../../../domain/interval.js'
import { kpiStream } from '../../../domain/stream-name.js'
import type { RowsOf } from '../../row-index/row-index.js'

/** What came in the rows of one family and length: starts of rows that changed, and whether intervals were closed. */
export type News = Readonly<{ changed: ReadonlySet<EpochMs>; isClosed: boolean }>

/** Follows a stream of rows from its end on, so that a look costs what came since the last one. */
export class RowTail {
  readonly of: RowsOf
  readonly #family: FamilyName
  readonly #granularity: Granularity
  #revision: number

  /** `after`: the revision that was dealt with otherwise. */
  constructor(of: RowsOf, family: FamilyName, granularity: Granularity, after: number) {
    this.of = of
    this.#family = family
    this.#granularity = granularity
    this.#revision = after
  }

  async advance(): Promise<News> {
    const { kpi, tenant, generation } = this.of
    const changed = new Set<EpochMs>()
    let isClosed = false
    for await (const events of kpi.readStream(kpiStream(tenant, generation), { from: this.#revision + 1 }))
      for (const event of events) {
        this.#revision = event.revision
        const family = familyOf(event)
        if (family !== undefined && family !== this.#family) continue
        const stored = readKpiEvent(event)
        if (stored?.kind === 'row' && stored.header.granularity === this.#granularity) changed.add(stored.header.start)
        if (stored?.kind === 'interval-complete' && stored.marker.family === this.#family) isClosed = true
      }
    return { changed, isClosed }
  }
}
