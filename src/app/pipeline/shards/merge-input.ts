import { setMaxListeners } from 'node:events'
import { pointsHead, readPoints, revisionBeyond, type PointsHead } from '../../../contract/points/points-stream.js'
import type { PlacedOperation } from '../../../contract/points/operation-codec.js'
import type { PointOperation } from '../../../domain/point-operation.js'
import { allBuckets, pointsStream, sharedPrefixes } from '../../../domain/stream-name.js'
import { changeSignal, type ChangeSignal } from '../../../log/change-signal.js'
import type { EventLog, Position, RecordedEvent } from '../../../log/event-log.js'

/**
 * All that happens to cells at one raw position: an event of the clock or the configuration, the operations that
 * buckets found there, or both.
 */
export type MergedItem = Readonly<{
  position: Position
  event: RecordedEvent | undefined
  operations: readonly PointOperation[]
}>

/** `items`: in the order of the raw log. Every bucket, the clock and the configuration have passed `through`. */
export type Merged =
  | Readonly<{ kind: 'batch'; items: readonly MergedItem[]; through: Position }>
  /** Everything that is there was delivered. */
  | Readonly<{ kind: 'caught-up' }>

export type MergeInputOptions = Readonly<{
  tenant: string
  generation: string
  raw: EventLog
  /** The log that holds the points streams. */
  points: EventLog
  /** What lies through here is left out; `undefined`: nothing is. */
  after: Position | undefined
  signal: AbortSignal
}>

/** Events that are read ahead of what all buckets have passed, of each stream. They are kept encoded. */
const AHEAD_MAX = 8

/**
 * The points streams of all buckets with clock and configuration, in the order of the raw log. It goes as far as the
 * bucket that is furthest behind; of the others little is read ahead. Ends when the signal aborts.
 */
export async function* mergedPoints(options: MergeInputOptions): AsyncGenerator<Merged> {
  const { tenant, generation, raw, points, after } = options
  const stopping = new AbortController()
  const signal = AbortSignal.any([options.signal, stopping.signal])
  setMaxListeners(0, signal) // every reader listens
  const change = changeSignal()
  const shared = new SharedReader(after, change)
  const buckets = allBuckets.map(() => new BucketReader(after, change))
  const readers: readonly Reader[] = [shared, ...buckets]
  const reading = [
    shared.read(raw, sharedPrefixes(tenant), signal),
    ...buckets.map((reader, index) =>
      reader.read(points, pointsStream(tenant, generation, allBuckets[index] as string), signal),
    ),
  ]
  for (const each of reading) each.catch((cause: unknown) => change.fail(cause as Error))
  signal.addEventListener('abort', change.notify, { once: true })
  try {
    let [passed, wasCaughtUp] = [after, false]
    while (!signal.aborted) {
      const changed = change.next()
      changed.catch(() => undefined) // what failed is met below
      const through = leastOf(readers)
      if (through !== undefined && (passed === undefined || through > passed)) {
        const operations = buckets.flatMap((reader) => reader.take(through))
        passed = through
        for (const reader of readers) reader.hasPassed(through)
        yield { kind: 'batch', items: itemsOf(shared.take(through), operations), through }
        continue
      }
      const isCaughtUp = readers.every(({ isLive }) => isLive)
      if (isCaughtUp && !wasCaughtUp) yield { kind: 'caught-up' }
      wasCaughtUp = isCaughtUp
      await changed
    }
  } finally {
    stopping.abort()
    change.notify()
    await Promise.allSettled(reading)
  }
}

/** How far all readers are; `undefined` while one has not begun. */
const leastOf = (readers: readonly Reader[]): Position | undefined => {
  let least: Position | undefined
  for (const { through } of readers) {
    if (through === undefined) return undefined
    if (least === undefined || through < least) least = through
  }
  return least
}

/** What every reader does: it waits when it is further ahead than it should be, unless all wait for it. */
abstract class Reader {
  /** It has read everything through here. */
  through: Position | undefined
  /** Has it read everything that there is? */
  isLive = false
  protected readonly change: ChangeSignal
  private merged: Position | undefined

