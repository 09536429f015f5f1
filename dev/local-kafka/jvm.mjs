// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A JVM that cannot outlive us. `kill -9` of this process leaves no chance to clean up, so the JVM is started by a
 * shell that first leaves a watchdog behind: it reads our end of a pipe, and when the pipe ends without a word it kills
 * the JVM and removes its folder. The shell then becomes the JVM (`exec`), so the child's pid is the JVM's own.
 */
const UNDER_WATCH = `
(
  read -r _ <&3 && exit 0
  kill -9 $$
  tries=0
  while [ -d "$STREAMVANE_DOOMED_DIR" ] && [ $tries -lt 50 ]; do
    rm -rf "$STREAMVANE_DOOMED_DIR" || sleep 0.1 # a dying JVM may still be writing
    tries=$((tries + 1))
  done
) >/dev/null 2>&1 &
exec "$@" 3<&-
`

/** The java to use: JAVA_HOME's, else the PATH's. */
export const javaBinary = () => (process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java')

/**
 * @typedef {object} Jvm
 * @property {number} pid
 * @property {Promise<void>} exited resolves when the process is gone, however it went
 * @property {() => boolean} isAlive
 * @property {(signal: NodeJS.Signals) => Promise<void>} kill sends the signal and resolves when the process is gone
 * @property {() => Promise<string>} lastWords the end of what it printed
 */

/**
 * Starts `java ...args` in its own session (Ctrl-C reaches only us, and we stop it in order). Its output goes to
 * `logFile`.
 * @param {{ args: readonly string[], logFile: string, doomedDir?: string }} options `doomedDir` is removed should we die without stopping it
 * @returns {Promise<Jvm>}
 */
export const startJvm = async ({ args, logFile, doomedDir }) => {
  const output = openSync(logFile, 'a')
  const child = spawn('sh', ['-c', UNDER_WATCH, 'sh', javaBinary(), ...args], {
    stdio: ['ignore', output, output, 'pipe'],
    detached: true,
    env: { ...process.env, STREAMVANE_DOOMED_DIR: doomedDir ?? '' },
  })
  closeSync(output)
  // Not stdin: node destroys that before it says that the child is gone, and the watchdog would see an end without a
  // word.
  const leash = /** @type {import('node:net').Socket} */ (child.stdio[3])
  leash.on('error', () => {}) // the watchdog may be gone already
  let alive = true
  const exited = once(child, 'exit').then(() => {
    alive = false
    leash.end('gone\n') // tells the watchdog that there is nothing left to kill: pids are used again
  })
  exited.catch(() => {})
  await once(child, 'spawn')
  const pid = /** @type {number} */ (child.pid)
  return {
    pid,
    exited,
    isAlive: () => alive,
    kill: async (signal) => {
      if (alive) child.kill(signal)
      await exited
    },
    lastWords: async () => (await readFile(logFile, 'utf8')).split('\n').slice(-25).join('\n'),
  }
}

/**
 * Asks `isReady` until it says yes. Rejects when the JVM ends first or `limitMs` passes, with the end of its output.
 * @param {Jvm} jvm @param {string} what @param {number} limitMs @param {() => Promise<boolean>} isReady
 */
export const untilReady = async (jvm, what, limitMs, isReady) => {
  const startedAt = Date.now()
  while (jvm.isAlive()) {
    if (await isReady()) return
    if (Date.now() - startedAt > limitMs) {
      await jvm.kill('SIGKILL')
      throw new Error(`${what} was not ready after ${limitMs / 1000} s:\n${await jvm.lastWords()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${what} ended before it was ready:\n${await jvm.lastWords()}`)
}
