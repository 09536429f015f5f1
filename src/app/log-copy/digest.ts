import { createHash } from 'node:crypto'
import type { NewEvent } from '../../log/event-log.js'

/** Something in which the target is not what a copy of the source would be. */
export type Difference = Readonly<{ stream: string; revision?: number; what: string }>

/** SHA-256 of an event with its place. */
export const fingerprint = (place: string, { id, type, data, metadata }: NewEvent): Buffer =>
  createHash('sha256')
    .update(`${place}\0${id}\0${type}\0${data.byteLength}\0${metadata.byteLength}\0`)
    .update(data)
    .update(metadata)
    .digest()

/** A digest of events in order. */
export class OrderedDigest {
  readonly #hash = createHash('sha256')
  events = 0

  add(place: string, event: NewEvent): void {
    this.events++
    this.#hash.update(fingerprint(place, event))
  }

  hex(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** A digest of a set of events: their order does not enter. */
export class SetDigest {
  #sum = 0n
  events = 0

  add(event: NewEvent): void {
    this.events++
    this.#sum = (this.#sum + BigInt(`0x${fingerprint('', event).toString('hex')}`)) & ((1n << 256n) - 1n)
  }

  hex(): string {
    return this.#sum.toString(16).padStart(64, '0')
  }
}

export const sameEvent = (a: NewEvent, b: NewEvent): boolean =>
  a.id === b.id &&
  a.type === b.type &&
  Buffer.compare(a.data, b.data) === 0 &&
  Buffer.compare(a.metadata, b.metadata) === 0

/** In which of its fields one event is not like the other. */
export const unlike = (a: NewEvent, b: NewEvent): string =>
  [
    a.id === b.id ? '' : 'id',
    a.type === b.type ? '' : 'type',
    Buffer.compare(a.data, b.data) === 0 ? '' : 'data',
    Buffer.compare(a.metadata, b.metadata) === 0 ? '' : 'metadata',
  ]
    .filter((field) => field !== '')
    .join(', ')