  constructor(after: Position | undefined, change: ChangeSignal) {
    this.through = after
    this.merged = after
    this.change = change
  }

  /** All readers have passed `position`, and what lies there was taken. */
  hasPassed(position: Position): void {
    this.merged = position
    this.change.notify()
  }

  /** It has come to `position`. */
  protected reached(position: Position): void {
    if (this.through === undefined || position > this.through) this.through = position
    this.change.notify()
  }

  protected async whileAhead(waiting: readonly unknown[], signal: AbortSignal): Promise<void> {
    while (waiting.length >= AHEAD_MAX && !signal.aborted && this.through !== undefined && this.isPastMerged)
      await this.change.next()
  }

  private get isPastMerged(): boolean {
    return this.merged === undefined || (this.through as Position) > this.merged
  }
}

/** Reads clock and configuration. */
class SharedReader extends Reader {
  private readonly events: RecordedEvent[] = []

  async read(raw: EventLog, prefixes: readonly string[], signal: AbortSignal): Promise<void> {
    for await (const message of raw.subscribe({ after: this.through, prefixes, signal })) {
      this.isLive = message.kind === 'caught-up'
      if (message.kind === 'events') {
        this.events.push(...message.events)
        this.reached((message.events.at(-1) as RecordedEvent).position)
      } else if (message.position !== undefined) this.reached(message.position)
      else this.change.notify()
      await this.whileAhead(this.events, signal)
    }
  }

  take(through: Position): readonly RecordedEvent[] {
    const beyond = this.events.findIndex(({ position }) => position > through)
    return this.events.splice(0, beyond < 0 ? this.events.length : beyond)
  }
}

/** Reads the points stream of one bucket. */
class BucketReader extends Reader {
  /** Kept encoded until the others have come so far. */
  private readonly events: { event: RecordedEvent; head: PointsHead }[] = []
  /** Decoded, not all of it taken yet. */
  private decoded: readonly PlacedOperation[] = []
  private from: Position | undefined

  async read(points: EventLog, stream: string, signal: AbortSignal): Promise<void> {
    this.from = this.through
    const from = await revisionBeyond(points, stream, this.through)
    for await (const message of points.subscribeStream(stream, { from, batchMax: AHEAD_MAX, signal })) {
      this.isLive = message.kind === 'caught-up'
      if (message.kind === 'events')
        for (const event of message.events) {
          const head = pointsHead(event)
          this.events.push({ event, head })
          this.reached(head.mark.position)
        }
      else this.change.notify()
      await this.whileAhead(this.events, signal)
    }
  }

  /** The operations that were not taken yet, through a position that the stream has passed. */
  take(through: Position): readonly PlacedOperation[] {
    const taken: PlacedOperation[] = []
    for (;;) {
      let at = 0
      for (; at < this.decoded.length; at++) {
        const operation = this.decoded[at] as PlacedOperation
        if (operation.position > through) break
        taken.push(operation)
      }
      this.decoded = this.decoded.slice(at)
      const next = this.events[0]
      if (this.decoded.length > 0 || next === undefined || !startsBefore(next.head, through)) return taken
      this.events.shift()
      this.decoded = readPoints(next.event).filter(({ position }) => this.from === undefined || position > this.from)
    }
  }
}

const startsBefore = ({ after }: PointsHead, through: Position): boolean => after === undefined || after < through

/** Puts operations and events of the same position together, in the order of positions. */
const itemsOf = (events: readonly RecordedEvent[], operations: readonly PlacedOperation[]): readonly MergedItem[] => {
  const items = new Map<
    Position,
    { position: Position; event: RecordedEvent | undefined; operations: PointOperation[] }
  >()
  for (const event of events) items.set(event.position, { position: event.position, event, operations: [] })
  for (const { position, operation } of operations) {
    let item = items.get(position)
    if (item === undefined) items.set(position, (item = { position, event: undefined, operations: [] }))
    item.operations.push(operation)
  }
  return [...items.values()].sort((a, b) => (a.position < b.position ? -1 : 1))
}
