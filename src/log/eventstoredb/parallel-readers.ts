import { BATCH_MAX, readAllThrough } from './all.js'
import type { EventStoreDbConnection } from './connection.js'
import type { Position, ReadAll, RecordedEvent } from '../event-log.js'
import { mergedByPosition } from './merge.js'
import type { Source } from './merge.js'

type Prefixes = readonly string[] | undefined

/**
 * Prefixes shared out among as many readers at most, so that no name is read by two of them: one that begins with
 * another is covered by it and left out. Without prefixes there is nothing to share out.
 */
export const lanesOf = (prefixes: Prefixes, readers: number): readonly Prefixes[] => {
  if (prefixes === undefined || prefixes.length === 0 || readers < 2) return [prefixes]
  const apart: string[] = []
  // In their order whatever begins with a prefix comes right after it.
  for (const prefix of [...prefixes].sort()) {
    const last = apart.at(-1)
    if (last === undefined || !prefix.startsWith(last)) apart.push(prefix)
  }
  return Array.from({ length: Math.min(readers, apart.length) }, (_, lane) =>
    apart.filter((_prefix, i) => i % readers === lane),
  )
}

/** What matches after a position and through another, as `readAllThrough` reads it; ends early when `signal` aborts. */
export type ReadThrough = (
  options: ReadAll & Readonly<{ through: Position }>,
  signal: AbortSignal,
) => AsyncGenerator<readonly RecordedEvent[]>

/**
 * Reads over several connections at the same time, each with its share of the prefixes, and gives one sequence in the
 * order of positions. A stretch of the log shorter than `fromBytes` (positions count bytes) is read over the first
 * alone: the server looks through the log once for each reader.
 */
export const readThroughLanes =
  (connections: readonly [EventStoreDbConnection, ...EventStoreDbConnection[]], fromBytes: number): ReadThrough =>
  (options, signal) => {
    const { after = 0n, through, prefixes, batchMax = BATCH_MAX } = options
    const lanes = through - after < BigInt(fromBytes) ? [prefixes] : lanesOf(prefixes, connections.length)
    if (lanes.length === 1) return readAllThrough(connections[0], options, signal)
    // Small ones: several of each are held at a time.
    const each = { ...options, batchMax: Math.min(batchMax, BATCH_MAX) }
    const sources = lanes.map((lane, i): Source => {
      const connection = connections[i] ?? connections[0]
      return (stop) => readAllThrough(connection, { ...each, prefixes: lane }, stop)
    })
    return mergedByPosition(sources, batchMax, signal)
  }
