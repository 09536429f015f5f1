import * as E from 'fp-ts/lib/Either.js'
import { egressProgressStream } from '../../domain/stream-name.js'
import { contentId } from '../../log/content-id.js'
import { LogDamaged, LogUnavailable, type EventLog } from '../../log/event-log.js'
import type { Progress } from '../sink.js'

/** Who publishes, as which instance: `id` is random and one for each sink that was made. */
export type Owner = Readonly<{ id: string; host: string; pid: number }>

/** An entry of the progress of a sink: how far `owner` has come at `place`. A claim repeats the progress it found. */
export type ProgressEntry = Readonly<{ owner: Owner; place: string; progress: Progress | undefined }>

/** The last entry, and its revision; -1 before the first. */
export type LastEntry = Readonly<{ revision: number; entry: ProgressEntry | undefined }>

/** Another instance has appended an entry since. */
export type Overtaken = Readonly<{ tag: 'Overtaken' }>

/**
 * Keeps the progress of one sink. `append` adds an entry behind revision `expected`, or nothing if another entry is
 * there: of two instances the one that has not seen the last entry is stopped. Both throw `LogUnavailable` while the log
 * cannot be used; a failed append may have been stored, and is tried again with the same entry.
 */
export type ProgressStore = Readonly<{
  last: () => Promise<LastEntry>
  append: (expected: number, entry: ProgressEntry) => Promise<E.Either<Overtaken, void>>
}>

/**
 * Progress in a stream of the control part of the log. `reading` gives the part for reading, `changing` opens it for
 * writing for a moment, because other processes write it as well.
 */
export const logProgress = (
  options: Readonly<{
    tenant: string
    sink: string
    reading: () => Promise<EventLog>
    changing: <T>(work: (log: EventLog) => Promise<T>) => Promise<T>
  }>,
): ProgressStore => {
  const stream = egressProgressStream(options.tenant, options.sink)
  return {
    last: async () => {
      const log = await options.reading()
      for await (const [event] of log.readStream(stream, { backwards: true, max: 1 }))
        if (event !== undefined) return { revision: event.revision, entry: decoded(stream, event.data) }
      return { revision: -1, entry: undefined }
    },
    append: async (expected, entry) => {
      const data = Buffer.from(JSON.stringify({ version: VERSION, ...entry }))
      const id = contentId(TYPE, stream, String(expected), data)
      const event = { id, type: TYPE, data, metadata: Buffer.from('{}') }
      const [answer] = await options.changing((log) => log.append([{ stream, expected, events: [event] }]))
      if (answer !== undefined && E.isRight(answer)) return E.right(undefined)
      if (answer?.left.tag === 'WrongExpectedRevision') return E.left({ tag: 'Overtaken' })
      throw new LogUnavailable(`the progress of ${options.sink} cannot be stored`, { cause: answer?.left })
    },
  }
}

const TYPE = 'EgressProgress'
const VERSION = 1

const decoded = (stream: string, data: Uint8Array): ProgressEntry => {
  const { version, owner, place, progress } = JSON.parse(Buffer.from(data).toString('utf8')) as ProgressEntry &
    Readonly<{ version: number }>
  if (version > VERSION)
    throw new LogDamaged(
      `${stream}: the progress has version ${version} and was written by a later Streamvane: run that version`,
    )
  return { owner, place, progress }
}
