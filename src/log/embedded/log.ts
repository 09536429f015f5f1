import * as E from '../../domain/either.js'
import { changeSignal } from '../change-signal.js'
import { giveLogId, readLogId } from './log-id.js'
import { logError } from './lmdb/damage.js'
import { readBlocks } from './format/blocks.js'
import { readBlocksThrough, scanBlocks } from './read/read-all.js'
import { readRevisions, readStreamsOf, revisionOf } from './read/read-stream.js'
import { leaveStore, shareStore } from './lmdb/shared-store.js'
import { raiseFormat } from './lmdb/store.js'
import type { EmbeddedWriter } from './write/writer.js'
import { LogLocked, LogUnavailable } from '../event-log.js'
import type { EventLog } from '../event-log.js'
import { followStream } from '../follow-stream.js'
import { follow } from '../follow.js'
import { onHeartbeat } from './lock/heartbeat.js'
import type { Lease } from './lock/writer-lease.js'

export type EmbeddedLogOptions = Readonly<{
  /** Where this part of the log is. A writer makes it if there is none. */
  dir: string
  mode: 'writer' | 'reader'
  /** What this writer is, for the message to another process that wants to write. */
  owner?: string | undefined
}>

/**
 * The durable log of one machine, in an LMDB environment: one writer, any number of readers, in this process or others
 * of the same machine. An append is answered when it is on disk (docs/adr/0002-embedded-store.md says how, and lists
 * the traps).
 *
 * @throws LogLocked if another process writes; after up to five seconds if that process cannot be looked up from here.
 * @throws LogUnavailable if there is no log to read, or it may not be written to.
 * @throws LogOfLaterVersion if it has a format that this version does not read.
 * @throws LogDamaged if its file is not whole.
 */
export const openEmbeddedLog = async ({ dir, mode, owner = 'streamvane' }: EmbeddedLogOptions): Promise<EventLog> => {
  const shared = await shareStore(dir, mode === 'writer' ? 'write' : 'read')
  let lease: Lease | undefined
  let writer: EmbeddedWriter | undefined
  try {
    if (mode === 'writer') {
      // Loaded here: a command that only reads starts sooner without them.
      const [{ takeLease }, { EmbeddedWriter }] = await Promise.all([
        import('./lock/writer-lease.js'),
        import('./write/writer.js'),
      ])
      const taken = (lease = await takeLease(shared.store, dir, owner))
      raiseFormat(shared.store)
      giveLogId(shared.store)
      const committed = (): void => {
        for (const signal of shared.signals) signal.notify()
        taken.heartbeat.send()
      }
      writer = new EmbeddedWriter(shared.store, taken, { dir, committed })
    }
  } catch (cause) {
    await lease?.release()
    await leaveStore(shared)
    throw cause instanceof LogLocked ? cause : logError(dir, 'cannot be opened for writing', cause)
  }

  let closing: Promise<void> | undefined
  const unlessClosed = (): void => {
    if (closing !== undefined) throw new LogUnavailable('the log is closed')
  }
  const change = changeSignal()
  shared.signals.add(change)
  let stopListening: (() => void) | undefined
  const changed = (): Promise<void> => {
    if (writer === undefined && closing === undefined) stopListening ??= onHeartbeat(dir, change.notify)
    return change.next()
  }
  const { store } = shared
  const blocks = readBlocks(store, unlessClosed)

  const close = async (): Promise<void> => {
    change.fail(new LogUnavailable('the log is closed'))
    shared.signals.delete(change)
    stopListening?.()
    await writer?.stop('the log is closed')
    await lease?.release()
    await leaveStore(shared)
  }

  return {
    append: (appends) =>
      writer?.append(appends) ??
      Promise.resolve(appends.map(() => E.left({ tag: 'Refused', reason: 'the log was opened for reading' }))),
    erase: (stream) =>
      writer?.erase(stream) ??
      Promise.resolve(E.left({ tag: 'Refused' as const, reason: 'the log was opened for reading' })),
    readStream: (stream, options = {}) => reporting(dir, readRevisions(store, blocks, stream, options)),
    readAll: (options = {}) => reporting(dir, readBlocksThrough(store, blocks, options)),
    readStreams: (prefixes) => reporting(dir, readStreamsOf(store, blocks, prefixes)),
    subscribe: (options) =>
      reporting(
        dir,
        follow(options, { scan: (after) => scanBlocks(store, blocks, after, options.through, options), changed }),
      ),
    subscribeStream: (stream, options) =>
      reporting(
        dir,
        followStream(options, {
          readFrom: (from) => readRevisions(store, blocks, stream, { from, batchMax: options.batchMax }),
          lastRevision: () => revisionOf(store, blocks, stream),
          changed,
        }),
      ),
    id: async () => report(dir, () => (unlessClosed(), readLogId(store, dir))),
    head: async () => report(dir, blocks.head),
    streamRevision: async (stream) => report(dir, () => revisionOf(store, blocks, stream)),
    folder: dir,
    close: () => (closing ??= close()),
  }
}

const report = <A>(dir: string, read: () => A): A => {
  try {
    return read()
  } catch (cause) {
    throw logError(dir, 'cannot be read', cause)
  }
}

async function* reporting<A>(dir: string, reading: AsyncGenerator<A>): AsyncGenerator<A> {
  try {
    yield* reading
  } catch (cause) {
    throw logError(dir, 'cannot be read', cause)
  }
}
