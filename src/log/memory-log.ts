import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { appendFault, decideAppend, erasedReason } from './append-rules.js'
import { changeSignal } from './change-signal.js'
import { LogUnavailable } from './event-log.js'
import type {
  AppendFailure,
  Appended,
  Erased,
  EventLog,
  Live,
  NewEvent,
  Position,
  ReadAll,
  ReadStream,
  RecordedEvent,
  StreamAppend,
  StreamLive,
  SubscribeStream,
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
  const log = new MemoryLog()
  return {
    append: async (appends) => log.append(appends),
    readStream: (stream, options) => log.readStream(stream, options),
    readAll: (options) => log.readAll(options),
    readStreams: (prefixes) => log.readAll({ prefixes }),
    subscribe: (options) => log.subscribe(options),
    subscribeStream: (stream, options) => log.subscribeStream(stream, options),
    id: async () => log.id(),
    head: async () => log.head(),
    erase: async (stream) => log.erase(stream),
    streamRevision: async (stream) => log.revisionOf(stream),
    close: async () => log.close(),
  }
}

type HeldStream = { events: RecordedEvent[]; ids: Set<string>; isErased?: true }

class MemoryLog {
  readonly #id = randomUUID()
  /** `undefined` where an event was erased. */
  readonly #all: (RecordedEvent | undefined)[] = []
  readonly #positions: Position[] = []
  readonly #streams = new Map<string, HeldStream>()
  readonly #change = changeSignal()
  #position = 0n
  #isClosed = false

  append(appends: readonly StreamAppend[]): readonly E.Either<AppendFailure, Appended>[] {
    const answers = appends.map((append) => this.#appendOne(append))
    this.#change.notify()
    return answers
  }

  readStream(stream: string, options?: ReadStream): AsyncGenerator<readonly RecordedEvent[]> {
    return readEvents(() => {
      this.#unlessClosed()
      return this.#streams.get(stream)?.events ?? []
    }, options)
  }

  async *readAll(options: ReadAll = {}): AsyncGenerator<readonly RecordedEvent[]> {
    this.#unlessClosed()
    const head = this.#positions.at(-1)
    const { through } = options
    const end = through === undefined || (head !== undefined && head < through) ? head : through
    for (let after = options.after; end !== undefined; await yieldToEventLoop()) {
      const seen = this.#scan(after, end, options)
      if (seen.events.length > 0) yield seen.events
      if (seen.atHead) return
      after = seen.through
    }
  }

  subscribe(options: ReadAll & Readonly<{ signal: AbortSignal }>): AsyncGenerator<Live> {
    const scan = (after: Position | undefined): Scan => this.#scan(after, options.through, options)
    return follow(options, { scan, changed: this.#change.next })
  }

  subscribeStream(stream: string, options: SubscribeStream): AsyncGenerator<StreamLive> {
    return followStream(options, {
      readFrom: (from) => this.readStream(stream, { from, batchMax: options.batchMax }),
      lastRevision: () => this.revisionOf(stream),
      changed: this.#change.next,
    })
  }

  id(): string {
    this.#unlessClosed()
    return this.#id
  }

  head(): Position | undefined {
    this.#unlessClosed()
    return this.#positions.at(-1)
  }

  revisionOf(stream: string): number | undefined {
    this.#unlessClosed()
    const held = this.#streams.get(stream)
    return held === undefined || held.isErased === true ? undefined : held.events.length - 1
  }

  erase(stream: string): E.Either<AppendFailure, Erased> {
    if (this.#isClosed) return E.left({ tag: 'Refused', reason: 'the log is closed' })
    const held = this.#streams.get(stream)
    for (const { position } of held?.events ?? []) this.#all[firstAfter(this.#positions, position) - 1] = undefined
    if (held !== undefined) this.#streams.set(stream, { events: [], ids: new Set(), isErased: true })
    this.#change.notify()
    return E.right({ events: held?.events.length ?? 0 })
  }

  close(): void {
    this.#isClosed = true
    this.#change.fail(new LogUnavailable('the log is closed'))
  }

  #appendOne(append: StreamAppend): E.Either<AppendFailure, Appended> {
    if (this.#isClosed) return E.left({ tag: 'Refused', reason: 'the log is closed' })
    const fault = appendFault(append)
    if (fault !== undefined) return E.left(fault)
    const held = this.#streams.get(append.stream)
    if (held?.isErased === true) return E.left({ tag: 'Refused', reason: erasedReason(append.stream), isErased: true })
    const decision = decideAppend(append, (held?.events.length ?? 0) - 1, (id) => held?.ids.has(id) === true)
    if (E.isLeft(decision)) return decision
    const { fresh, stored } = decision.right
    return E.right({ revision: this.#store(append.stream, fresh), stored })
  }

  #store(stream: string, events: readonly NewEvent[]): number {
    const held = this.#streams.get(stream) ?? { events: [], ids: new Set<string>() }
    if (events.length > 0) this.#streams.set(stream, held)
    for (const event of events) {
      this.#position += BigInt(1 + event.data.byteLength + event.metadata.byteLength)
      // Copied, because the caller may use its buffers again.
      const [data, metadata] = [new Uint8Array(event.data), new Uint8Array(event.metadata)]
      const { id, type } = event
      const recorded = { id, type, data, metadata, stream, revision: held.events.length, position: this.#position }
      held.events.push(recorded)
      held.ids.add(event.id)
      this.#all.push(recorded)
      this.#positions.push(this.#position)
    }
    return held.events.length - 1
  }

  /** One batch after `after`, through `end`. Scans at most ten times `batchMax` events if few match. */
  #scan(after: Position | undefined, end: Position | undefined, { prefixes, batchMax = BATCH_MAX }: ReadAll): Scan {
    this.#unlessClosed()
    const events: RecordedEvent[] = []
    let through = after
    let at = after === undefined ? 0 : firstAfter(this.#positions, after)
    const stop = at + 10 * batchMax
    for (; at < this.#all.length && at < stop && events.length < batchMax; at++) {
      const event = this.#all[at]
      const position = this.#positions[at]!
      if (end !== undefined && position > end) return { events, through: end, atHead: true }
      through = position
      if (event !== undefined && matches(event.stream, prefixes)) events.push(event)
    }
    return { events, through, atHead: at >= this.#all.length }
  }

  #unlessClosed(): void {
    if (this.#isClosed) throw new LogUnavailable('the log is closed')
  }
}

async function* readEvents(
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
