import { leftName } from '../domain/kpi-event.js'
import { intervalName } from '../domain/interval-complete.js'
import type { Published, PublishedMarker } from '../domain/published.js'
import { kpiStream } from '../domain/stream-name.js'
import type { EventLog, Position } from '../log/event-log.js'
import { checkpointIn } from './kpi-stream/marks.js'
import { readKpiEvent } from './kpi-stream/stored.js'

/** A batch in a KPI stream: `through` is its checkpoint's raw position, `undefined` where it is missing. */
type PublishedBatch = Readonly<{ through: Position | undefined; published: Published }>

/**
 * What a generation has published: rows and markers. Read in step with a fold of the raw log that
 * begins behind `after` (at the beginning if absent), so that memory holds one stretch of the stream and not all of it.
 */
export class PublishedRevisions {
  private readonly batches: AsyncIterator<PublishedBatch>
  private next: PublishedBatch | undefined
  private isAtEnd = false

  constructor(kpi: EventLog, tenant: string, generation: string, after: Position | undefined) {
    this.batches = batchesAfter(kpi, kpiStream(tenant, generation), after)[Symbol.asyncIterator]()
  }

  /** What was published since the last call by batches that go through `position` at most. */
  through(position: Position): Promise<Published> {
    return this.take((batch) => batch.through !== undefined && batch.through <= position)
  }

  /** What was published since the last call to the end of the stream, also of a batch that was cut short. */
  rest(): Promise<Published> {
    return this.take(() => true)
  }

  private async take(isWanted: (batch: PublishedBatch) => boolean): Promise<Published> {
    const all = nothingYet()
    for (;;) {
      const batch = await this.peek()
      if (batch === undefined || !isWanted(batch)) return all
      for (const [key, revision] of batch.published.rows) all.rows.set(key, revision)
      for (const [name, marker] of batch.published.markers) all.markers.set(name, marker)
      for (const name of batch.published.left) all.left.add(name)
      this.next = undefined
    }
  }

  private async peek(): Promise<PublishedBatch | undefined> {
    if (this.next !== undefined || this.isAtEnd) return this.next
    const { done, value } = (await this.batches.next()) as IteratorResult<PublishedBatch, undefined>
    this.isAtEnd = done === true
    return (this.next = value)
  }
}

const nothingYet = (): { rows: Map<string, number>; markers: Map<string, PublishedMarker>; left: Set<string> } => ({
  rows: new Map(),
  markers: new Map(),
  left: new Set(),
})

/**
 * The batches of a KPI stream from the first that a state at `after` may lack. Several batches may go through one
 * position, and the state may have been saved between two of them: so it begins behind the last checkpoint that lies
 * before `after`.
 */
async function* batchesAfter(
  kpi: EventLog,
  stream: string,
  after: Position | undefined,
): AsyncGenerator<PublishedBatch, undefined> {
  const from = after === undefined ? 0 : await revisionBehind(kpi, stream, after)
  let published = nothingYet()
  for await (const batch of kpi.readStream(stream, { from }))
    for (const event of batch) {
      const stored = readKpiEvent(event)
      if (stored?.kind === 'row') published.rows.set(stored.header.key, stored.header.revision)
      if (stored?.kind === 'interval-complete') published.markers.set(intervalName(stored.marker), stored.marker)
      if (stored?.kind === 'left') published.left.add(leftName(stored.left))
      const checkpoint = checkpointIn(event)
      if (checkpoint === undefined) continue
      yield { through: checkpoint.position, published }
      published = nothingYet()
    }
  if (published.rows.size + published.markers.size + published.left.size > 0) yield { through: undefined, published }
  return undefined
}

/** The revision behind the last checkpoint that lies before a raw position. */
const revisionBehind = async (kpi: EventLog, stream: string, position: Position): Promise<number> => {
  for await (const batch of kpi.readStream(stream, { backwards: true, batchMax: 1_000 }))
    for (const event of batch) {
      const checkpoint = checkpointIn(event)
      if (checkpoint !== undefined && checkpoint.position < position) return event.revision + 1
    }
  return 0
}
