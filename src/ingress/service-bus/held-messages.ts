import type { Delivery, EventContext } from 'rhea'
import { bodyOf, type MessageBody } from './message-body.js'

/** A message under our lock. */
export type HeldMessage = Readonly<{
  delivery: Delivery
  body: MessageBody
  /** When Service Bus took it (ms since 1970, its clock). */
  enqueuedAt: number | undefined
  /** Renew its lock at this time of `performance.now()`. */
  renewAt: number
}>

/** A lock is renewed when half of it is over, and within these limits. */
const RENEW_MAX_MS = 5_000
const RENEW_MIN_MS = 250

/** The messages of one link that are locked for us: those that wait to be delivered, and those that are. */
export class HeldMessages {
  readonly #waiting: HeldMessage[] = []
  readonly #held = new Map<Delivery, HeldMessage>()
  readonly #settled = new Map<Delivery, () => void>()
  #wake: () => void = () => undefined

  /** A message came. */
  add({ delivery, message }: EventContext): void {
    if (delivery === undefined || message === undefined) return
    const annotations = (message.message_annotations ?? {}) as Readonly<Record<string, unknown>>
    const held = {
      delivery,
      body: bodyOf(message.body),
      enqueuedAt: instant(annotations['x-opt-enqueued-time']),
      renewAt: performance.now() + renewalAfter(instant(annotations['x-opt-locked-until']), Date.now()),
    }
    this.#waiting.push(held)
    this.#held.set(delivery, held)
    this.#wake()
  }

  /** The next messages, at most `max`; waits until there is one, or the signal aborts. */
  async take(max: number, stop: AbortSignal): Promise<readonly HeldMessage[]> {
    while (this.#waiting.length === 0 && !stop.aborted)
      await new Promise<void>((resolve) => {
        this.#wake = (): void => {
          stop.removeEventListener('abort', this.#wake)
          resolve()
        }
        stop.addEventListener('abort', this.#wake, { once: true })
      })
    return this.#waiting.splice(0, max)
  }

  /** How long the last of `taken` had waited at the broker; 0 once no message waits behind them. */
  waitedSeconds(taken: readonly HeldMessage[], now: number): number {
    const since = this.#waiting.length === 0 ? undefined : taken.at(-1)?.enqueuedAt
    return since === undefined ? 0 : Math.max(0, Math.round((now - since) / 1_000))
  }

  /** Messages that were not taken yet. */
  untaken(): readonly HeldMessage[] {
    return this.#waiting.splice(0)
  }

  /** Messages whose lock is to be renewed at `now`, of `performance.now()`. */
  due(now: number): readonly Delivery[] {
    return [...this.#held.values()].filter(({ renewAt }) => renewAt <= now).map(({ delivery }) => delivery)
  }

  /** A lock was renewed; one that is lost is not asked for again, and the message comes once more. */
  renewed(delivery: Delivery, lockedUntil: number | undefined): void {
    const held = this.#held.get(delivery)
    if (held === undefined) return
    const renewAt = lockedUntil === undefined ? Infinity : performance.now() + renewalAfter(lockedUntil, Date.now())
    this.#held.set(delivery, { ...held, renewAt })
  }

  /**
   * Settles messages in the same way and waits until the broker has confirmed it, or said that a lock was lost: then
   * the message comes again. rhea sends the outcome of the first of several deliveries that are settled in one turn
   * for the second as well, so outcomes are never mixed: one call is awaited before the next one.
   */
  async settle(
    messages: readonly HeldMessage[],
    outcome: (message: HeldMessage) => void,
    lost: Promise<unknown>,
  ): Promise<void> {
    const confirmed = messages.map(
      ({ delivery }) => new Promise<void>((resolve) => this.#settled.set(delivery, resolve)),
    )
    messages.forEach(outcome)
    await Promise.race([Promise.all(confirmed), lost])
    for (const { delivery } of messages) this.#held.delete(delivery)
  }

  /** The broker confirmed a settlement. */
  confirmed({ delivery }: EventContext): void {
    if (delivery === undefined) return
    this.#settled.get(delivery)?.()
    this.#settled.delete(delivery)
  }
}

/**
 * In how many ms a lock is renewed that the broker's clock says is held until then. The clocks may differ by any amount,
 * so what they say together is believed within limits only.
 */
export const renewalAfter = (lockedUntil: number | undefined, now: number): number =>
  Math.min(RENEW_MAX_MS, Math.max(RENEW_MIN_MS, ((lockedUntil ?? Infinity) - now) / 2))

const instant = (value: unknown): number | undefined =>
  value instanceof Date ? value.getTime() : typeof value === 'number' ? value : undefined
