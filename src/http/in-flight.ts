import * as E from 'fp-ts/lib/Either.js'
import { busy, draining, type Answer } from './answer.js'

/**
 * Limits the requests that are in flight, by their number and by the bytes of their bodies. A request beyond a limit is
 * refused with 503 and `Retry-After`; none waits in a queue. From `drain` on every new request is refused, and those in
 * flight finish.
 */
export type InFlightLimit = Readonly<{
  enter: () => E.Either<Answer, Slot>
  /** Resolves once no request is in flight, or after `withinMs`; says whether none is. */
  drain: (withinMs: number) => Promise<boolean>
  isDraining: () => boolean
}>

/** One request in flight. `reserve` says whether its body may take so many more bytes; `release` gives all back. */
export type Slot = Readonly<{ reserve: (bytes: number) => boolean; release: () => void }>

export type InFlightOptions = Readonly<{ requestsMax: number; bytesMax: number }>

export const inFlightLimit = ({ requestsMax, bytesMax }: InFlightOptions): InFlightLimit => {
  let requests = 0
  let bytes = 0
  let isDraining = false
  let whenEmpty: (() => void) | undefined

  const slot = (): Slot => {
    let reserved = 0
    requests++
    return {
      reserve: (more) => {
        // A single request may exceed the limit: a body within its own limit must not be refused for ever.
        if (bytes + more > bytesMax && requests > 1) return false
        bytes += more
        reserved += more
        return true
      },
      release: () => {
        requests--
        bytes -= reserved
        if (requests === 0) whenEmpty?.()
      },
    }
  }

  return {
    enter: () => {
      if (isDraining) return E.left(draining)
      if (requests >= requestsMax)
        return E.left(
          busy(`${requests} requests are being stored, as many as are taken at a time; send this one again`),
        )
      return E.right(slot())
    },
    drain: async (withinMs) => {
      isDraining = true
      if (requests === 0) return true
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
