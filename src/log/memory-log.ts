import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { appendFault, decideAppend, erasedReason } from './append-rules.js'
import { changeSignal } from './change-signal.js'
import { LogUnavailable } from './event-log.js'
import type {
  AppendFailure,
  Appended,
  EventLog,
  NewEvent,
  Position,
  ReadAll,
  ReadStream,
  RecordedEvent,
  StreamAppend,
} from './event-log.js'
import { followStream } from './follow-stream.js'
import { yieldToEventLoop, follow } from './follow.js'
import type { Scan } from './follow.js'

const BATCH_MAX = 1_000

/**
 * The reference adapter: the contract and nothing else, in the memory of one process, and durable as long as the
 * process. Positions grow by more than one, like those of a log that counts bytes, so that no caller relies on dense
 * positions.
 */
export const memoryLog = (): EventLog => {
  /** `undefined` where an event was erased. */
  const all: (RecordedEvent | undefined)[] = []
  const positions: Position[] = []
  const streams = new Map<string, { events: RecordedEvent[]; ids: Set<string>; isErased?: true }>()
  const change = changeSignal()
  const id = randomUUID()
  let position = 0n
  let closed = false

  const unlessClosed = (): void => {
    if (closed) throw new LogUnavailable('the log is closed')
  }

  const store = (stream: string, events: readonly NewEvent[]): number => {
    const held = streams.get(stream) ?? { events: [], ids: new Set<string>() }
    if (events.length > 0) streams.set(stream, held)
    for (const event of events) {
      position += BigInt(1 + event.data.byteLength + event.metadata.byteLength)
      // Copied, because the caller may use its buffers again.
      const recorded = {
        ...event,
        data: event.data.slice(),
        metadata: event.metadata.slice(),
        stream,
        revision: held.events.length,
        position,
      }
      held.events.push(recorded)
      held.ids.add(event.id)
      all.push(recorded)
      positions.push(position)
    }
    return held.events.length - 1
  }

  const appendOne = (append: StreamAppend): E.Either<AppendFailure, Appended> => {
    const reason = closed ? 'the log is closed' : appendFault(append)
    if (reason !== undefined) return E.left({ tag: 'Refused', reason })
    const held = streams.get(append.stream)
    if (held?.isErased === true) return E.left({ tag: 'Refused', reason: erasedReason(append.stream), isErased: true })
    const decision = decideAppend(append, (held?.events.length ?? 0) - 1, (id) => held?.ids.has(id) === true)
    if (E.isLeft(decision)) return decision
    return E.right({ revision: store(append.stream, decision.right.fresh), stored: decision.right.stored })
  }

  /** One batch after `after`, through `end`. Scans at most ten times `batchMax` events if few match. */
  const scan = (
    after: Position | undefined,
    end: Position | undefined,
    { prefixes, batchMax = BATCH_MAX }: ReadAll,
  ): Scan => {
    unlessClosed()
    const events: RecordedEvent[] = []
    let through = after
    let at = after === undefined ? 0 : firstAfter(positions, after)
    const stop = at + 10 * batchMax
    for (; at < all.length && at < stop && events.length < batchMax; at++) {
      const event = all[at]
      if (end !== undefined && positions[at]! > end) return { events, through: end, atHead: true }
      through = positions[at]
      if (event !== undefined && matches(event.stream, prefixes)) events.push(event)
    }
    return { events, through, atHead: at >= all.length }
  }

  const read = (stream: string, options?: ReadStream) =>
    readStream(() => (unlessClosed(), streams.get(stream)?.events ?? []), options)
  const revisionOf = (stream: string): number | undefined => {
    unlessClosed()
    const held = streams.get(stream)
    return held === undefined || held.isErased === true ? undefined : held.events.length - 1
  }

  return {
    append: async (appends) => {
      const answers = appends.map(appendOne)
      change.notify()
      return answers
    },
    readStream: read,
    readAll: async function* (options = {}) {
      unlessClosed()
      const head = positions.at(-1)
      const end =
        options.through === undefined || (head !== undefined && head < options.through) ? head : options.through
      for (let after = options.after; end !== undefined; await yieldToEventLoop()) {
        const seen = scan(after, end, options)
        if (seen.events.length > 0) yield seen.events
        if (seen.atHead) return
        after = seen.through
      }
    },
    subscribe: (options) =>
      follow(options, { scan: (after) => scan(after, options.through, options), changed: change.next }),
    subscribeStream: (stream, options) =>
      followStream(options, {
        readFrom: (from) => read(stream, { from, batchMax: options.batchMax }),
        lastRevision: () => revisionOf(stream),
        changed: change.next,
      }),
    id: async () => (unlessClosed(), id),
    head: async () => (unlessClosed(), positions.at(-1)),
    erase: async (stream) => {
      if (closed) return E.left({ tag: 'Refused', reason: 'the log is closed' })
      const held = streams.get(stream)
      for (const { position } of held?.events ?? []) all[firstAfter(positions, position) - 1] = undefined
      if (held !== undefined) streams.set(stream, { events: [], ids: new Set(), isErased: true })
      change.notify()
      return E.right({ events: held?.events.length ?? 0 })
    },
    streamRevision: async (stream) => revisionOf(stream),
    close: async () => {
      closed = true
      change.fail(new LogUnavailable('the log is closed'))
    },
  }
}

async function* readStream(
  events: () => readonly RecordedEvent[],
  options: ReadStream = {},
): AsyncGenerator<readonly RecordedEvent[]> {
  const { backwards = false, max = Infinity, batchMax = BATCH_MAX } = options
  const count = events().length
  const first = options.from ?? (backwards ? count - 1 : 0)
  const step = backwards ? -1 : 1
  let left = Math.min(max, backwards ? Math.min(first, count - 1) + 1 : count - first)
  for (let at = backwards ? Math.min(first, count - 1) : first; left > 0; await yieldToEventLoop()) {
    const size = Math.min(left, batchMax)
    const batch = Array.from({ length: size }, (_, i) => events()[at + i * step]!)
    yield batch
    at += size * step
    left -= size
  }
}

const matches = (stream: string, prefixes: readonly string[] | undefined): boolean =>
  prefixes === undefined || prefixes.some((prefix) => stream.startsWith(prefix))

const firstAfter = (positions: readonly Position[], after: Position): number => {
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (positions[middle]! <= after) low = middle + 1
    else high = middle
  }
  return low
}
