import { ascending } from './recorded.js'
import type { Position, RecordedEvent } from '../event-log.js'

type Batch = readonly RecordedEvent[]
/** A read in ascending order of positions that ends early when `stop` aborts. */
export type Source = (stop: AbortSignal) => AsyncGenerator<Batch>

type Lane = { batch: Batch; at: number; next: Promise<IteratorResult<Batch, unknown>> }

const headOfLane = ({ batch, at }: Lane): Position => (batch[at] as RecordedEvent).position

/**
 * Several reads as one, in the order of positions. Of each at most two batches are held: the one given out, and the one
 * that is on its way meanwhile. A read that fails ends the whole, after everything that lies before what it failed to
 * bring; so does `signal`, at once. Whoever turns away ends all of them.
 */
export async function* mergedByPosition(
  sources: readonly Source[],
  batchMax: number,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const stop = new AbortController()
  const pass = (): void => stop.abort(signal.reason)
  signal.addEventListener('abort', pass, { once: true })
  if (signal.aborted) pass()
  const reads = sources.map((source) => source(stop.signal))
  const pull = (read: AsyncGenerator<Batch>): Lane['next'] => {
    const next = read.next()
    // It may fail while another is waited for.
    next.catch(() => undefined)
    return next
  }
  const lanes = new Map(reads.map((read): [typeof read, Lane] => [read, { batch: [], at: 0, next: pull(read) }]))
  let merged: RecordedEvent[] = []
  let last: Position | undefined

  /** The lane's next batch, and the one after it on its way; or the lane has come to its end. */
  const refill = async (read: AsyncGenerator<Batch>, lane: Lane): Promise<void> => {
    const { done, value } = await lane.next
    if (done === true) lanes.delete(read)
    else Object.assign(lane, { batch: value, at: 0, next: pull(read) })
  }

  try {
    for (const [read, lane] of [...lanes]) await refill(read, lane)
    while (lanes.size > 0 && !stop.signal.aborted) {
      let [first, second]: ([AsyncGenerator<Batch>, Lane] | undefined)[] = [undefined, undefined]
      for (const each of lanes) {
        const head = headOfLane(each[1])
        if (first === undefined || head < headOfLane(first[1])) [first, second] = [each, first]
        else if (second === undefined || head < headOfLane(second[1])) second = each
      }
      const [read, lane] = first as [AsyncGenerator<Batch>, Lane]
      const bound = second === undefined ? undefined : headOfLane(second[1])
      do {
        const event = lane.batch[lane.at++] as RecordedEvent
        ascending(last, event)
        last = event.position
        merged.push(event)
        if (merged.length < batchMax) continue
        yield merged
        merged = []
      } while (lane.at < lane.batch.length && (bound === undefined || headOfLane(lane) < bound))
      if (lane.at === lane.batch.length) await refill(read, lane)
    }
    if (merged.length > 0 && !stop.signal.aborted) yield merged
  } catch (failure) {
    if (merged.length > 0) yield merged
    throw failure
  } finally {
    signal.removeEventListener('abort', pass)
    stop.abort()
    // Not waited for: one of them may be looking for a server.
    for (const read of reads) void read.return(undefined).catch(() => undefined)
  }
}
