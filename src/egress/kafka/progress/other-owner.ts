import type { AtOpenTransaction } from './progress-reader.js'
import type { Owner, ProgressRecord } from './progress.js'

/** An idle owner writes its progress again this often, as a sign of life. */
export const SIGN_EVERY_MS = 10_000

/** How an instance learns whether the owner of the progress lives. */
export type SignsOfLife = Readonly<{
  now: () => number
  /** Returns early when the signal aborts. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** Whether a process of this machine runs. */
  isRunning: (pid: number) => boolean
  /** An owner that gives no sign for this long is taken to be gone. */
  silentAfterMs: number
}>

/**
 * Whether the process that wrote a record may still publish. One that is gone is taken over from at once, as after a
 * crash: another sink of this process, a process of this machine that does not run, an owner that was silent for long,
 * or one of a version that gives no signs.
 */
export const mayPublish = (
  { id, host, pid, at }: Owner,
  self: Pick<Owner, 'id' | 'host' | 'pid'>,
  { now, isRunning, silentAfterMs }: SignsOfLife,
): boolean => {
  if (id === self.id || at === undefined) return false
  if (host === self.host && (pid === self.pid || !isRunning(pid))) return false
  return now() - Date.parse(at) < silentAfterMs
}

const LOOK_EVERY_MS = 1_000

/**
 * Watches an owner that may publish: resolves with it once it gives another sign, or with `undefined` once it was
 * silent for long enough. The clocks of two machines may differ, so only a sign that was seen to come proves anything.
 */
export const watchForSign = async (
  first: Owner,
  self: Pick<Owner, 'id' | 'host' | 'pid'>,
  read: (atOpenTransaction: AtOpenTransaction) => Promise<ProgressRecord | undefined>,
  signs: SignsOfLife,
  signal: AbortSignal,
): Promise<Owner | undefined> => {
  const since = signs.now()
  for (let owner = first; mayPublish(owner, self, signs) && signs.now() - since < signs.silentAfterMs;) {
    await signs.pause(LOOK_EVERY_MS, signal)
    signal.throwIfAborted()
    const now = (await read('stop'))?.owner
    if (now === undefined || now.id === self.id) return undefined
    if (now.at !== owner.at || now.id !== owner.id) return now
    owner = now
  }
  return undefined
}

/** Why a second deployment does not begin, and how to go on. */
export const publishesAlready = ({ pid, host, since, at }: Owner, transactionalId: string): string =>
  `process ${pid} on ${host} publishes as ${transactionalId}${since === undefined ? '' : ` since ${since}`} (last sign ` +
  `${at ?? 'unknown'}). If both are meant to publish, give this one an egress.kafka.transactionalId and topics of its ` +
  `own; to stop the other and take over from it: \`streamvane run --take-over\``
