import * as E from 'fp-ts/lib/Either.js'
import { LogUnavailable, type EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'

/** A log that can be out of reach: appends are not taken, and what is being read breaks off. */
export const awayAndBack = () => {
  const log = memoryLog()
  let isAway = false
  let gone = new AbortController()
  let failures = 0
  const waiting: (() => void)[] = []
  const failed = (): void => {
    failures += 1
    for (const resolve of waiting.splice(0)) resolve()
  }
  const unlessAway = (): void => {
    if (!isAway) return
    failed()
    throw new LogUnavailable('away')
  }
  async function* broken<T>(read: (signal: AbortSignal) => AsyncIterable<T>): AsyncGenerator<T> {
    unlessAway()
    const { signal } = gone
    for await (const each of read(signal)) {
      if (signal.aborted) break
      yield each
    }
    if (signal.aborted) throw new LogUnavailable('went away')
  }
  const reached: EventLog = {
    ...log,
    append: async (appends) => {
      if (!isAway) return log.append(appends)
      failed()
      return appends.map(() => E.left({ tag: 'NotAvailable' as const, cause: new Error('away') }))
    },
    readAll: (options) => broken(() => log.readAll(options)),
    readStream: (stream, options) => broken(() => log.readStream(stream, options)),
    readStreams: (prefixes) => broken(() => log.readStreams(prefixes)),
    subscribe: (options) =>
      broken((signal) => log.subscribe({ ...options, signal: AbortSignal.any([signal, options.signal]) })),
    subscribeStream: (stream, options) =>
      broken((signal) =>
        log.subscribeStream(stream, { ...options, signal: AbortSignal.any([signal, options.signal]) }),
      ),
    head: async () => (unlessAway(), log.head()),
    streamRevision: async (stream) => (unlessAway(), log.streamRevision(stream)),
  }
  return {
    log,
    reached,
    goAway: () => {
      isAway = true
      gone.abort()
    },
    comeBack: () => {
      isAway = false
      gone = new AbortController()
    },
    /** Resolves once so many more attempts have come to nothing. */
    failuresMore: async (more: number): Promise<void> => {
      const enough = failures + more
      while (failures < enough) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
