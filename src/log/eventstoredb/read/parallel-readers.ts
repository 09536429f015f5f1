import type { EventStoreDbConnection } from '../client/connection.js'
import type { Position, RecordedEvent } from '../../event-log.js'
import { BATCH_MAX, Reader } from './reader.js'
import { allOf } from './sources.js'
import { ascending } from '../client/wire.js'

type Prefixes = readonly string[] | undefined

/**
 * Divides prefixes among at most this many readers, so that no stream is read by two of them: a prefix that begins
 * with another is covered by it and left out. Without prefixes one reader reads everything.
 */
export const sharesOf = (prefixes: Prefixes, readers: number): readonly Prefixes[] => {
  if (prefixes === undefined || prefixes.length === 0 || readers < 2) return [prefixes]
  const apart: string[] = []
  // In sorted order, prefixes that begin with another follow it.
  for (const prefix of [...prefixes].sort()) {
    const last = apart.at(-1)
    if (last === undefined || !prefix.startsWith(last)) apart.push(prefix)
  }
  return Array.from({ length: Math.min(readers, apart.length) }, (_, reader) =>
    apart.filter((_prefix, i) => i % readers === reader),
  )
}

/**
 * Reads a part of the log over several connections at the same time, each with its share of the prefixes, and yields
 * one sequence in the order of positions. `undefined` where the shares are one, or the part is shorter than
 * `fromBytes` (positions count bytes): the server looks through it once per connection.
 */
export const readInParallel = (
  connections: readonly EventStoreDbConnection[],
  options: Readonly<{ prefixes: Prefixes; batchMax?: number | undefined; fromBytes: number; headPollMs: number }>,
  [after = 0n, end]: readonly [Position | undefined, Position],
  signal: AbortSignal,
): AsyncGenerator<Batch> | undefined => {
  const { prefixes, batchMax = BATCH_MAX, fromBytes, headPollMs } = options
  const shares = end - after < BigInt(fromBytes) ? [prefixes] : sharesOf(prefixes, connections.length)
  if (shares.length === 1) return undefined
  // Small batches: several are held per connection.
  const range = { after, through: end, batchMax: Math.min(batchMax, BATCH_MAX) }
  const sources = connections.slice(0, shares.length).map(
    (connection, i): Source =>
      (stop) =>
        eventsThrough(new Reader(allOf(connection, shares[i]), range, { connection, signal: stop, headPollMs }), end),
  )
  return mergedByPosition(sources, batchMax, signal)
}

/** The events alone that a reader delivers up to a place. */
export async function* eventsThrough(reader: Reader, end: Position): AsyncGenerator<Batch> {
  try {
    for await (const progress of reader.upTo(end)) if (progress.kind === 'events') yield progress.events
  } finally {
    reader.endSubscription()
  }
}

type Batch = readonly RecordedEvent[]
/** A read in ascending order of positions that ends early when `stop` aborts. */
export type Source = (stop: AbortSignal) => AsyncGenerator<Batch>

type Input = { batch: Batch; at: number; next: Promise<IteratorResult<Batch, unknown>> }

const nextPosition = ({ batch, at }: Input): Position => (batch[at] as RecordedEvent).position

/**
 * Merges several reads in the order of positions. At most two batches of each are held: the current one, and the next,
 * which is on its way meanwhile. A read that fails ends the whole, after all events before the one it failed to
 * deliver; `signal` ends it at once. A consumer that stops ends all reads.
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
  const pull = (read: AsyncGenerator<Batch>): Input['next'] => {
    const next = read.next()
    // It may fail while another read is awaited.
    next.catch(() => undefined)
    return next
  }
  const readers = new Map(reads.map((read): [typeof read, Input] => [read, { batch: [], at: 0, next: pull(read) }]))
  let merged: RecordedEvent[] = []
  let last: Position | undefined

  /** Takes the reader's next batch and requests the one after it; or removes a reader that has ended. */
  const refill = async (read: AsyncGenerator<Batch>, reader: Input): Promise<void> => {
    const { done, value } = await reader.next
    if (done === true) readers.delete(read)
    else Object.assign(reader, { batch: value, at: 0, next: pull(read) })
  }

  try {
    for (const [read, reader] of [...readers]) await refill(read, reader)
    while (readers.size > 0 && !stop.signal.aborted) {
      let [first, second]: ([AsyncGenerator<Batch>, Input] | undefined)[] = [undefined, undefined]
      for (const each of readers) {
        const head = nextPosition(each[1])
        if (first === undefined || head < nextPosition(first[1])) [first, second] = [each, first]
        else if (second === undefined || head < nextPosition(second[1])) second = each
      }
      const [read, reader] = first as [AsyncGenerator<Batch>, Input]
      const bound = second === undefined ? undefined : nextPosition(second[1])
      do {
        const event = reader.batch[reader.at++] as RecordedEvent
        ascending(last, event)
        last = event.position
        merged.push(event)
        if (merged.length < batchMax) continue
        yield merged
        merged = []
      } while (reader.at < reader.batch.length && (bound === undefined || nextPosition(reader) < bound))
      if (reader.at === reader.batch.length) await refill(read, reader)
    }
    if (merged.length > 0 && !stop.signal.aborted) yield merged
  } catch (failure) {
    if (merged.length > 0) yield merged
    throw failure
  } finally {
    signal.removeEventListener('abort', pass)
    stop.abort()
    // Not awaited: one of them may be looking for a server.
    for (const read of reads) void read.return(undefined).catch(() => undefined)
  }
}
