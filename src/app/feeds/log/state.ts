import type { EpochMs } from '../../../domain/interval.js'
import { feedsStream } from '../../../domain/stream-name.js'
import type { EventLog } from '../../../log/event-log.js'
import { decodeFeedEvent, type DeliveryBegan, type DeliveryEnded, type FeedEvent } from './events.js'

/** A delivery and how it ended; `undefined`: it has not ended. */
export type Delivery = Readonly<{ began: DeliveryBegan; ended: DeliveryEnded | undefined }>

/** The last delivery that an interval was in, and whether it was complete then. */
export type DeliveredInterval = Readonly<{ delivery: Delivery; isComplete: boolean }>

/** What the log of deliveries says of one feed. */
export type FeedState = Readonly<{
  /** Where deliveries began, and where the next regular one begins; `undefined` before the first run. */
  begins: EpochMs | undefined
  next: EpochMs | undefined
  layouts: ReadonlyMap<number, string>
  names: ReadonlyMap<string, string>
  /** In order of their numbers. */
  deliveries: readonly Delivery[]
}>

/** The delivery that has begun and not ended. There is one at most: the next number begins when the last has ended. */
export const openDelivery = ({ deliveries }: FeedState): DeliveryBegan | undefined => {
  const last = deliveries.at(-1)
  return last === undefined || last.ended !== undefined ? undefined : last.began
}

export const lastNumber = ({ deliveries }: FeedState): number => deliveries.at(-1)?.began.number ?? 0

/**
 * Follows the log of deliveries, of one feed or of all. Reads what came since it looked last, so that a look costs what
 * is new.
 */
export class FeedStates {
  readonly #tenant: string
  readonly #only: string | undefined
  readonly #feeds = new Map<string, MutableState>()
  #revision = -1

  constructor(tenant: string, only?: string) {
    this.#tenant = tenant
    this.#only = only
  }

  /** The last revision of the stream that was read; -1: none. */
  get revision(): number {
    return this.#revision
  }

  async read(control: EventLog, onEvent: (event: FeedEvent) => void = () => undefined): Promise<void> {
    for await (const batch of control.readStream(feedsStream(this.#tenant), { from: this.#revision + 1 }))
      for (const recorded of batch) {
        const event = decodeFeedEvent(recorded)
        this.#revision = recorded.revision
        if (this.#only !== undefined && event.feed !== this.#only) continue
        this.#stateOf(event.feed).apply(event)
        onEvent(event)
      }
  }

  of(feed: string): FeedState {
    return this.#stateOf(feed)
  }

  /** Forgets deliveries of a feed that ended and hold no interval that ends after `before`, but the last of them. */
  forget(feed: string, before: EpochMs): void {
    const { deliveries } = this.#stateOf(feed)
    const isKept = ({ began }: Delivery, place: number): boolean =>
      place === deliveries.length - 1 || began.ranges.some(({ to }) => Date.parse(to) > before)
    deliveries.splice(0, deliveries.length, ...deliveries.filter(isKept))
  }

  /** The feeds of which the log says something. */
  get names(): readonly string[] {
    return [...this.#feeds.keys()].sort()
  }

  #stateOf(feed: string): MutableState {
    let state = this.#feeds.get(feed)
    if (state === undefined) this.#feeds.set(feed, (state = new MutableState()))
    return state
  }
}

class MutableState implements FeedState {
  begins: EpochMs | undefined
  next: EpochMs | undefined
  readonly layouts = new Map<number, string>()
  readonly names = new Map<string, string>()
  readonly deliveries: Delivery[] = []

  apply(event: FeedEvent): void {
    switch (event.type) {
      case 'FeedBegan':
        this.begins ??= Date.parse(event.from)
        this.next ??= this.begins
        return
      case 'LayoutPublished':
        if (!this.layouts.has(event.version)) this.layouts.set(event.version, event.digest)
        return
      case 'NamesSeen':
        for (const [key, name] of Object.entries(event.names)) this.names.set(key, name)
        return
      case 'DeliveryBegan':
        this.deliveries.push({ began: event, ended: undefined })
        if (event.kind === 'regular') this.next = Date.parse(event.ranges[0]!.to)
        return
      case 'DeliveryEnded': {
        const place = this.deliveries.findLastIndex(({ began }) => began.number === event.number)
        const delivery = this.deliveries[place]
        if (delivery === undefined || delivery.ended !== undefined) return
        this.deliveries[place] = { ...delivery, ended: event }
        // The period is to be delivered all the same, under another number.
        if (event.result === 'void' && delivery.began.kind === 'regular')
          this.next = Date.parse(delivery.began.ranges[0]!.from)
        return
      }
      default: // a later version wrote it
        return
    }
  }
}

/**
 * The intervals that were delivered, by start, each with its last delivery; refused ones count, because only what
 * changes behind them is worth another attempt. `starts` gives the starts of the intervals of a range.
 */
export const deliveredIntervals = (
  { deliveries }: FeedState,
  starts: (from: EpochMs, to: EpochMs) => Iterable<EpochMs>,
  since = -Infinity,
): ReadonlyMap<EpochMs, DeliveredInterval> => {
  const delivered = new Map<EpochMs, DeliveredInterval>()
  for (const delivery of deliveries) {
    if (delivery.ended === undefined || delivery.ended.result === 'void') continue
    const incomplete = new Set(delivery.began.incomplete.map((start) => Date.parse(start)))
    for (const { from, to } of delivery.began.ranges) {
      if (Date.parse(to) <= since) continue
      for (const start of starts(Date.parse(from), Date.parse(to)))
        delivered.set(start, { delivery, isComplete: !incomplete.has(start) })
    }
  }
  return delivered
}
