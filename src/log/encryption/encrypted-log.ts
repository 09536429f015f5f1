import * as E from '../../domain/either.js'
import { appendFault, erasedReason } from '../append-rules.js'
import { LogDamaged, LogUnavailable } from '../event-log.js'
import type { AppendFailure, Appended, EventLog, Live, RecordedEvent, StreamAppend, StreamLive } from '../event-log.js'
import { decrypt, encrypt, headOf, NotDecrypted } from './envelope.js'
import { sessionKey } from './data-key.js'
import type { KeyStore } from './key-store.js'
import { isEncrypted } from './encryption-mark.js'

export type Encryption = Readonly<{
  /** The keys; absent: this process has none, and an encrypted event ends its read with what to do. */
  keys?: KeyStore | undefined
  /** Whether events of a stream are encrypted. */
  covers: (stream: string) => boolean
  /** Whether new events are encrypted. If not, only those that are there are opened. */
  encrypts: boolean
}>

/**
 * A log whose events are encrypted where they are stored, each stream by a key of its own. To its caller it is the same
 * log: the same events, ids, revisions and positions. Events that were stored before are read as they are.
 *
 * Erasing a stream destroys its key first, so its events can be read nowhere any more, wherever copies of them are. Where
 * the log still holds them, it is read without them: as one from which they were erased.
 */
export const encryptedLog = (log: EventLog, encryption: Encryption): EventLog => {
  const { keys, covers, encrypts } = encryption
  const opened = opener(encryption)
  const isDestroyed = (stream: string): boolean => {
    if (keys === undefined || !covers(stream)) return false
    keys.refresh()
    return keys.isDestroyed(stream)
  }
  async function* openedBatches(
    batches: AsyncIterable<readonly RecordedEvent[]>,
  ): AsyncGenerator<readonly RecordedEvent[]> {
    for await (const batch of batches) {
      const events = opened(batch)
      if (events.length > 0) yield events
    }
  }

  return {
    ...log,
    append: (appends) =>
      keys === undefined || !encrypts ? log.append(appends) : appendEncrypted(log, keys, covers, appends),
    readAll: (options) => openedBatches(log.readAll(options)),
    readStreams: (prefixes) => openedBatches(log.readStreams(prefixes)),
    readStream: (stream, options) =>
      covers(stream) ? openedBatches(log.readStream(stream, options)) : log.readStream(stream, options),
    subscribe: async function* (options) {
      for await (const live of log.subscribe(options)) yield openedLive(live, opened)
    },
    subscribeStream: (stream, options) =>
      covers(stream)
        ? openedStream(log.subscribeStream(stream, options), opened, () => isDestroyed(stream))
        : log.subscribeStream(stream, options),
    streamRevision: async (stream) => {
      const revision = await log.streamRevision(stream)
      return revision === undefined || isDestroyed(stream) ? undefined : revision
    },
    erase: async (stream) => {
      if (keys !== undefined && covers(stream))
        try {
          keys.destroy(stream)
        } catch (cause) {
          return E.left({ tag: 'NotAvailable', cause })
        }
      return log.erase(stream)
    },
    ...(keys !== undefined && log.folder !== undefined && { keys: keys.place }),
  }
}

type Opener = (batch: readonly RecordedEvent[]) => readonly RecordedEvent[]

/** Opens the encrypted events of a batch, without those whose key was destroyed. */
const opener = ({ keys, covers }: Encryption): Opener => {
  const openedOne = (event: RecordedEvent): RecordedEvent | undefined => {
    const { stream } = event
    if (isPlain(event) || !covers(stream)) return event
    try {
      if (!isEncrypted(event)) throw new NotDecrypted('its first byte is that of no event')
      if (keys === undefined) throw new NotDecrypted(NO_KEYS)
      const { number, session } = headOf(event)
      const key = keys.at(number, stream)
      return key === 'destroyed' ? undefined : decrypt(event, sessionKey(key, session))
    } catch (cause) {
      if (!(cause instanceof NotDecrypted || cause instanceof LogDamaged)) throw cause
      throw new LogDamaged(`${placeOf(event)} cannot be decrypted: ${cause.message}`, { cause })
    }
  }
  return (batch) => {
    keys?.refresh()
    if (batch.every(isPlain)) return batch
    const events: RecordedEvent[] = []
    for (const event of batch) {
      const plain = openedOne(event)
      if (plain !== undefined) events.push(plain)
    }
    return events
  }
}

const placeOf = ({ stream, revision, position }: RecordedEvent): string =>
  `the encrypted event at position ${position} (${stream}, revision ${revision})`

const NO_KEYS = 'set log.encryption.key, as the process has it that wrote the event'

/** Our metadata is JSON, or there is none. */
const isPlain = ({ metadata }: RecordedEvent): boolean => metadata.length === 0 || metadata[0] === OPENING_BRACE
const OPENING_BRACE = 0x7b

const openedLive = (live: Live, opened: Opener): Live => {
  if (live.kind !== 'events') return live
  const events = opened(live.events)
  return events.length > 0 ? { kind: 'events', events } : { kind: 'checkpoint', position: live.events.at(-1)!.position }
}

async function* openedStream(
  messages: AsyncIterable<StreamLive>,
  opened: Opener,
  isDestroyed: () => boolean,
): AsyncGenerator<StreamLive> {
  for await (const live of messages) {
    if (live.kind === 'caught-up') yield isDestroyed() ? { ...live, revision: undefined } : live
    else {
      const events = opened(live.events)
      if (events.length > 0) yield { kind: 'events', events }
    }
  }
}

type Answer = E.Either<AppendFailure, Appended>

/** Encrypts what is covered, with keys that are durable before an event is stored that needs them. */
const appendEncrypted = async (
  log: EventLog,
  keys: KeyStore,
  covers: Encryption['covers'],
  appends: readonly StreamAppend[],
): Promise<readonly Answer[]> => {
  const answers: (Answer | undefined)[] = appends.map(refusalOf)
  const isOurs = ({ stream, events }: StreamAppend, index: number): boolean =>
    answers[index] === undefined && events.length > 0 && covers(stream)
  const streams = appends.filter(isOurs).map(({ stream }) => stream)
  const sent: StreamAppend[] = []
  try {
    keys.refresh()
    const held = new Map(streams.length === 0 ? [] : keys.ofStreams(streams).map((key, i) => [streams[i]!, key]))
    for (const [index, append] of appends.entries()) {
      const { stream, events } = append
      if (answers[index] !== undefined) continue
      if (!isOurs(append, index)) {
        sent.push(append)
        continue
      }
      const key = held.get(stream)
      if (key === undefined) throw new Error(`there is no key for ${stream}`)
      if (key === 'destroyed') answers[index] = E.left({ tag: 'Refused', reason: erasedReason(stream), isErased: true })
      else
        sent.push({
          ...append,
          events: events.map((event) => {
            const next = keys.next(key)
            return encrypt(event, stream, next.key, { number: key.number, ...next })
          }),
        })
    }
  } catch (cause) {
    return appends.map((_, index) => answers[index] ?? E.left({ tag: 'NotAvailable', cause: logError(cause) }))
  }
  const stored = sent.length === 0 ? [] : await log.append(sent)
  let next = 0
  return answers.map((answer) => answer ?? stored[next++]!)
}

const refusalOf = (append: StreamAppend): Answer | undefined => {
  const fault = appendFault(append)
  return fault === undefined ? undefined : E.left(fault)
}

const logError = (cause: unknown): unknown =>
  cause instanceof LogDamaged
    ? cause
    : new LogUnavailable(`no key can be made for a stream: ${(cause as Error).message}`, { cause })
