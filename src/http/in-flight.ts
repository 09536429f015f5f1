import * as E from 'fp-ts/lib/Either.js'
import { busy, draining, type Answer } from './answer.js'

/** One request in flight. */
export type Slot = Readonly<{
  /** Whether there is room for so many more bytes of its body; they are reserved until `release`. */
  reserve: (bytes: number) => boolean
  /** The body is complete: the request is stored from here on. */
  store: () => E.Either<Answer, void>
  release: () => void
}>

export type InFlightOptions = Readonly<{
  /** Requests that are being stored. */
  storingMax: number
  /** Requests whose bodies are being received. */
  receivingMax: number
  /** Bytes of all bodies, as sent and as inflated. */
  bytesMax: number
  /** A body that comes more slowly is cut off when its place is needed, but not before it had so much time. */
  bytesPerSecondMin: number
  graceMs: number
  now: () => number
}>

/** A body that is being received. */
type Receiving = { readonly cutOff: () => void; readonly since: number; bytes: number }

/**
 * Limits the requests in flight. A request is first *received* and then *stored*; each has a limit of its own, so that
 * senders whose bodies are slow do not keep others from storing. The bytes of all bodies have a limit too. A request
 * beyond a limit is refused with 503 and `Retry-After`; none waits in a queue. But a body that comes too slowly makes
 * room for a new request: it is cut off. From `drain` on every new request is refused, and those in flight finish.
 */
export class InFlightLimit {
  private readonly options: InFlightOptions
  private readonly receiving = new Set<Receiving>()
  private storing = 0
  private bytes = 0
  private draining = false
  private whenEmpty: (() => void) | undefined

  constructor(options: InFlightOptions) {
    this.options = options
  }

  /** `cutOff` is called if the body comes too slowly and its place is needed. */
  receive(cutOff: () => void): E.Either<Answer, Slot> {
    const { storingMax, receivingMax, now } = this.options
    if (this.draining) return E.left(draining)
    // Its body would only fill the memory until it is refused.
    if (this.storing >= storingMax) return E.left(this.tooManyStored())
    if (this.receiving.size >= receivingMax && !this.cutOffSlowest())
      return E.left(
        busy(`${this.receiving.size} bodies are being received, as many as are taken at a time; send it again`),
      )
    const body: Receiving = { cutOff, since: now(), bytes: 0 }
    this.receiving.add(body)
    return E.right(this.slotOf(body))
  }

  /** Refuses new requests. Resolves once none is in flight, or after `withinMs`; says whether none is. */
  async drain(withinMs: number): Promise<boolean> {
    this.draining = true
    if (this.isEmpty) return true
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs)
      this.whenEmpty = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }

  get isDraining(): boolean {
    return this.draining
  }

  private get isEmpty(): boolean {
    return this.receiving.size + this.storing === 0
  }

  private slotOf(body: Receiving): Slot {
    let isStoring = false
    return {
      reserve: (more) => this.reserve(body, more),
      store: () => {
        if (this.storing >= this.options.storingMax) return E.left(this.tooManyStored())
        this.receiving.delete(body)
        isStoring = true
        this.storing++
        return E.right(undefined)
      },
      release: () => {
        this.receiving.delete(body)
        if (isStoring) this.storing--
        this.bytes -= body.bytes
        if (this.isEmpty) this.whenEmpty?.()
      },
    }
  }

  private reserve(body: Receiving, more: number): boolean {
    // A single request may exceed the limit: a body within its own limit must not be refused for ever.
    while (this.bytes + more > this.options.bytesMax && this.receiving.size + this.storing > 1)
      if (!this.cutOffSlowest(body)) return false
    this.bytes += more
    body.bytes += more
    return true
  }

  /** Cuts off the slowest body; `false` if all are quick enough. */
  private cutOffSlowest(except?: Receiving): boolean {
    const { bytesPerSecondMin, graceMs, now } = this.options
    let slowest: Receiving | undefined
    let least = bytesPerSecondMin
    for (const each of this.receiving) {
      const elapsedMs = now() - each.since
      const rate = (each.bytes / Math.max(1, elapsedMs)) * 1_000
      if (each === except || elapsedMs < graceMs || rate >= least) continue
      slowest = each
      least = rate
    }
    if (slowest === undefined) return false
    this.receiving.delete(slowest)
    this.bytes -= slowest.bytes
    slowest.bytes = 0
    slowest.cutOff()
    return true
  }

  private tooManyStored(): Answer {
    return busy(`${this.storing} requests are being stored, as many as are taken at a time; send it again`)
  }
}
