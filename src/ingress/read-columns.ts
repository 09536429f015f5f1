import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../domain/interval.js'
import type { Origin } from './metadata.js'
import { readRawEvents, type RawEvent, type ReadEvent } from './raw-event.js'

/** Bytes of an event id as text. */
const ID_BYTES = 36
/** Instead of a place among the addresses. */
const READ_AGAIN = 0xffffffff

/** Where events go, and what is stored beside their bytes: the same for many of them. */
type Address = Pick<RawEvent, 'stream' | 'known' | 'formerly'> & Readonly<{ type: string; metadata: string }>

/**
 * What another thread has read of the events of a batch, one entry an event, in few pieces: objects cost more to hand
 * over than to make. An entry that is not one usable event (a wrapping, a dead letter, a contradiction) is
 * `READ_AGAIN`.
 */
export type ReadColumns = Readonly<{
  /** Ids as text, one behind the other. */
  ids: Uint8Array<ArrayBuffer>
  /** Place among the addresses. */
  address: Uint32Array<ArrayBuffer>
  /** Epoch ms; NaN: the event tells no instant. */
  latest: Float64Array<ArrayBuffer>
  earliest: Float64Array<ArrayBuffer>
  addresses: readonly Address[]
}>

/** Reads the events of a batch for another thread. */
export const readColumns = (raws: readonly Uint8Array[], origin: Origin): ReadColumns => {
  const ids = Buffer.from(new ArrayBuffer(raws.length * ID_BYTES))
  const address = new Uint32Array(raws.length).fill(READ_AGAIN)
  const latest = new Float64Array(raws.length).fill(NaN)
  const earliest = new Float64Array(raws.length).fill(NaN)
  const addresses = new Addresses()
  raws.forEach((raw, i) => {
    const [only, ...more] = readRawEvents(raw, origin)
    if (only === undefined || more.length > 0 || only.raw !== raw || E.isLeft(only.read)) return
    const read = only.read.right
    if (read.contradiction !== undefined) return
    ids.write(read.event.id, i * ID_BYTES, 'latin1')
    address[i] = addresses.placeOf(read)
    if (read.latest !== undefined) latest[i] = read.latest
    if (read.earliest !== undefined) earliest[i] = read.earliest
  })
  return { ids, address, latest, earliest, addresses: addresses.all }
}

/** The events of a batch as `readRawEvents` gives them, without the types of their facts. */
export const readEventsOf = (
  { ids, address, latest, earliest, addresses }: ReadColumns,
  raws: readonly Uint8Array[],
  origin: Origin,
): readonly (readonly ReadEvent[])[] => {
  const text = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength)
  const metadata = addresses.map((each) => Buffer.from(each.metadata))
  return raws.map((raw, i) => {
    const place = address[i] as number
    if (place === READ_AGAIN) return readRawEvents(raw, origin)
    const { stream, known, formerly, type } = addresses[place] as Address
    const id = text.toString('latin1', i * ID_BYTES, (i + 1) * ID_BYTES)
    const event = { id, type, data: raw, metadata: metadata[place] as Buffer }
    const read = { stream, event, known, facts: [], latest: instant(latest[i]), earliest: instant(earliest[i]) }
    return [{ raw, read: E.right(formerly === undefined ? read : { ...read, formerly }) }]
  })
}

const instant = (at: number | undefined): EpochMs | undefined => (Number.isNaN(at) ? undefined : at)

/** Numbers addresses in order of appearance. */
class Addresses {
  readonly all: Address[] = []
  /** By stream; events of one topic share their metadata. */
  private readonly known = new Map<string, Map<Uint8Array, number>>()

  placeOf({ stream, known, formerly, event }: RawEvent): number {
    let ofStream = this.known.get(stream)
    if (ofStream === undefined) this.known.set(stream, (ofStream = new Map<Uint8Array, number>()))
    let place = ofStream.get(event.metadata)
    if (place !== undefined) return place
    const metadata = Buffer.from(event.metadata).toString()
    const address = { stream, known, type: event.type, metadata }
    place = this.all.push(formerly === undefined ? address : { ...address, formerly }) - 1
    ofStream.set(event.metadata, place)
    return place
  }
}
