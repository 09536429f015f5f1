import * as E from 'fp-ts/lib/Either.js'
import { busy, draining, type Answer } from './answer.js'

/**
 * Limits the requests in flight. A request is first *received* and then *stored*; each has a limit of its own, so that
 * senders whose bodies are slow do not keep others from storing. The bytes of all bodies have a limit too. A request
 * beyond a limit is refused with 503 and `Retry-After`; none waits in a queue. But a body that comes too slowly makes
 * room for a new request: it is cut off. From `drain` on every new request is refused, and those in flight finish.
 */
export type InFlightLimit = Readonly<{
  /** `cutOff` is called if the body comes too slowly and its place is needed. */
  receive: (cutOff: () => void) => E.Either<Answer, Slot>
  /** Resolves once no request is in flight, or after `withinMs`; says whether none is. */
  drain: (withinMs: number) => Promise<boolean>
  isDraining: () => boolean
}>

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

type Receiving = { readonly cutOff: () => void; readonly since: number; bytes: number }

export const inFlightLimit = (options: InFlightOptions): InFlightLimit => {
  const { storingMax, receivingMax, bytesMax, bytesPerSecondMin, graceMs, now } = options
  const receiving = new Set<Receiving>()
  let storing = 0
  let bytes = 0
  let isDraining = false
  let whenEmpty: (() => void) | undefined

  /** Cuts off the slowest body; `false` if all are quick enough. */
  const cutOffSlowest = (except?: Receiving): boolean => {
    let slowest: Receiving | undefined
    let least = bytesPerSecondMin
    for (const each of receiving) {
      const elapsedMs = now() - each.since
      const rate = (each.bytes / Math.max(1, elapsedMs)) * 1_000
      if (each === except || elapsedMs < graceMs || rate >= least) continue
      slowest = each
      least = rate
    }
    if (slowest === undefined) return false
    receiving.delete(slowest)
    bytes -= slowest.bytes
    slowest.bytes = 0
    slowest.cutOff()
    return true
  }

  const slot = (cutOff: () => void): Slot => {
    const body: Receiving = { cutOff, since: now(), bytes: 0 }
    receiving.add(body)
    let isStoring = false
    return {
      reserve: (more) => {
        // A single request may exceed the limit: a body within its own limit must not be refused for ever.
        while (bytes + more > bytesMax && receiving.size + storing > 1) if (!cutOffSlowest(body)) return false
        bytes += more
        body.bytes += more
        return true
      },
      store: () => {
        if (storing >= storingMax)
          return E.left(busy(`${storing} requests are being stored, as many as are taken at a time; send it again`))
        receiving.delete(body)
        isStoring = true
        storing++
        return E.right(undefined)
      },
      release: () => {
        receiving.delete(body)
        if (isStoring) storing--
        bytes -= body.bytes
        if (receiving.size + storing === 0) whenEmpty?.()
      },
    }
  }

  return {
    receive: (cutOff) => {
      if (isDraining) return E.left(draining)
      // Its body would only fill the memory until it is refused.
      if (storing >= storingMax)
        return E.left(busy(`${storing} requests are being stored, as many as are taken at a time; send it again`))
      if (receiving.size >= receivingMax && !cutOffSlowest())
        return E.left(
          busy(`${receiving.size} bodies are being received, as many as are taken at a time; send it again`),
        )
      return E.right(slot(cutOff))
    },
    drain: async (withinMs) => {
      isDraining = true
      if (receiving.size + storing === 0) return true
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), withinMs)
        whenEmpty = () => {
          clearTimeout(timer)
          resolve(true)
        }
      })
    },
    isDraining: () => isDraining,
  }
}
