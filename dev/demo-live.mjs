// @ts-check
// `npm run demo -- --live` simulates a day of a contact centre at 60 times its speed into a running process, with the
// console open at a printed address, until Ctrl-C.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const SPEED = 60
const FROM = '2026-01-05T06:00:00Z'
const HOURS = 24
const SIMULATION = [
  ...['--seed', '1', '--from', FROM, '--hours', String(HOURS), '--queues', '6', '--agents', '60'],
  ...['--duplicates', '0.02', '--reorder', '0.05', '--late', '0.005'],
]
const TURN_MS = 500
/** Events of one request. */
const POST_MAX = 1_000

/** @typedef {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} Child */

/** Runs until Ctrl-C, or until a part fails. @param {string} root @param {(line: string) => void} say */
export const liveDemo = async (root, say) => {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort())
  const data = join(root, 'data', 'demo-live')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { recursive: true })
  say('building the console')
  await built(root)

  const run = streamvane(root, data, ['run', '--console', '--clock', 'event-time', '--port', '0'])
  const ended = once(run, 'exit')
  void ended.then(() => stop.abort())
  try {
    const { ingress, address } = await listening(run)
    say(`streamvane run: ingress at ${ingress}, rows go to files`)
    say(`open ${address}`)
    say(`a day from ${FROM} passes in ${(HOURS * 60) / SPEED} minutes; Ctrl-C ends it`)
    await simulated(root, data, ingress, stop.signal)
    if (!stop.signal.aborted) {
      say('the day is over; the console stays until Ctrl-C')
      await once(stop.signal, 'abort')
    }
  } catch (cause) {
    if (!stop.signal.aborted) throw cause
  } finally {
    const isRunning = run.exitCode === null && run.signalCode === null
    if (isRunning) {
      say('stopping it with SIGTERM')
      run.kill('SIGTERM')
    }
  }
  const [code] = await ended
  if (code !== 0) throw new Error(`streamvane run ended with ${code}`)
  say(`done; look further: npx tsx src/cli/main.ts console --data ${relative(process.cwd(), data)}`)
}

/**
 * A command of its own process group: Ctrl-C in the terminal reaches this program alone, which ends it once.
 * @param {string} root @param {string} data @param {string[]} args @returns {Child}
 */
const streamvane = (root, data, args) =>
  spawn(process.execPath, ['--import', 'tsx', join(root, 'src', 'cli', 'main.ts'), ...args], {
    cwd: root,
    env: {
      ...process.env,
      ...{ STREAMVANE_DATA: data, STREAMVANE_EGRESS__SINK: 'files', STREAMVANE_ADMIN__PORT: '0' },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })

/** @param {string} root */
const built = async (root) => {
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--config', 'dev/console-vite.mjs', '--logLevel', 'warn'],
    { cwd: root, stdio: 'inherit' },
  )
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the console could not be built: vite ended with ${code}`)
}

/** Where the process listens, once it does. @param {Child} run @returns {Promise<{ ingress: string, address: string }>} */
const listening = async (run) => {
  /** @type {string[]} */
  const lines = []
  /** @type {string | undefined} */
  let ingress
  /** @type {string | undefined} */
  let address
  for await (const line of createInterface({ input: run.stderr })) {
    lines.push(line)
    if (line.includes('ingress: listening')) ingress = /"url":"([^"]+)"/.exec(line)?.[1]
    address ??= /console: open (\S+)/.exec(line)?.[1]
    if (ingress === undefined || address === undefined) continue
    run.stderr.resume()
    return { ingress, address }
  }
  throw new Error(`streamvane run did not come up:\n${lines.join('\n')}`)
}

/**
 * Posts each event when its time has come.
 * @param {string} root @param {string} data @param {string} ingress @param {AbortSignal} signal
 */
const simulated = async (root, data, ingress, signal) => {
  const simulator = streamvane(root, data, ['simulate', ...SIMULATION, '--out', '-'])
  simulator.stderr.resume()
  const began = Date.now()
  const beginning = Date.parse(FROM)
  /** @type {string[]} */
  let due = []
  const post = async () => {
    const [body, type] = [due.join('\n'), 'application/x-ndjson']
    due = []
    const answer = await fetch(`${ingress}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
      signal,
    })
    if (!answer.ok) throw new Error(`the ingress answers ${answer.status}: ${await answer.text()}`)
  }
  try {
    for await (const line of createInterface({ input: simulator.stdout })) {
      const at = Date.parse(/"time":"([^"]+)"/.exec(line)?.[1] ?? FROM)
      for (;;) {
        const isEarly = at > beginning + (Date.now() - began) * SPEED
        if (due.length > 0 && (isEarly || due.length >= POST_MAX)) await post()
        if (!isEarly) break
        await sleep(TURN_MS, undefined, { signal })
      }
      due.push(line)
    }
    if (due.length > 0) await post()
  } finally {
    simulator.kill('SIGKILL')
  }
}
