import { createHash, randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll } from 'vitest'
import { plainEvent } from '../../../src/log/event-log.js'
import type {
  AppendFailure,
  Appended,
  EventLog,
  Live,
  NewEvent,
  ReadAll,
  RecordedEvent,
  StreamAppend,
} from '../../../src/log/event-log.js'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array): string => new TextDecoder().decode(data)

/** An id derived from content, as every caller of the port makes them. */
export const idOf = (content: string): string =>
  createHash('sha256')
    .update(content)
    .digest('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

export const eventOf = (content: string, type = 'Seen'): NewEvent => ({
  id: idOf(content),
  type,
  data: bytes(content),
  metadata: bytes(JSON.stringify({ of: content.slice(0, 40) })),
})

export const flatten = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of batches) {
    if (batch.length === 0) throw new Error('an empty batch')
    events.push(...batch.map(plainEvent))
  }
  return events
}

export const contents = (events: readonly RecordedEvent[]): readonly string[] => events.map((event) => text(event.data))

export const stored = (answer: E.Either<AppendFailure, Appended> | undefined): Appended => {
  if (answer === undefined || E.isLeft(answer)) throw new Error(`not stored: ${JSON.stringify(answer)}`)
  return answer.right
}

export const refusal = (answer: E.Either<AppendFailure, Appended> | undefined): AppendFailure => {
  if (answer === undefined || E.isRight(answer)) throw new Error(`not refused: ${JSON.stringify(answer)}`)
  return answer.left
}

/** Takes from a subscription until `enough` says so, and says how it went on. */
export const take = async (
  live: AsyncIterable<Live>,
  enough: (seen: readonly Live[]) => boolean,
): Promise<readonly Live[]> => {
  const seen: Live[] = []
  for await (const message of live) {
    seen.push(message)
    if (enough(seen)) break
  }
  return seen
}

export const eventsOf = (seen: readonly Live[]): readonly RecordedEvent[] =>
  seen.flatMap((message) => (message.kind === 'events' ? message.events : []))

/** A log that was opened for a test, and how the same log is opened once more, as another process would. */
export type Opened = Readonly<{ log: EventLog; another: () => Promise<EventLog> }>

/** What the sections of the contract work with. `log` is the one that all tests of a section share. */
export type Rig = Readonly<{
  log: EventLog
  /** Opens the shared log once more. */
  another: () => Promise<EventLog>
  /** Opens a log for one test alone. */
  open: () => Promise<EventLog>
  /** A prefix that no other test uses. */
  fresh: () => string
  append: (
    stream: string,
    expected: StreamAppend['expected'],
    ...events: readonly NewEvent[]
  ) => Promise<E.Either<AppendFailure, Appended> | undefined>
  read: (options: ReadAll) => Promise<readonly RecordedEvent[]>
}>

/** Opens the shared log before the first test of the enclosing block and closes it after the last. */
export const rigOf = (open: () => Promise<Opened>): Rig => {
  let opened: Opened
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened.log.close())
  const log: EventLog = {
    append: (...args) => opened.log.append(...args),
    readStream: (...args) => opened.log.readStream(...args),
    readAll: (...args) => opened.log.readAll(...args),
    subscribe: (...args) => opened.log.subscribe(...args),
    subscribeStream: (...args) => opened.log.subscribeStream(...args),
    id: () => opened.log.id(),
    head: () => opened.log.head(),
    erase: (...args) => opened.log.erase(...args),
    readStreams: (...args) => opened.log.readStreams(...args),
    streamRevision: (...args) => opened.log.streamRevision(...args),
    close: () => opened.log.close(),
  }
  return {
    log,
    another: () => opened.another(),
    open: async () => (await open()).log,
    fresh: () => `t-${randomUUID()}.`,
    append: async (stream, expected, ...events) => (await log.append([{ stream, expected, events }]))[0],
    read: (options) => flatten(log.readAll(options)),
  }
}
