import type { Body } from '../decode/fields.js'
import { plainBody } from './plain-body.js'
import { BODY, MEMBERS_MAX, type PlainEvent } from './plain-event.js'

/** Values that are remembered; a power of two. */
const VALUES = 16_384
/** Members with more bytes are read each time. */
const KEY_BYTES_MAX = 1_024
/** As much of each member as its hash is made of: ids differ at their beginning. */
const HASHED_BYTES = 8

/** Before each member in a key: bytes that no plain value holds. */
const ABSENT = 0
const PRESENT = 1

/**
 * What is made of some members of a body, remembered by their bytes: the members of most events repeat those of others.
 * The value must depend on nothing else, and nobody may change it: many events share it.
 */
export class MemberCache<A> {
  private readonly names: readonly string[]
  private readonly make: (body: Body) => A
  private readonly keys: (Uint8Array | undefined)[] = Array.from({ length: VALUES }, () => undefined)
  private readonly values: (A | undefined)[] = Array.from({ length: VALUES }, () => undefined)

  /** `make` is given a body with these members alone. Where it throws, nothing is remembered. */
  constructor(names: readonly string[], make: (body: Body) => A) {
    this.names = names
    this.make = make
  }

  of(event: PlainEvent): A {
    const places = event.shape(BODY).placesOf(this.names)
    const slot = hashOf(event, places) & (VALUES - 1)
    const key = this.keys[slot]
    if (key !== undefined && isKeyOf(event, places, key)) return this.values[slot] as A
    const value = this.make(plainBody(event, this.names))
    const newKey = keyOf(event, places)
    if (newKey.length <= KEY_BYTES_MAX) {
      this.keys[slot] = newKey
      this.values[slot] = value
    }
    return value
  }
}

const hashOf = ({ bytes, from, to }: PlainEvent, places: Int16Array): number => {
  let hash = 0
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    if (place < 0) hash = Math.imul(hash ^ ABSENT, PRIME)
    else {
      const start = from[BODY * MEMBERS_MAX + place] as number
      const end = to[BODY * MEMBERS_MAX + place] as number
      hash = Math.imul(hash ^ (end - start), PRIME)
      // The first byte is a quote.
      for (let j = start + 1; j < end && j <= start + HASHED_BYTES; j++)
        hash = Math.imul(hash ^ (bytes[j] as number), PRIME)
    }
  }
  return hash ^ (hash >>> 15)
}
const PRIME = 0x01000193

const isKeyOf = ({ bytes, from, to }: PlainEvent, places: Int16Array, key: Uint8Array): boolean => {
  let k = 0
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    if (place < 0) {
      if (key[k++] !== ABSENT) return false
      continue
    }
    if (key[k++] !== PRESENT) return false
    const end = to[BODY * MEMBERS_MAX + place] as number
    for (let j = from[BODY * MEMBERS_MAX + place] as number; j < end; j++) if (key[k++] !== bytes[j]) return false
  }
  return k === key.length
}

const keyOf = ({ bytes, from, to }: PlainEvent, places: Int16Array): Uint8Array =>
  Buffer.concat(
    Array.from(places, (place) => {
      if (place < 0) return Buffer.of(ABSENT)
      const at = BODY * MEMBERS_MAX + place
      return Buffer.concat([Buffer.of(PRESENT), bytes.subarray(from[at], to[at])])
    }),
  )
