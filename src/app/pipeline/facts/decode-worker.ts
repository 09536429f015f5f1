import { encodeSegment, type SegmentOrigin } from '../../../facts/codec/segment.js'
import type { PointSource } from '../../../domain/profile.js'
import { holdsInput, rawPrefixes } from '../../../domain/stream-name.js'
import { openEmbeddedLog } from '../../../log/embedded/log.js'
import { encryptedLog } from '../../../log/encryption/encrypted-log.js'
import { KeyStore } from '../../../log/encryption/key-store.js'
import type { EventLog, KeysPlace, Position, RecordedEvent } from '../../../log/event-log.js'
import { serve, type Done } from '../../workers/serve.js'
import { decodeRun, digestOf, isErasureNote, type RawStretch } from './decode-run.js'
import { unpackStretch, type PackedStretch } from './packed-stretch.js'

/** Events to decode, or where to read them. */
export type DecodeInput = Readonly<{ origin: SegmentOrigin }> &
  (Readonly<{ stretch: PackedStretch }> | Readonly<{ place: StretchPlace }>)

/** A stretch of an embedded log. It ends earlier once its events have `bytesMax` bytes. */
export type StretchPlace = Readonly<{
  folder: string
  /** Of an encrypted log. */
  keys?: KeysPlace | undefined
  after: Position | undefined
  through: Position
  bytesMax: number
  /** Fewer events than this are not worth a segment. */
  eventsMin: number
}>

/** The bytes of a segment; `undefined`: the stretch of a log gives none. */
export type DecodeOutput = Uint8Array | undefined

let opened: Readonly<{ folder: string; log: EventLog; close: () => Promise<void> }> | undefined

const logIn = async ({ folder, keys: place }: StretchPlace): Promise<EventLog> => {
  if (opened?.folder === folder) return opened.log
  await opened?.close()
  const keys = place === undefined ? undefined : KeyStore.at(place)
  const log = await openEmbeddedLog({ dir: folder, mode: 'reader' })
  const close = async (): Promise<void> => {
    await log.close()
    await keys?.close()
  }
  opened = { folder, log: encryptedLog(log, { keys, covers: holdsInput, encrypts: false }), close }
  return opened.log
}

const readStretch = async (place: StretchPlace, tenant: string): Promise<RawStretch | undefined> => {
  const { after, through, bytesMax, eventsMin } = place
  const log = await logIn(place)
  const events: RecordedEvent[] = []
  let bytes = 0
  for await (const batch of log.readAll({ after, through, prefixes: rawPrefixes(tenant) })) {
    for (const event of batch) {
      events.push(event)
      bytes += event.data.length + event.metadata.length
    }
    if (bytes >= bytesMax) break
  }
  if (events.length < eventsMin || events.some(isErasureNote)) return undefined
  return { after, through: bytes >= bytesMax ? (events.at(-1) as RecordedEvent).position : through, events }
}

/** The work of a decoding thread: raw events in, the bytes of a segment out. */
serve<DecodeInput, DecodeOutput>(
  async (input): Promise<Done<DecodeOutput>> => {
    const { origin } = input
    const stretch = 'stretch' in input ? unpackStretch(input.stretch) : await readStretch(input.place, origin.tenant)
    if (stretch === undefined) return { output: undefined, transfer: [] }
    const points = origin.points as PointSource
    const bytes = encodeSegment({ origin, digest: digestOf(stretch, points), run: decodeRun(stretch, points) })
    const output = new Uint8Array(bytes)
    return { output, transfer: [output.buffer] }
  },
  async () => opened?.close(),
)
