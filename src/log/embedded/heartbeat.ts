import { closeSync, openSync, readSync, watch, writeSync } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { join } from 'node:path'

/**
 * A file beside the log with a counter in it. The writer counts up after each commit, so that readers in other
 * processes learn of it, and at least every second, so that another would-be writer sees that it lives. Nothing is
 * decided by it that would have to survive a crash.
 */
const PULSE = 'pulse'
export const BEAT_MS = 1_000
/** Readers look by themselves this often: some file systems (network, some container mounts) report no changes. */
const POLL_MS = 250

export type Pulse = Readonly<{ beat: () => void; stop: () => void }>

/** Starts beating in `dir`. A beat that fails is nobody's loss: readers poll, and commits are fenced on their own. */
export const startPulse = (dir: string): Pulse => {
  const file = openSync(join(dir, PULSE), 'a+')
  closeSync(file)
  const fd = openSync(join(dir, PULSE), 'r+')
  const count = Buffer.alloc(8)
  readSync(fd, count, 0, 8, 0)
  let beats = count.readBigUInt64LE()
  let stopped = false
  const beat = (): void => {
    if (stopped) return
    count.writeBigUInt64LE((beats = BigInt.asUintN(64, beats + 1n)))
    try {
      writeSync(fd, count, 0, 8, 0)
    } catch {
      // A full disk, say; the commit itself has its own answer.
    }
  }
  beat()
  const timer = setInterval(beat, BEAT_MS)
  timer.unref()
  return {
    beat,
    stop: () => {
      if (stopped) return
      stopped = true
      clearInterval(timer)
      closeSync(fd)
    },
  }
}

/** Calls `heard` after each beat of a writer in any process, and now and then without one, until stopped. */
export const listenToPulse = (dir: string, heard: () => void): (() => void) => {
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(join(dir, PULSE), { persistent: false }, heard)
    watcher.on('error', () => watcher?.close())
  } catch {
    // No such file yet, or no watches left: polling it is.
  }
  // This one keeps the process alive: whoever waits for another process to append has nothing else that would.
  const timer = setInterval(heard, POLL_MS)
  return () => {
    watcher?.close()
    clearInterval(timer)
  }
}

/** Whether somebody's pulse is felt within `patienceMs`; at once when it is. */
export const feelsPulse = async (dir: string, patienceMs: number): Promise<boolean> => {
  const before = countIn(dir)
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if (countIn(dir) !== before) return true
  }
  return false
}

const countIn = (dir: string): bigint | undefined => {
  const count = Buffer.alloc(8)
  try {
    const fd = openSync(join(dir, PULSE), 'r')
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
