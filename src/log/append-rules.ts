import * as E from '../domain/either.js'
import { isEncrypted, ENCRYPTION_BYTES } from './encryption/encryption-mark.js'
import type { AppendFailure, ExpectedRevision, NewEvent, StreamAppend } from './event-log.js'

/** Bytes of one event, data and metadata together: far above any notification, far below what would harm a reader. */
export const EVENT_BYTES_MAX = 16 * 1024 * 1024
/** Events in one append: it is stored as one unit, so it must fit in memory several times over. */
export const APPEND_EVENTS_MAX = 100_000
/** The bytes of one append, all its events together. */
export const APPEND_BYTES_MAX = 256 * 1024 * 1024
/** UTF-8 bytes of a stream's name or an event's type. Adapters key by name, and stores limit their keys. */
export const NAME_BYTES_MAX = 1_024

/** The decision on an append: which events are new, and for each event whether it is stored. */
export type AppendDecision = Readonly<{ fresh: readonly NewEvent[]; stored: readonly boolean[] }>

/**
 * The first finds any surrogate and is quick. The second finds a lone surrogate, which has no UTF-8 form: such a name
 * would be read back as another.
 */
const SURROGATE = /[\ud800-\udfff]/
const LONE_SURROGATE = /[\ud800-\udfff]/u

/** Why nothing may be appended to an erased stream. */
export const erasedReason = (stream: string): string =>
  `${stream} was erased, and nothing may be appended to it any more`

/**
 * Names with this prefix are reserved: for erased events in the embedded log, and for the system streams of a server.
 */
const OWN = '$'

const nameFault = (what: string, name: string): string | undefined => {
  if (name.length === 0) return `${what} has no name`
  if (name.length * 3 > NAME_BYTES_MAX && Buffer.byteLength(name) > NAME_BYTES_MAX)
    return `${what} is longer than ${NAME_BYTES_MAX} bytes`
  return SURROGATE.test(name) && LONE_SURROGATE.test(name) ? `${what} is not well-formed Unicode` : undefined
}

const expectationFault = (expected: ExpectedRevision): string | undefined =>
  typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= -1)
    ? `the expected revision ${expected} is not a whole number from 0 (or -1: no stream)`
    : undefined

/** Written by hand because it runs for every event: a regular expression takes several times as long. */
const isUuid = (id: string): boolean => {
  if (id.length !== 36) return false
  for (let i = 0; i < 36; i++) {
    const code = id.charCodeAt(i)
    const isDash = i === 8 || i === 13 || i === 18 || i === 23
    const isFit = isDash ? code === 45 : (code >= 48 && code <= 57) || (code >= 97 && code <= 102)
    if (!isFit) return false
  }
  return true
}

const eventFault = ({ id, type }: NewEvent): string | undefined => {
  if (!isUuid(id)) return `the event id "${id}" is not a UUID in canonical lower case`
  if (type === soundType) return undefined
  const fault = nameFault(`the type of event ${id}`, type)
  if (fault === undefined) soundType = type
  return fault
}

/** The type checked last: there are few types, and events of one type arrive together. */
let soundType: string | undefined

/** Why this append can never be stored, whatever the log holds; `undefined` if it can. The same for every adapter. */
export const appendFault = (append: StreamAppend): AppendFailure | undefined => {
  const malformed = malformation(append)
  if (malformed !== undefined) return { tag: 'Refused', reason: malformed }
  const tooLarge = excess(append.events)
  return tooLarge === undefined ? undefined : { tag: 'TooLarge', reason: tooLarge }
}

const malformation = ({ stream, expected, events }: StreamAppend): string | undefined => {
  const fault =
    nameFault('the stream', stream) ??
    (stream.startsWith(OWN)
      ? `the stream ${stream} begins with ${OWN}, as the log's own do`
      : expectationFault(expected))
  if (fault !== undefined) return fault
  for (const event of events) {
    const wrong = eventFault(event)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

const excess = (events: readonly NewEvent[]): string | undefined => {
  if (events.length > APPEND_EVENTS_MAX)
    return `${events.length} events are more than one append may hold (${APPEND_EVENTS_MAX})`
  let bytes = 0
  for (const event of events) {
    const { data, metadata } = event
    const size = data.byteLength + metadata.byteLength
    if (size > EVENT_BYTES_MAX && !(isEncrypted(event) && size <= EVENT_BYTES_MAX + ENCRYPTION_BYTES))
      return `event ${event.id} has ${size} bytes, more than one event may have (${EVENT_BYTES_MAX})`
    bytes += size
  }
  return bytes > APPEND_BYTES_MAX ? `${bytes} bytes are more than one append may hold (${APPEND_BYTES_MAX})` : undefined
}

const meets = (expected: ExpectedRevision, last: number): boolean => {
  switch (expected) {
    case 'any':
      return true
    case 'no-stream':
      return last === -1
    default:
      return expected === last
  }
}

/** Ascending ids are all different, and checking the order is quicker than building a set. */
const ascends = (events: readonly NewEvent[]): boolean => {
  for (let i = 1; i < events.length; i++) if ((events[i] as NewEvent).id <= (events[i - 1] as NewEvent).id) return false
  return true
}

/** For each event whether it is new, in the stream and within this append. */
const firstOfEach = (events: readonly NewEvent[], isNew: (id: string) => boolean): readonly boolean[] => {
  if (ascends(events)) return events.map(({ id }) => isNew(id))
  const ids = new Set<string>()
  return events.map(({ id }) => {
    if (ids.has(id)) return false
    ids.add(id)
    return isNew(id)
  })
}

/**
 * Decides an append to a stream whose last revision is `last` (-1 if nothing was ever appended) and which `holds`
 * certain ids. A repeat (the stream holds every event already) succeeds whatever revision was expected: a caller
 * repeats an append whose outcome is unknown.
 */
export const decideAppend = (
  { stream, expected, events }: StreamAppend,
  last: number,
  holds: (id: string) => boolean,
): E.Either<AppendFailure, AppendDecision> => {
  const isNew = last >= 0 ? (id: string): boolean => !holds(id) : (): boolean => true
  const stored = events.length > 1 ? firstOfEach(events, isNew) : events.map(({ id }) => isNew(id))
  const fresh = stored.every(Boolean) ? events : events.filter((_, i) => stored[i])
  const isRepeat = events.length > 0 && fresh.length === 0
  if (!isRepeat && !meets(expected, last))
    return E.left({ tag: 'WrongExpectedRevision', stream, expected, actual: last })
  return E.right({ fresh, stored })
}
