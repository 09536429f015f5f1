import type { Logger } from 'pino'
import { intervalAt } from '../../../domain/granularity.js'
import { DAY_MS, type EpochMs } from '../../../domain/interval.js'
import { backoffMs, pause, type Backoff } from '../../../log/backoff.js'
import { FeedRefused, granularityFor, lastRevision, type FeedRows } from '../../feeds/deliveries/build.js'
import type { ToDeliver } from '../../feeds/deliveries/begin.js'
import { Courier, type CourierOptions } from '../../feeds/deliveries/courier.js'
import { feedRows, liveFeedRows } from '../../feeds/deliveries/feed-rows.js'
import { ifThere } from '../../../log/if-there.js'
import { correctable, correctionOf, firstPeriod, periodAt, regularDelivery } from '../../feeds/deliveries/next.js'
import { RowTail } from '../../feeds/deliveries/row-tail.js'
import { FeedsChanged, type DeliveryBegan } from '../../feeds/log/events.js'
import type { FeedState } from '../../feeds/log/state.js'
import { aborted } from '../aborted.js'
import { retrying, type Again, type Lost } from '../retry.js'
import type { StageControl, StageEnd } from '../stage.js'

export type FeedStageOptions = CourierOptions &
  Readonly<{
    everyMs: number
    retry: Backoff
    /** Deliver what is due now, and end. */
    untilCaughtUp: boolean
    /** No other stage runs in this process: it ends when nothing can be delivered any more. */
    isAlone: boolean
    logger: Logger
  }>

type Step = 'delivered' | 'idle' | Lost

/**
 * Delivers one feed: the next period as soon as it is complete or its cut-off has passed, and intervals again that
 * changed beyond the tolerances. A feed that cannot go on (its layout was changed under the same version, the live
 * generation has no rows for it) delivers nothing more and raises the alarm `feed-halted`; the other stages go on.
 */
export const runFeed = async (options: FeedStageOptions, control: StageControl): Promise<StageEnd> => {
  const { everyMs, retry, untilCaughtUp, isAlone, logger, now, plan } = options
  const { signal, gate, activity } = control
  const what = `feed ${plan.settings.name}`
  let [isHalted, refusals] = [false, 0]
  activity.watch('feed-halted', () => isHalted)
  activity.watch('feed-refused', () => refusals > 0)
  const deliveries = new Deliveries(options, signal)
  activity.say('last delivery', () => deliveries.last)
  const attempt = async (works: () => void): Promise<StageEnd | Lost | Again> => {
    for (;;) {
      const step = await gate.step(signal, () => deliveries.step())
      if (step === undefined || signal.aborted) return { kind: 'stopped' }
      if (typeof step === 'object') {
        activity.begun()
        return step
      }
      works()
      refusals = deliveries.refusals
      if (step === 'delivered') {
        activity.moved()
        continue
      }
      activity.caughtUp()
      if (untilCaughtUp) return { kind: 'caught-up' }
      await pause(everyMs, signal)
    }
  }
  return retrying<StageEnd>({ what, backoff: retry, signal, gate, activity, logger, now }, async (works) => {
    try {
      return await attempt(works)
    } catch (cause) {
      if (cause instanceof FeedsChanged) return { kind: 'again' }
      if (!(cause instanceof FeedRefused)) throw cause
      if (isAlone) return { kind: 'refused', reason: cause.message }
      isHalted = true
      logger.error(`${what}: nothing is delivered any more: ${cause.message}`)
      await aborted(signal)
      return { kind: 'refused', reason: cause.message }
    }
  })
}

/** What a feed does next, one step at a time. */
class Deliveries {
  readonly #options: FeedStageOptions
  readonly #signal: AbortSignal
  readonly #courier: Courier
  #tail: RowTail | undefined
  /** Starts of intervals whose rows changed since corrections were looked for; `all` after a start or a promotion. */
  #touched: Set<EpochMs> | 'all' = 'all'
  /** Whether the next period may have become complete since it was looked at. */
  #isNew = true
  #lookedForCorrections = -Infinity
  #toldOfAnother = false
  /** Files that their receiver refused since one was accepted. */
  refusals = 0
  last: string | undefined

  constructor(options: FeedStageOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
    this.#courier = new Courier(options)
  }

