import * as E from 'fp-ts/lib/Either.js'
import type { Sink, SinkFailure } from '../../../egress/sink.js'
import type { Lost } from '../retry.js'
import { endOf, type EgressEnd, type Publishing } from './publishing.js'

/** Sinks give a sign of life when they are asked. */
const OWNER_CHECK_MS = 10_000

type Watching = Pick<Publishing, 'signal' | 'gate' | 'ownerCheckMs' | 'onWorking'> &
  Readonly<{ sink: Pick<Sink, 'stillOwner'> }>

/**
 * Asks the sink at intervals whether another instance has taken over; `watched` aborts when one has, or when the
 * destination does not answer. Otherwise an idle egress would learn that with its next row.
 */
export const watchOwner = (
  { sink, signal, gate, ownerCheckMs = OWNER_CHECK_MS, onWorking }: Watching,
  until: AbortSignal,
): Readonly<{ watched: AbortSignal; lost: () => EgressEnd | Lost | undefined; stop: () => void }> => {
  const taken = new AbortController()
  let failure: SinkFailure | undefined
  let isAsking = false
  const ask = async (): Promise<void> => {
    if (isAsking || sink.stillOwner === undefined) return
    isAsking = true
    const answer = await gate.step(until, sink.stillOwner(signal))
    isAsking = false
    if (answer === undefined || taken.signal.aborted) return
    if (E.isRight(answer)) return onWorking()
    failure = answer.left
    taken.abort()
  }
  const timer = setInterval(() => void ask(), ownerCheckMs)
  return {
    watched: AbortSignal.any([until, taken.signal]),
    lost: () => (failure === undefined ? undefined : endOf(failure)),
    stop: () => clearInterval(timer),
  }
}
