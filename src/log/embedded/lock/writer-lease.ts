import { basename } from 'node:path'
import type { EmbeddedStore } from '../lmdb/store.js'
import { LogLocked } from '../../event-log.js'
import { heartbeatWithin, startHeartbeat } from './heartbeat.js'
import type { Heartbeat } from './heartbeat.js'
import { livenessOf, thisProcess } from './process-identity.js'
import type { ProcessIdentity } from './process-identity.js'

/**
 * Who writes to this part of the log.
 *
 * A lock file would outlive `kill -9`, and Node has no lock that the operating system releases. So there are two parts.
 * *Safety*: the lease has an epoch that each new holder raises, and every commit is conditional on it, checked in the
 * same transaction, so a writer that was replaced can never commit again. *Courtesy*: a second process is refused while
 * the first lives. If both share a pid namespace and a boot, /proc says whether it lives, which is exact and needs no
 * wait; otherwise its heartbeat does. A wrong guess costs a fenced writer, never a damaged log.
 *
 * The lease is `held` by a process, or `free` after a release or when its holder is gone.
 */
const KEY = 'writer'
/** A holder that cannot be looked up counts as gone after this long without a heartbeat; it sends one every second. */
const SILENCE_MS = 5_000

/** The process that holds the lease, for those who only look. */
export const holderOf = (store: EmbeddedStore): Holder | undefined => heldIn(store).holder

export type Holder = ProcessIdentity & Readonly<{ owner: string; since: string }>
type Held = Readonly<{ holder: Holder | undefined; epoch: number }>

export type Lease = Readonly<{
  /**
   * Runs `puts` in one transaction if the lease is still ours; `false` if another process took over. Durable when it
   * resolves.
   */
  commit: (puts: () => void) => Promise<boolean>
  heartbeat: Heartbeat
  /** Who holds the lease now, in words. */
  holder: () => string
  release: () => Promise<void>
}>

/** @throws LogLocked while another process that writes here lives. */
export const takeLease = async (
  store: EmbeddedStore,
  dir: string,
  owner: string,
  silenceMs = SILENCE_MS,
): Promise<Lease> => {
  const self = thisProcess()
  const before = heldIn(store)
  if (before.holder !== undefined) {
    const liveness = livenessOf(before.holder, self)
    if (liveness === 'alive' || (liveness === 'unknown' && (await heartbeatWithin(dir, silenceMs))))
      throw locked(dir, before.holder)
  }
  const epoch = before.epoch + 1
  const holder: Holder = { ...self, owner, since: new Date().toISOString() }
  // Two processes may both have seen the old epoch; the transaction lets one of them raise it.
  const now = store.env.transactionSync(() => {
    const held = heldIn(store)
    if (held.epoch === before.epoch) store.meta.putSync(KEY, holder, epoch)
    return held
  })
  if (now.epoch !== before.epoch) throw locked(dir, now.holder)
  const heartbeat = startHeartbeat(dir)
  return {
    commit: (puts) => store.meta.ifVersion(KEY, epoch, puts),
    heartbeat,
    holder: () => describe(heldIn(store).holder),
    release: async () => {
      heartbeat.stop()
      // If this cannot be written either, the next process finds that the holder is gone.
      await store.meta.ifVersion(KEY, epoch, () => void store.meta.put(KEY, null, epoch)).catch(() => undefined)
    },
  }
}

/** Frees the lease whoever holds it: for a copy of a log, whose holder writes the original. */
export const freeLease = (store: EmbeddedStore): void => {
  const { epoch } = heldIn(store)
  store.meta.putSync(KEY, null, epoch)
}

const heldIn = ({ meta }: EmbeddedStore): Held => {
  const entry = meta.getEntry(KEY)
  return { holder: (entry?.value as Holder | null | undefined) ?? undefined, epoch: entry?.version ?? 0 }
}

const describe = (holder: Holder | undefined): string =>
  holder === undefined
    ? 'another process'
    : `${holder.owner}, pid ${holder.pid} on ${holder.host}, since ${holder.since} (${programOf(holder)})`

/** Older versions stored the whole command line, which may hold secrets. */
const programOf = ({ command }: Holder): string =>
  command.includes(' ') ? basename(command.split(' ')[1] ?? '') : basename(command)

const locked = (dir: string, holder: Holder | undefined): LogLocked =>
  new LogLocked(
    `The log in ${dir} is being written by ${describe(holder)}. A log has one writer at a time: stop that process ` +
      'first, or give this one a directory of its own. If it was killed just now, start again in a few seconds.',
  )
