import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get, type ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import type { BenchLine } from './bench-line.js'
import type { BenchOptions } from './main.js'
import { buildCommand, command, measured } from './processes.js'

const CONSOLES = 50
/** Of a month of 22 queues: 720 hours are about 584,000 events. */
const EVENTS_PER_HOUR = 810
const HOURS_MAX = 720
const MEASURED_MS = 20_000
/** The first looks read what later ones know. */
const SETTLED_MS = 8_000
/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_S = 100

/**
 * Fifty open consoles, and the first view, over a month of 22 queues: what they cost beside one core, and a second.
 * Needs Linux, and Chromium at `CHROMIUM` (default: /usr/bin/chromium).
 */
export const benchConsole = async ({ events }: BenchOptions): Promise<readonly BenchLine[]> => {
  buildCommand()
  const data = mkdtempSync(join(tmpdir(), 'streamvane-bench-console-'))
  try {
    const hours = Math.max(1, Math.min(HOURS_MAX, Math.round(events / EVENTS_PER_HOUR)))
    await folded(data, hours)
    return await overFolder(data, `${hours} hours of 22 queues`)
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

const folded = async (data: string, hours: number): Promise<void> => {
  const file = join(data, 'events.ndjson')
  const env = { STREAMVANE_DATA: data, STREAMVANE_EGRESS__SINK: 'files', STREAMVANE_CLOCK__MODE: 'event-time' }
  const scenario = ['--queues', '22', '--agents', '44', '--calls-per-hour', '60', '--emit', 'metric-records']
  await measured([command, 'simulate', '--hours', String(hours), ...scenario, '--out', file], { env })
  await measured([command, 'import', file], { env })
  await measured([command, 'run', '--until-caught-up'], { env })
}

const overFolder = async (data: string, note: string): Promise<readonly BenchLine[]> => {
  const child = spawn(process.execPath, [command, 'console', '--data', data], {
    env: { ...process.env, STREAMVANE_EGRESS__SINK: 'files' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  let requests: readonly ClientRequest[] = []
  try {
    let address: string | undefined
    for await (const line of createInterface({ input: child.stderr })) {
      address = /console: open (\S+)/.exec(line)?.[1]
      if (address !== undefined) break
    }
    child.stderr.resume()
    if (address === undefined) throw new Error('streamvane console did not come up')
    const context = await browser.newContext()
    const codeMs = await viewedIn(await context.newPage(), address)
    const { origin } = new URL(address)
    const viewMs = await viewedIn(await context.newPage(), `${origin}/console/`)
    const [cookie] = await context.cookies()
    await browser.close()
    const headers = { cookie: `${cookie?.name ?? ''}=${cookie?.value ?? ''}` }
    requests = Array.from({ length: CONSOLES }, () =>
      get(`${origin}/v1/tenants/default/live?rows=queue`, { headers }, (answer) => answer.resume()),
    )
    for (const request of requests) request.on('error', () => undefined)
    await sleep(SETTLED_MS)
    const [before, began] = [cpuSeconds(child.pid), performance.now()]
    await sleep(MEASURED_MS)
    const share = ((cpuSeconds(child.pid) - before) * 1_000) / (performance.now() - began)
    return [
      {
        name: `${CONSOLES} open consoles`,
        ours: share * 100,
        ceiling: 100,
        unit: '% of a core',
        goal: 0.05,
        lessIsBetter: true,
        note,
      },
      { name: 'first view, by code', ours: codeMs, ceiling: 1_000, unit: 'ms', goal: 1, lessIsBetter: true, note },
      { name: 'view, signed in', ours: viewMs, ceiling: 1_000, unit: 'ms', goal: 1, lessIsBetter: true, note },
    ]
  } finally {
    for (const request of requests) request.destroy()
    await browser.close()
    child.kill('SIGTERM')
  }
}

/** Milliseconds until the flow is on the page. */
const viewedIn = async (
  page: Awaited<ReturnType<Awaited<ReturnType<typeof chromium.launch>>['newPage']>>,
  url: string,
) => {
  const began = performance.now()
  await page.goto(url)
  await page.getByText('projector').first().waitFor()
  return performance.now() - began
}

/** Of a process, in user and system mode: fields 14 and 15 of its stat (proc(5)). */
const cpuSeconds = (pid: number | undefined): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}
