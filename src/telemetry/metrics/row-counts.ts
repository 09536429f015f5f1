import type { FamilyName } from '../../domain/family.js'
import type { FlatRow } from '../../domain/flat-row.js'
import type { KpiEvent } from '../../domain/kpi-event.js'
import type { Correction, RowStatus } from '../../domain/row.js'

/** How many rows a batch puts out, of which kinds. */
export class RowCounts {
  readonly byFamily = new Map<FamilyName, Record<RowStatus, number>>()
  readonly byCorrection = new Map<Correction, number>()
  all = 0;

  /** The same events; each row is counted when it is taken. */
  *counted(events: Iterable<KpiEvent>): Generator<KpiEvent, void, undefined> {
    for (const event of events) {
      if (event.kind === 'row') this.count(event.row)
      yield event
    }
  }

  private count({ family, status, correction }: FlatRow): void {
    this.all += 1
    let counts = this.byFamily.get(family)
    if (counts === undefined) this.byFamily.set(family, (counts = { provisional: 0, final: 0, corrected: 0 }))
    counts[status] += 1
    if (correction !== null) this.byCorrection.set(correction, (this.byCorrection.get(correction) ?? 0) + 1)
  }
}
