import { createHash } from 'node:crypto'
import type { EpochMs } from '../domain/interval.js'
import { deadLetterStream } from '../domain/stream-name.js'
import { contentId } from '../log/content-id.js'
import type { NewEvent } from '../log/event-log.js'
import type { Unusable, Whole } from './unusable.js'

/** Type of the events in the dead-letter stream. */
export const DEAD_LETTERED = 'DeadLettered'

/** Which stage could not use the input. */
export type Stage = 'ingress' | 'projector'

/** What is stored beside the bytes of a dead letter. */
export type DeadLetterNote = Readonly<{
  reason: string
  detail: string
  stage: Stage
  /** Source of the input, or stream and revision of the raw event. */
  origin: string
  topic?: string
  receivedAt: string
  /** Of input that is larger than what is stored of it: its size, and the SHA-256 of all of it in hexadecimal. */
  bytes?: number
  sha256?: string
  /** Of events that are told together, because the raw log holds them. */
  stretch?: LateStretch
}>

/**
 * Events of one topic that tell of one day (UTC) and lie behind the late horizon of a generation. `count` is all of
 * them from the beginning of the generation through the raw position `last`; `first` is the position of the first. Of
 * several records of one stretch the one with the greatest `last` counts. `bucket`: only the events of this bucket,
 * where processes share the work by buckets; the records of all buckets add up.
 */
export type LateStretch = Readonly<{
  generation: string
  day: string
  topic: string
  bucket?: string
  count: number
  first: string
  last: string
}>

/** A dead letter ready for the log. */
type DeadLetter = Readonly<{ stream: string; event: NewEvent; note: DeadLetterNote }>

type LetterOrigin = Readonly<{ tenant: string; source: string; receivedAt: EpochMs }>

/**
 * The event that stores unusable input byte for byte, with the reason. The same input with the same reason has the same
 * id, so it is stored once.
 */
export const deadLetter = (raw: Uint8Array, unusable: Unusable, origin: LetterOrigin, stage: Stage): DeadLetter => {
  const id = contentId('dead-letter', stage, unusable.reason, unusable.whole?.sha256 ?? raw)
  return letter(id, raw, noteOf(unusable, origin, stage), origin)
}

/** As much of input that the log cannot hold as its dead letter holds. */
const HEAD_BYTES = 64 * 1024

/**
 * The dead letter of input that the log cannot hold: its beginning, its size and its digest. `limit` says what it
 * exceeds.
 */
export const tooLargeLetter = (raw: Uint8Array, limit: string, origin: LetterOrigin, stage: Stage): DeadLetter => {
  const head = raw.length > HEAD_BYTES ? Uint8Array.prototype.slice.call(raw, 0, HEAD_BYTES) : raw
  const whole = { bytes: raw.length, sha256: createHash('sha256').update(raw).digest('hex') }
  return deadLetter(head, tooLarge(head, limit, whole), origin, stage)
}

/** Why input of which only the beginning is kept cannot be used. `whole` is absent where its end is not known. */
export const tooLarge = (head: Uint8Array, limit: string, whole: Whole | undefined): Unusable => {
  const told = whole === undefined ? '' : `${whole.bytes} bytes, SHA-256 ${whole.sha256}: `
  return {
    reason: 'too-large',
    detail: `${told}${limit}; only its first ${head.length} bytes are stored here`,
    whole,
  }
}

/** The dead letter of a stretch of events behind the late horizon. They themselves stay in the raw log. */
export const lateLetter = (stretch: LateStretch, origin: Omit<LetterOrigin, 'source'>): DeadLetter => {
  const { generation, day, topic, count, first, last } = stretch
  const detail = `${count} events that tell of ${day}, at positions ${first} to ${last} of the raw log, came when intervals of that day had been closed for more than lateHorizonMs; \`streamvane rebuild\` takes them in`
  const source = { ...origin, source: `${generation}@${first}-${last}` }
  const note = { ...noteOf({ reason: 'too-late', detail, topic }, source, 'projector'), stretch }
  const id = contentId('late-stretch', generation, day, topic, last)
  return letter(id, Buffer.from(JSON.stringify(stretch)), note, source)
}

export const noteOfLetter = ({ metadata }: Pick<NewEvent, 'metadata'>): DeadLetterNote =>
  JSON.parse(Buffer.from(metadata).toString('utf8')) as DeadLetterNote

const noteOf = ({ reason, detail, topic, whole }: Unusable, origin: LetterOrigin, stage: Stage): DeadLetterNote => ({
  reason,
  detail,
  stage,
  origin: origin.source,
  ...(topic === undefined ? {} : { topic }),
  receivedAt: new Date(origin.receivedAt).toISOString(),
  ...whole,
})

const letter = (id: string, data: Uint8Array, note: DeadLetterNote, { tenant }: LetterOrigin): DeadLetter => ({
  stream: deadLetterStream(tenant),
  event: { id, type: DEAD_LETTERED, data, metadata: Buffer.from(JSON.stringify(note)) },
  note,
})