  async step(): Promise<Step> {
    try {
      return await this.#step()
    } catch (cause) {
      // What was found to be delivered may not have been noted: everything is looked at again.
      ;[this.#touched, this.#isNew, this.#lookedForCorrections] = ['all', true, -Infinity]
      throw cause
    }
  }

  async #step(): Promise<Step> {
    const { plan, now, logger } = this.#options
    const state = await ifThere(() => this.#courier.look())
    if (state === undefined) return 'idle'
    const open = this.#courier.toFinish()
    if (open === 'of-another') {
      if (!this.#toldOfAnother)
        logger.info({ feed: plan.settings.name }, 'feed: another process is sending a delivery; it is waited for')
      this.#toldOfAnother = true
      return 'idle'
    }
    this.#toldOfAnother = false
    if (open !== undefined) return this.#finish(open)
    const rows = await liveFeedRows(this.#options)
    if (rows === undefined) return 'idle'
    if (state.begins === undefined) {
      const { start } = plan.settings.push ?? {}
      await this.#courier.noteBeginning(firstPeriod(plan, start === undefined ? now() : Date.parse(start)))
      return 'delivered'
    }
    await this.#follow(rows)
    const due = (await this.#regular(state, rows)) ?? (await this.#correction(state, rows))
    return due === undefined ? 'idle' : this.#finish(await this.#courier.begin(due))
  }

  /** Notes which rows came; after a start or a promotion all may be others. */
  async #follow({ of, generation }: FeedRows): Promise<void> {
    const { plan } = this.#options
    if (this.#tail?.of.generation !== of.generation) {
      const { family } = plan.settings
      this.#tail = new RowTail(of, family, granularityFor(plan, generation), await lastRevision(of))
      ;[this.#touched, this.#isNew, this.#lookedForCorrections] = ['all', true, -Infinity]
      return
    }
    const { changed, isClosed } = await this.#tail.advance()
    if (isClosed) this.#isNew = true
    const { interval, zone } = plan.settings
    if (this.#touched !== 'all') for (const at of changed) this.#touched.add(intervalAt(interval, zone, at).start)
  }

  async #regular(state: FeedState, rows: FeedRows): Promise<ToDeliver | undefined> {
    const { plan, now } = this.#options
    if (state.next === undefined) return undefined
    const period = periodAt(plan, state.next)
    const at = now()
    if (at < period.end || (!this.#isNew && at < period.end + plan.settings.cutOff)) return undefined
    const due = await regularDelivery(plan, state, rows, at)
    if (due === undefined) this.#isNew = false
    return due
  }

  async #correction(state: FeedState, rows: FeedRows): Promise<ToDeliver | undefined> {
    const { plan, now } = this.#options
    const { every, days } = plan.settings.corrections
    const last = state.deliveries.findLast(({ began }) => began.kind === 'correction')
    const since = Math.max(this.#lookedForCorrections, last === undefined ? -Infinity : Date.parse(last.began.at))
    if (now() < since + every) return undefined
    this.#lookedForCorrections = now()
    this.#courier.forget(now() - (days + 1) * DAY_MS)
    if (days === 0) return undefined
    const touched = this.#touched
    this.#touched = new Set()
    const candidates = [...correctable(plan, state, now())].filter(
      // What was incomplete is complete once it is closed, whether or not its rows changed.
      ([start, { isComplete }]) => touched === 'all' || touched.has(start) || !isComplete,
    )
    return correctionOf(plan, new Map(candidates), rows, (name) => feedRows(this.#options, name))
  }

  async #finish(began: DeliveryBegan): Promise<Step> {
    const { logger, plan, receiver, retry } = this.#options
    const attempt = await this.#courier.finish(began, this.#signal)
    const { number, kind, file, records, reasons } = began
    const about = { feed: plan.settings.name, number, kind, file, records, reasons }
    if (attempt.kind === 'lost') {
      // A receiver that says when it wants to be asked again is not asked before.
      const waitMs = Math.min(attempt.retryAfterMs ?? 0, 2 * retry.maxMs) - backoffMs(retry, 0, () => 0)
      if (waitMs > 0) await pause(waitMs, this.#signal)
      return { kind: 'lost', cause: new Error(`${receiver.place}: ${attempt.why}`), isDestination: true }
    }
    const { result, answer } = attempt
    this.last = `${number} ${result}`
    if (result === 'accepted') {
      this.refusals = 0
      logger.info({ ...about, answer: answer.status }, 'feed: delivered')
    } else {
      if (result === 'refused') this.refusals += 1
      logger.error({ ...about, answer }, `feed: the delivery was ${result === 'void' ? 'given up' : 'refused'}`)
    }
    return 'delivered'
  }
}
