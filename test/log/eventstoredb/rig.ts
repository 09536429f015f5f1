import { createHash, randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { onTestFinished } from 'vitest'
import type { AppendFailure, Appended, EventLog, Live, NewEvent, RecordedEvent } from '../../../src/log/event-log.js'
import { openEventStoreDbLog } from '../../../src/log/eventstoredb/log.js'
import type { EventStoreDbOptions } from '../../../src/log/eventstoredb/options.js'
import { memoryData } from '../../support/eventstoredb/memory.js'
import { startEventStoreDbServer } from '../../support/eventstoredb/server.js'
import type { EventStoreDbServer, ServerSetting } from '../../support/eventstoredb/server.js'
import type { Store } from '../../support/eventstoredb/store.js'
import { dataToTest } from '../../support/eventstoredb/upstream.js'

/** Short deadlines: the server runs in the same process, and a call that is never answered should fail soon. */
const QUICK = { deadlineMs: 2_000, headPollMs: 10, backoffMs: 5, backoffMaxMs: 20 }

/** A server for this test alone, in front of the real server that is named, or of a store in memory. */
export const server = async (setting: ServerSetting = {}): Promise<EventStoreDbServer> => {
  const data = setting.data ?? dataToTest()
  const started = await startEventStoreDbServer({ ...setting, data })
  onTestFinished(async () => {
    started.stop()
    if (setting.data === undefined) await data.close()
  })
  return started
}

/**
 * Always on a store in memory: for the answers of other versions, and for logs that a real server cannot hold.
 */
export const memoryServer = (setting: ServerSetting = {}, store?: Store): Promise<EventStoreDbServer> =>
  server({ ...setting, data: memoryData(store) })

/** A log on this server, closed when the test ends. */
export const logOn = (
  on: Pick<EventStoreDbServer, 'connectionString'>,
  options: Partial<EventStoreDbOptions> = {},
): EventLog => {
  const log = openEventStoreDbLog({ connectionString: on.connectionString, ...QUICK, ...options })
  onTestFinished(() => log.close())
  return log
}

export const eventOf = (content: string): NewEvent => ({
  id: createHash('md5')
    .update(content)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  type: 'Seen',
  data: new TextEncoder().encode(content),
  metadata: new TextEncoder().encode('{}'),
})

type Answer = E.Either<AppendFailure, Appended>

export const append = async (log: EventLog, stream: string, ...contents: readonly string[]): Promise<Answer> =>
  (await log.append([{ stream, expected: 'any', events: contents.map(eventOf) }]))[0]!

export const stored = (answer: Answer): Appended => {
  if (E.isLeft(answer))
    throw new Error(`not stored: ${JSON.stringify(answer.left)}`, { cause: (answer.left as { cause?: unknown }).cause })
  return answer.right
}

export const failure = (answer: Answer): AppendFailure => {
  if (E.isRight(answer)) throw new Error(`not refused: ${JSON.stringify(answer.right)}`)
  return answer.left
}

export const contents = (events: readonly Readonly<{ data: Uint8Array }>[]): readonly string[] =>
  events.map(({ data }) => new TextDecoder().decode(data))

export const flatten = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of batches) events.push(...batch)
  return events
}

/** Follows a subscription until the last event is `last`; `at` gets every message before the next is requested. */
export const follow = async (
  live: AsyncIterable<Live>,
  last: string,
  at: (message: Live) => unknown = () => undefined,
) => {
  const seen: string[] = []
  for await (const message of live) {
    if (message.kind === 'events') seen.push(...contents(message.events))
    await at(message)
    if (seen.at(-1) === last) break
  }
  return seen
}

export const fresh = (): string => `t-${randomUUID()}.`
export const never = (): AbortSignal => new AbortController().signal
