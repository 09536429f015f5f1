import * as E from 'fp-ts/lib/Either.js'
import { busy, draining, type Answer } from './answer.js'

/**
 * Who may come in. Open: a request enters while there is room for it, in requests and in bytes, and leaves when it was
 * answered. Draining, from `drain` on: nobody enters, and those inside finish. What is turned away is told to come
 * again; nothing waits in a queue of ours.
 */
export type Admission = Readonly<{
  enter: () => E.Either<Answer, Visit>
  /** Resolves once everybody has left, or after `withinMs`; says whether they all have. */
  drain: (withinMs: number) => Promise<boolean>
  isDraining: () => boolean
}>

/**
 * One request inside. `hold` says whether there is room for so many more bytes of it, and keeps that room until it
 * leaves.
 */
export type Visit = Readonly<{ hold: (bytes: number) => boolean; leave: () => void }>

export type AdmissionLimits = Readonly<{ requestsMax: number; bytesMax: number }>

export const admission = ({ requestsMax, bytesMax }: AdmissionLimits): Admission => {
  let requests = 0
  let bytes = 0
  let isDraining = false
  let whenEmpty: (() => void) | undefined

  const visit = (): Visit => {
    let held = 0
    requests++
    return {
      hold: (more) => {
        // One alone may always go on: a body within its own limit must not be refused for ever.
        if (bytes + more > bytesMax && requests > 1) return false
        bytes += more
        held += more
        return true
      },
      leave: () => {
        requests--
        bytes -= held
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
      return E.right(visit())
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
