import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { EVENT_BYTES_MAX } from '../../append-rules.js'
import { ENCRYPTION_BYTES } from '../../encryption/encryption-mark.js'
import { LogDamaged } from '../../event-log.js'
import type { NewEvent, RecordedEvent } from '../../event-log.js'

/**
 * How a large event is stored. It is packed: its metadata and data, one after the other, are compressed. If that fits
 * an append, one event of type `LARGE` holds it. If not, it is cut into events of type `PART` in a stream beside that
 * of the event, and the event of type `LARGE` names their revisions. This event has the id, stream, revision and
 * position of the large one, and it is written last: without it, parts count for nothing.
 */
const LARGE = 'streamvane.large'
const PART = 'streamvane.part'

/** Where the parts of the large events of a stream are. Names that begin so are the adapter's own. */
const PARTS = 'streamvane.parts.'
export const partsStreamOf = (stream: string): string => PARTS + stream
export const isPartsStream = (stream: string): boolean => stream.startsWith(PARTS)

/** Events of these types are packed whatever their size: read back, a plain one would be taken for ours. */
export const isReserved = ({ type }: NewEvent): boolean => type === LARGE

export const isLarge = (event: RecordedEvent): boolean => event.type === LARGE

/** What the event of type `LARGE` tells in its metadata. Sizes are in bytes, `sha256` is of metadata and data. */
type Header = Readonly<{
  v: 1
  type: string
  metadata: number
  data: number
  sha256: string
  /** Revisions of the parts in their stream, in order; absent if the event itself holds all of it. */
  parts?: readonly number[]
}>

/** A compressed event, not yet stored. */
export type Packed = Readonly<{ id: string; header: Header; bytes: Uint8Array }>

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

export const pack = async ({ id, type, data, metadata }: NewEvent): Promise<Packed> => {
  const content = Buffer.concat([metadata, data])
  const sha256 = digestOf(content)
  const header = { v: 1, type, metadata: metadata.byteLength, data: data.byteLength, sha256 } as const
  return { id, header, bytes: await deflate(content) }
}

/** The event that holds a packed one whole. */
export const whole = ({ id, header, bytes }: Packed): NewEvent => ({ ...stub(id, header), data: bytes })

/** The event that stands for parts at these revisions. */
export const inParts = ({ id, header }: Packed, parts: readonly number[]): NewEvent => stub(id, { ...header, parts })

const stub = (id: string, header: Header): NewEvent => ({
  id,
  type: LARGE,
  data: new Uint8Array(0),
  metadata: Buffer.from(JSON.stringify(header)),
})

/** A part with an id of its own: the server must not take a part written again for one it holds already. */
export const part = (of: string, nth: number, data: Uint8Array, id: string): NewEvent => ({
  id,
  type: PART,
  data,
  metadata: Buffer.from(JSON.stringify({ of, nth })),
})

/** Bytes of a part beside its data: type and metadata as the server counts them, with room. */
export const PART_OVERHEAD_BYTES = 256

const damaged = ({ stream, revision, position }: RecordedEvent, why: string): LogDamaged =>
  new LogDamaged(
    `EventStoreDB: the large event at revision ${revision} of ${stream} (position ${position}) cannot be read: ${why}. ` +
      "Restore the server's data from a backup, or erase the stream",
  )

/**
 * Where the parts of an event are; `undefined` if it holds all of it itself.
 *
 * @throws LogDamaged on a header that this version does not write.
 */
export const partsOf = (event: RecordedEvent): readonly number[] | undefined => headerOf(event).parts

const headerOf = (event: RecordedEvent): Header => {
  let header: Partial<Header> | null = null
  try {
    header = JSON.parse(Buffer.from(event.metadata).toString()) as Partial<Header> | null
  } catch {
    // Told below.
  }
  if (header?.v !== 1) throw damaged(event, 'its metadata is not what Streamvane writes')
  return header as Header
}

/**
 * The event as it was given to the log. `parts` are the events read at the revisions that `partsOf` tells.
 *
 * @throws LogDamaged if a part is missing, belongs to another event or place, or its bytes were changed.
 */
export const unpacked = async (event: RecordedEvent, parts: readonly RecordedEvent[]): Promise<RecordedEvent> => {
  const header = headerOf(event)
  const wanted = header.parts ?? []
  const found = new Map(parts.map((each) => [each.revision, each]))
  const packed = wanted.map((revision, nth) => {
    const each = found.get(revision)
    const named = `part ${nth + 1} of ${wanted.length} (revision ${revision} of ${partsStreamOf(event.stream)})`
    if (each === undefined) throw damaged(event, `${named} is not there`)
    const told = each.type === PART ? (JSON.parse(Buffer.from(each.metadata).toString()) as unknown) : undefined
    if (JSON.stringify(told) !== JSON.stringify({ of: event.id, nth })) throw damaged(event, `${named} is another one`)
    return each.data
  })
  const content = await inflate(header.parts === undefined ? event.data : Buffer.concat(packed), {
    maxOutputLength: EVENT_BYTES_MAX + ENCRYPTION_BYTES,
  }).catch((cause: unknown) => {
    throw damaged(event, `its bytes are not compressed data (${cause instanceof Error ? cause.message : 'unknown'})`)
  })
  if (content.length !== header.metadata + header.data || digestOf(content) !== header.sha256)
    throw damaged(event, 'its bytes were changed')
  const { id, stream, revision, position } = event
  const metadata = content.subarray(0, header.metadata)
  return { id, type: header.type, data: content.subarray(header.metadata), metadata, stream, revision, position }
}

const digestOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')
