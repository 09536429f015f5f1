import { closeSync, openSync, readSync, statSync, watch, writeSync } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { join } from 'node:path'

/**
 * A file beside the log with a counter in it. The writer increments it after each commit, so that readers in other
 * processes learn of the commit, and at least every second, so that another process that wants to write sees that this
 * one lives. Nothing depends on it after a crash.
 */
const FILE = 'pulse'
export const HEARTBEAT_MS = 1_000
/** Readers poll as well: some file systems (network, some container mounts) report no changes. */
const POLL_MS = 250

export type Heartbeat = Readonly<{ send: () => void; stop: () => void }>

/** Starts the heartbeat in `dir`. One that cannot be written does no harm: readers poll, and commits are fenced. */
export const startHeartbeat = (dir: string): Heartbeat => {
  const file = openSync(join(dir, FILE), 'a+', 0o600)
  closeSync(file)
  const fd = openSync(join(dir, FILE), 'r+')
  const count = Buffer.alloc(8)
  readSync(fd, count, 0, 8, 0)
  let beats = count.readBigUInt64LE()
  let stopped = false
  const send = (): void => {
    if (stopped) return
    count.writeBigUInt64LE((beats = BigInt.asUintN(64, beats + 1n)))
    try {
      writeSync(fd, count, 0, 8, 0)
    } catch {
      // The disk may be full. The commit itself has its own answer.
    }
  }
  send()
  const timer = setInterval(send, HEARTBEAT_MS)
  timer.unref()
  return {
    send,
    stop: () => {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      closeSync(fd)
    },
  }
}

/** Calls `listener` after each heartbeat of a writer in any process, and every {@link POLL_MS}, until stopped. */
export const onHeartbeat = (dir: string, listener: () => void): (() => void) => {
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(join(dir, FILE), { persistent: false }, listener)
    watcher.on('error', () => watcher?.close())
  } catch {
    // The file is not there yet, or the system has no watch left: polling remains.
  }
  // This timer keeps the process alive: a reader that waits for another process to append has nothing else that would.
  const timer = setInterval(listener, POLL_MS)
  return () => {
    watcher?.close()
    clearInterval(timer)
  }
}

/** When the last heartbeat was sent (epoch ms); `undefined` where none ever was. */
export const lastHeartbeat = (dir: string): number | undefined =>
  statSync(join(dir, FILE), { throwIfNoEntry: false })?.mtimeMs

/** Whether a writer sends a heartbeat within `waitMaxMs`; answers as soon as one does. */
export const heartbeatWithin = async (dir: string, waitMaxMs: number): Promise<boolean> => {
  const before = countIn(dir)
  for (let waitedMs = 0; waitedMs < waitMaxMs; waitedMs += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if (countIn(dir) !== before) return true
  }
  return false
}

const countIn = (dir: string): bigint | undefined => {
  const count = Buffer.alloc(8)
  try {
    const fd = openSync(join(dir, FILE), 'r')
    try {
      readSync(fd, count, 0, 8, 0)
    } finally {
      closeSync(fd)
    }
    return count.readBigUInt64LE()
  } catch {
    return undefined
  }
}
