import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { simulate } from '../../../src/simulator/simulate.js'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../../..')
const VITE_CONFIG = join(ROOT, 'dev/console-vite.mjs')

declare module 'vitest' {
  export interface ProvidedContext {
    /** A data folder in which a simulated morning was imported and folded; copied by each suite that runs on it. */
    morning: string
  }
}

/** The morning that the console shows in tests and in the pictures of the documents: three hours, five queues. */
const MORNING = { seed: 3, fromMs: Date.UTC(2026, 0, 5, 6), hours: 3, queues: 5, agents: 24 } as const

const streamvane = (args: readonly string[], data: string) =>
  run(process.execPath, ['--import', 'tsx', join(ROOT, 'src/cli/main.ts'), ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      STREAMVANE_DATA: data,
      STREAMVANE_CLOCK__MODE: 'event-time',
    },
    maxBuffer: 64 * 1024 * 1024,
  })

/** Builds the console once and prepares the data folder once for all suites of a run. */
const setup = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-browser-'))
  const remove = () => rm(dir, { recursive: true, force: true, maxRetries: 3 })
  try {
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
    if (existsSync(VITE_CONFIG))
      await run(process.execPath, [vite, 'build', '--config', VITE_CONFIG, '--logLevel', 'warn'], { cwd: ROOT })
    const [data, events] = [join(dir, 'data'), join(dir, 'morning.ndjson')]
    await writeFile(events, [...simulate(MORNING)].map(({ line }) => `${line}\n`).join(''))
    await streamvane(['import', events], data)
    await streamvane(['run', '--until-caught-up'], data)
    provide('morning', data)
    return remove
  } catch (cause) {
    await remove()
    throw cause
  }
}

export default setup
