import * as E from 'fp-ts/lib/Either.js'
import type { Receiver } from '../../../egress/push/receiver.js'
import { livenessOf, type ProcessIdentity } from '../../../log/embedded/lock/process-identity.js'
import { Names } from '../../names.js'
import type { FeedFile } from '../layout/file.js'
import { appendFeedEvents, type Answer, type DeliveryBegan, type DeliveryResult } from '../log/events.js'
import { FeedStates, openDelivery, type FeedState } from '../log/state.js'
import type { FeedPlan } from '../records/plan.js'
import { beginDelivery, manifestOf, rebuildFile, type ToDeliver } from './begin.js'
import { ifThere } from '../../../log/if-there.js'
import { feedRows, type FeedLogs } from './feed-rows.js'

export type CourierOptions = FeedLogs & Readonly<{ plan: FeedPlan; receiver: Receiver; now: () => number }>

/** How an attempt to deliver ended. `lost`: the receiver cannot be had, and the delivery stays open. */
export type Attempt =
  | Readonly<{ kind: 'ended'; began: DeliveryBegan; result: DeliveryResult; answer: Answer }>
  | Readonly<{ kind: 'lost'; began: DeliveryBegan; why: string; retryAfterMs?: number | undefined }>

/**
 * Delivers files of one feed, one after the other: notes in the log that a delivery begins, sends it, and notes what the
 * receiver answered. A delivery that was begun is ended before the next begins, by whoever comes: its bytes follow from
 * what was noted, so that a number never names two files, whatever dies in between.
 */
export class Courier {
  readonly #options: CourierOptions
  readonly #states: FeedStates
  /** The file of the delivery that this process has begun. */
  #begun: Readonly<{ began: DeliveryBegan; file: FeedFile }> | undefined
  #attempts = 0

  constructor(options: CourierOptions) {
    this.#options = options
    this.#states = new FeedStates(options.tenant, options.plan.settings.name)
  }

  get state(): FeedState {
    return this.#states.of(this.#options.plan.settings.name)
  }

  /** Reads what was noted since the last look, also by others. */
  async look(): Promise<FeedState> {
    await this.#states.read(await this.#options.logs.control('reader'))
    return this.state
  }

  /** Drops deliveries from memory that no correction will ask for. */
  forget(before: number): void {
    this.#states.forget(this.#options.plan.settings.name, before)
  }

  /** The delivery that was begun and has not ended, if it is ours to end: whoever began it is not seen to be at work. */
  toFinish(): DeliveryBegan | 'of-another' | undefined {
    const open = openDelivery(this.state)
    if (open === undefined) return undefined
    return isAtWorkElsewhere(open.process) ? 'of-another' : open
  }

  /** Notes where deliveries begin. Throws `FeedsChanged`. */
  async noteBeginning(from: number): Promise<void> {
    const { plan, now } = this.#options
    const at = new Date(now()).toISOString()
    await this.#append([{ type: 'FeedBegan', feed: plan.settings.name, from: new Date(from).toISOString(), at }])
  }

  /** Notes that a delivery begins. Throws `FeedsChanged` and `FeedRefused`. */
  async begin(what: ToDeliver): Promise<DeliveryBegan> {
    const { plan, now, logs, tenant } = this.#options
    const names = new Names(await ifThere(() => logs.raw('reader')), tenant)
    const nameOf = (...[dimension, id]: Parameters<Names['of']>) => names.of(dimension, id)
    const { events, began, file } = await beginDelivery(plan, this.state, what, nameOf, now())
    await this.#append(events)
    this.#begun = { began, file }
    this.#attempts = 0
    return began
  }

  /** Sends the file of a delivery that was begun, and notes how it ended. Throws `FeedsChanged`. */
  async finish(began: DeliveryBegan, signal: AbortSignal): Promise<Attempt> {
    const file = await this.#fileOf(began)
    if (file === undefined)
      return this.#end(began, 'void', {
        status: 'void',
        words: 'its file cannot be made again as it was: the feed is configured otherwise, or its rows are gone',
      })
    this.#attempts += 1
    const { receiver } = this.#options
    const { feed, number, version, file: name, incomplete } = began
    const pushed = {
      ...{ feed, number, version, name, bytes: file.bytes, contentType: file.contentType, sha256: file.sha256 },
      ...{ manifest: manifestOf(began), complete: incomplete.length === 0 },
    }
    const outcome = await receiver.deliver(pushed, signal)()
    if (E.isRight(outcome)) return this.#end(began, 'accepted', outcome.right)
    const failure = outcome.left
    if (failure.tag === 'FileRefused')
      return this.#end(began, 'refused', { status: failure.status, words: failure.why })
    return { kind: 'lost', began, why: failure.why, retryAfterMs: failure.retryAfterMs }
  }

  async #fileOf(began: DeliveryBegan): Promise<FeedFile | undefined> {
    if (this.#begun?.began.number === began.number && this.#begun.began.sha256 === began.sha256) return this.#begun.file
    const rows = await feedRows(this.#options, began.generation)
    if (rows === undefined) return undefined
    const file = await rebuildFile(this.#options.plan, began, rows, this.state.names)
    this.#begun = file === undefined ? undefined : { began, file }
    this.#attempts = 0
    return file
  }

  async #end(began: DeliveryBegan, result: DeliveryResult, answer: Answer): Promise<Attempt> {
    const { feed, number } = began
    const at = new Date(this.#options.now()).toISOString()
    await this.#append([{ type: 'DeliveryEnded', feed, number, result, answer, attempts: this.#attempts, at }])
    this.#begun = undefined
    return { kind: 'ended', began, result, answer }
  }

  async #append(events: Parameters<typeof appendFeedEvents>[3]): Promise<void> {
    const { logs, tenant } = this.#options
    await appendFeedEvents(logs, tenant, this.#states.revision, events)
    await this.look()
  }
}

/** This process ends what it began itself; of another it is seen whether it lives where it runs beside this one. */
const isAtWorkElsewhere = (other: ProcessIdentity): boolean =>
  other.pid !== process.pid && livenessOf(other) === 'alive'
