import { createHash } from 'node:crypto'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject } from 'vitest'
import { launched, type Running } from '../streamvane.js'
import type { WatchedPage } from './watched-page.js'

const ROLES = ['viewer', 'operator', 'auditor'] as const
export type Role = (typeof ROLES)[number]

/** Tokens of the configuration: each role alone, and all of them. */
const tokenOf = (who: Role | 'all'): string => `token-of-${who}-for-browser-tests`

export type RunningConsole = Readonly<{
  /** Of the process, without a slash at the end. */
  url: string
  /** The address that it printed, with its code: good once. */
  printed: string
  data: string
  run: Running
  /** Where events are posted to. */
  ingress: string
  token: (who: Role | 'all') => string
  /** Signs the page in as the console's own form does, and goes to a path below `/console/`. */
  signIn: (watched: WatchedPage, path?: string, who?: Role | 'all') => Promise<void>
  /** A call of the admin API below the tenant, with the token of `all`; its answer. */
  call: <T>(method: string, path: string, body?: object) => Promise<T>
}>

export type ConsoleOptions = Readonly<{
  /** `morning` (by default): the simulated morning, already folded; `empty`: a fresh folder. */
  folder?: 'morning' | 'empty'
  env?: Readonly<Record<string, string>>
  config?: Readonly<Record<string, unknown>>
  /** As `--only` takes them; by default all. */
  stages?: string
}>

/** Starts `streamvane run --console` on a folder of its own; `stop` ends it and removes the folder. */
export const startConsole = async ({ folder = 'morning', env = {}, config = {}, stages }: ConsoleOptions = {}): Promise<
  RunningConsole & Readonly<{ stop: () => Promise<void> }>
> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-console-'))
  const data = join(dir, 'data')
  if (folder === 'morning') await cp(inject('morning'), data, { recursive: true })
  const entry = (name: Role | 'all') => ({
    name,
    roles: name === 'all' ? ROLES : [name],
    tenants: ['default'],
    sha256: createHash('sha256').update(tokenOf(name)).digest('hex'),
  })
  const configFile = join(dir, 'streamvane.json')
  await writeFile(
    configFile,
    JSON.stringify({ admin: { port: 0, tokens: [...ROLES, 'all' as const].map(entry) }, ...config }),
  )
  const run = launched(['run', '--console', '--port', '0', ...(stages === undefined ? [] : ['--only', stages])], {
    STREAMVANE_DATA: data,
    STREAMVANE_CONFIG: configFile,
    STREAMVANE_CLOCK__MODE: 'event-time',
    ...env,
  })
  const stop = async () => {
    run.kill('SIGKILL')
    await run.ended
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    // The order of these two lines is not promised: `said` goes forward only.
    await run.said('console: open')
    const lines = run.stderr()
    const printed = /https?:\/\/[^\s"]+\/console\/#code=[\w-]+/.exec(lines)?.[0]
    if (printed === undefined) throw new Error(`no address of the console was printed:\n${lines}`)
    const listening = lines.split('\n').find((line) => line.includes('ingress: listening'))
    const { url: ingress } = JSON.parse(listening ?? (await run.said('ingress: listening'))) as { url: string }
    const { origin: url } = new URL(printed)

    const signIn: RunningConsole['signIn'] = async ({ page }, path = '', who = 'all') => {
      const response = await page.context().request.post(`${url}/v1/session`, {
        headers: { authorization: `Bearer ${tokenOf(who)}`, origin: url, 'x-streamvane-console': '1' },
      })
      expect(response.status(), await response.text()).toBe(200)
      await page.goto(`${url}/console/${path}`)
    }
    const call: RunningConsole['call'] = async <T>(method: string, path: string, body?: object) => {
      const response = await fetch(`${url}/v1/tenants/default${path}`, {
        method,
        headers: {
          authorization: `Bearer ${tokenOf('all')}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    }
    return { url, printed, data, run, ingress, token: tokenOf, signIn, call, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** A console that runs for the tests of a suite: call it in `describe`, and what it returns in a test. */
export const consoleOfSuite = (options: ConsoleOptions = {}): (() => RunningConsole) => {
  let started: Awaited<ReturnType<typeof startConsole>> | undefined
  beforeAll(async () => void (started = await startConsole(options)))
  afterAll(() => started?.stop())
  return () => {
    if (started === undefined) throw new Error('the console runs in tests only')
    return started
  }
}
