import { kpiStream } from '../domain/stream-name.js'
import type { EventLog, Position } from '../log/event-log.js'
import { checkpointIn, readKpiEvent } from './kpi-stream.js'

/** The rows of a batch in a KPI stream: `through` is its checkpoint's raw position, `undefined` where it is missing. */
type PublishedBatch = Readonly<{ through: Position | undefined; revisions: ReadonlyMap<string, number> }>

/**
 * Which rows a generation has published: the revision of each by row key. Read in step with a fold of the raw log that
 * begins behind `after` (at the beginning if absent), so that memory holds one stretch of the stream and not all of it.
 */
export class PublishedRevisions {
  private readonly batches: AsyncIterator<PublishedBatch>
  private next: PublishedBatch | undefined
  private isAtEnd = false

  constructor(kpi: EventLog, tenant: string, generation: string, after: Position | undefined) {
    this.batches = batchesAfter(kpi, kpiStream(tenant, generation), after)[Symbol.asyncIterator]()
  }

  /** The rows since the last call of batches that go through `position` at most. */
  through(position: Position): Promise<ReadonlyMap<string, number>> {
    return this.take((batch) => batch.through !== undefined && batch.through <= position)
  }

  /** The rows since the last call to the end of the stream, also of a batch that was cut short. */
  rest(): Promise<ReadonlyMap<string, number>> {
    return this.take(() => true)
  }

  private async take(isWanted: (batch: PublishedBatch) => boolean): Promise<ReadonlyMap<string, number>> {
    const revisions = new Map<string, number>()
    for (;;) {
      const batch = await this.peek()
      if (batch === undefined || !isWanted(batch)) return revisions
      for (const [key, revision] of batch.revisions) revisions.set(key, revision)
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
  let revisions = new Map<string, number>()
  for await (const batch of kpi.readStream(stream, { from }))
    for (const event of batch) {
      const stored = readKpiEvent(event)
      if (stored?.kind === 'row') revisions.set(stored.header.key, stored.header.revision)
      const checkpoint = checkpointIn(event)
      if (checkpoint === undefined) continue
      yield { through: checkpoint.position, revisions }
      revisions = new Map()
    }
  if (revisions.size > 0) yield { through: undefined, revisions }
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
