import { batchBeganIn, checkpointIn, type RawMark } from '../../../contract/kpi-stream/marks.js'
import { readKpiEvent, type StoredKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream } from '../../../domain/stream-name.js'
import type { EventLog, RecordedEvent } from '../../../log/event-log.js'

export type StoredRowEvent = Extract<StoredKpiEvent, { kind: 'row' }>

/** What a projector appended at once: the output of its fold at the raw position of `mark`. */
export type KpiBatch = Readonly<{
  mark: RawMark
  /** Revision of the checkpoint in the KPI stream. */
  revision: number
  rows: readonly StoredRowEvent[]
  others: readonly Exclude<StoredKpiEvent, StoredRowEvent>[]
  /** Events that are no datum of the schema that they name. */
  unreadable: readonly RecordedEvent[]
  /** It needed several appends. If a crash came between them, what the second run had to add was added. */
  isInParts: boolean
  /** The last one, cut short by a crash: the projector completes it when it runs again. */
  isCutShort: boolean
}>

type Gathered = Pick<KpiBatch, 'rows' | 'others' | 'unreadable' | 'isInParts'>

/**
 * The batches of a generation's KPI stream through a revision. Rows behind the last checkpoint are of a batch that was
 * cut short; if nothing says so, they are told as if they were of the last batch, where the fold does not give them.
 */
export async function* kpiBatches(
  kpi: EventLog,
  tenant: string,
  generation: string,
  through: number,
): AsyncGenerator<KpiBatch> {
  let last: RawMark | undefined
  let began: RawMark | undefined
  let gathered = nothing()
  for await (const events of kpi.readStream(kpiStream(tenant, generation), { max: through + 1 }))
    for (const event of events) {
      const mark = checkpointIn(event)
      if (mark !== undefined) {
        yield { ...gathered, isInParts: began !== undefined, mark, revision: event.revision, isCutShort: false }
        last = mark
        began = undefined
        gathered = nothing()
        continue
      }
      began = batchBeganIn(event) ?? began
      const stored = readOrUndefined(event)
      if (stored === 'unreadable') gathered.unreadable.push(event)
      else if (stored?.kind === 'row') gathered.rows.push(stored)
      else if (stored !== undefined) gathered.others.push(stored)
    }
  const mark = began ?? last
  if (mark !== undefined && hasOutput(gathered))
    yield { ...gathered, isInParts: true, mark, revision: through, isCutShort: true }
}

const nothing = (): { [K in keyof Omit<Gathered, 'isInParts'>]: Gathered[K][number][] } => ({
  rows: [],
  others: [],
  unreadable: [],
})

/** Does a batch show that the projector gave out rows? A checkpoint alone may be written in between. */
export const hasOutput = ({ rows, others, unreadable }: Omit<Gathered, 'isInParts'>): boolean =>
  rows.length + others.length + unreadable.length > 0

const readOrUndefined = (event: RecordedEvent): StoredKpiEvent | undefined | 'unreadable' => {
  try {
    return readKpiEvent(event)
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof SyntaxError) return 'unreadable'
    throw cause
  }
}
