import * as E from 'fp-ts/lib/Either.js'
import { LogUnavailable, NoLog } from './event-log.js'
import type { AppendFailure, EventLog, RecordedEvent } from './event-log.js'
import { isKeptOut } from './kept-out.js'

/** How a command waits for a log that is away. */
export type Patience = Readonly<{
  /** How long an outage may last, in milliseconds. */
  waitMs: number
  now: () => number
  /** Waits before the next attempt (counted from 0); resolves at once when the command is stopped. */
  pause: (attempt: number) => Promise<void>
  isStopped: () => boolean
  /** An outage begins (epoch milliseconds) or goes on. */
  away: (since: number, cause: unknown) => void
  back: () => void
}>

/** The failure may pass by itself: not one of rights or credentials, and not a log that does not exist yet. */
export const mayPass = (cause: unknown): boolean =>
  cause instanceof LogUnavailable && !(cause instanceof NoLog) && !isKeptOut(cause)

/**
 * A log whose appends and reads are tried again while it is away, for as long as the patience lasts; then they fail as
 * without it. Failures that do not pass by themselves are told at once. An append whose outcome was unknown is repeated:
 * what the first attempt has stored counts as stored before. Subscriptions are passed on as they are.
 */
export const patientLog = (log: EventLog, patience: Patience): EventLog => {
  let since: number | undefined
  const over = (): void => {
    if (since !== undefined) patience.back()
    since = undefined
  }
  /** Waits, and says whether to try again. */
  const isWorthWaiting = async (cause: unknown, attempt: number): Promise<boolean> => {
    since ??= patience.now()
    if (patience.isStopped() || patience.now() - since >= patience.waitMs) return false
    patience.away(since, cause)
    await patience.pause(attempt)
    return !patience.isStopped()
  }

  const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++)
      try {
        const answer = await ask()
        over()
        return answer
      } catch (cause) {
        if (!mayPass(cause) || !(await isWorthWaiting(cause, attempt))) throw cause
      }
  }
  /** Reads from where the last attempt broke off. */
  async function* resumed(
    read: (last: RecordedEvent | undefined, count: number) => AsyncIterable<readonly RecordedEvent[]>,
  ): AsyncGenerator<readonly RecordedEvent[]> {
    let last: RecordedEvent | undefined
    let count = 0
    for (let attempt = 0; ; attempt++)
      try {
        for await (const batch of read(last, count)) {
          over()
          attempt = 0
          last = batch.at(-1)
          count += batch.length
          yield batch
        }
        return over()
      } catch (cause) {
        if (!mayPass(cause) || !(await isWorthWaiting(cause, attempt))) throw cause
      }
  }

  return {
    ...log,
    append: async (appends) => {
      let answers = await log.append(appends)
      for (let attempt = 0; ; attempt++) {
        const lost = answers.flatMap((answer) => (E.isLeft(answer) ? causeIn(answer.left) : []))[0]
        if (lost === undefined || isKeptOut(lost)) break
        if (!(await isWorthWaiting(lost, attempt))) return answers
        const before = answers
        // All of it: an entry may rest on the one before it, and what is there already is not stored again.
        answers = (await log.append(appends)).map((answer, i) => {
          const told = before[i] as (typeof before)[number]
          return E.isRight(told) ? told : answer
        })
      }
      over()
      return answers
    },
    readAll: (options) =>
      resumed((last) => log.readAll(last === undefined ? options : { ...options, after: last.position })),
    readStreams: (prefixes) => {
      const read = new Map<string, number>()
      return resumed(() => unread(log.readStreams(prefixes), read))
    },
    readStream: (stream, options = {}) =>
      resumed((last, count) => {
        if (last === undefined) return log.readStream(stream, options)
        const from = last.revision + (options.backwards === true ? -1 : 1)
        const max = options.max === undefined ? undefined : options.max - count
        return from < 0 || (max !== undefined && max <= 0)
          ? nothing()
          : log.readStream(stream, { ...options, from, max })
      }),
    id: () => asked(() => log.id()),
    head: () => asked(() => log.head()),
    streamRevision: (stream) => asked(() => log.streamRevision(stream)),
    erase: async (stream) => {
      for (let attempt = 0; ; attempt++) {
        const answer = await asked(() => log.erase(stream))
        const [lost] = E.isLeft(answer) ? causeIn(answer.left) : []
        if (lost === undefined || isKeptOut(lost) || !(await isWorthWaiting(lost, attempt))) return answer
      }
    },
  }
}

const causeIn = (failure: AppendFailure): readonly unknown[] =>
  failure.tag === 'NotAvailable' ? [failure.cause ?? new Error('the log is not available')] : []

/** The events of each stream behind its last that was read, which is noted in `read`. */
async function* unread(
  batches: AsyncIterable<readonly RecordedEvent[]>,
  read: Map<string, number>,
): AsyncGenerator<readonly RecordedEvent[]> {
  for await (const batch of batches) {
    const events = batch.filter(({ stream, revision }) => revision > (read.get(stream) ?? -1))
    for (const { stream, revision } of events) read.set(stream, revision)
    if (events.length > 0) yield events
  }
}

async function* nothing(): AsyncGenerator<readonly RecordedEvent[]> {
  // The last attempt had read all that was asked for.
}
