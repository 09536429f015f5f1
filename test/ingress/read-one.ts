import type { Either } from 'fp-ts/lib/Either.js'
import { readRawEvents, type RawEvent } from '../../src/ingress/raw-event.js'
import type { Origin } from '../../src/ingress/metadata.js'
import type { Unusable } from '../../src/ingress/unusable.js'

/** Reads raw input that is one event, not wrapped. */
export const readRawEvent = (raw: Uint8Array, origin: Origin): Either<Unusable, RawEvent> => {
  const [one, ...more] = readRawEvents(raw, origin)
  if (one === undefined || more.length > 0) throw new Error(`${1 + more.length} events where one was expected`)
  return one.read
}
