import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { revisionsByKey } from '../contracts/sink.contract.js'
import { readAvroFiles } from '../egress/files/read-files.js'
import { nodeArguments } from '../support/command/arguments.js'
import { bookOfLog, everyRevision, expectSameRows } from '../support/pipeline-life.js'
import { defaultProfile } from '../../src/domain/profile.js'
import { rowsText, truthText, type RowLine } from '../support/rows-json.js'
import { ingressOf, jsonLines, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const LIVE = ['--port', '0', '--clock', 'event-time', '--log-level', 'debug']
const healthOf = async (process: ReturnType<typeof running>): Promise<string> =>
  (JSON.parse(await process.said('health: listening')) as { url: string }).url
const ALL_DONE = { code: 0, signal: null }

const morning = (hours: number, agents: number) => {
  const simulation = simulate({
    seed: 21,
    fromMs: FROM,
    hours,
    queues: 2,
    agents,
    duplicates: 0.02,
    reorder: 0.05,
    envelope: 'mixed',
  })
  const lines = [...simulation].map(({ line }) => line)
  return { lines, truth: simulation.truth() }
}

const centre = async () => {
  const dir = await scratchFolder()
  const data = join(dir, 'data')
  const env = { STREAMVANE_DATA: data }
  return {
    ...{ dir, data },
    start: (...args: string[]) => running(args, env),
    ran: (...args: string[]) => streamvane(args, { env }),
    rows: async (family: 'queue' | 'agent') =>
      rowsText(jsonLines<RowLine>((await streamvane(['rows', '--family', family, '--json'], { env })).stdout), family),
  }
}

describe('three processes on one data folder', () => {
  test('take in, compute and publish; a second of a kind is refused; SIGTERM drains each, and nothing acknowledged is lost', async () => {
    const { data, start, ran, rows } = await centre()
    const { lines, truth } = morning(1, 12)
    // The readers come first and wait for what they read.
    const egress = start('run', '--only', 'egress', '--log-level', 'debug')
    const projector = start('run', '--only', 'projector', '--log-level', 'debug')
    await Promise.all([egress, projector].map((process) => process.said('waiting until there is a log to read')))
    const ingress = start('run', '--only', 'ingress', ...LIVE)
    const url = await ingressOf(ingress)
    await post(url, lines.slice(0, 200))
    await egress.said('egress: records published')

    const second = await ran('run', '--port', '0')
    expect(second).toMatchObject({ code: 3, stdout: '' })
    expect(second.stderr).toContain(`pid ${ingress.pid}`)
    expect(second.stderr).toContain('one writer at a time')

    const other = await ran('run', '--only', 'projector')
    expect(other).toMatchObject({ code: 3, stdout: '' })
    expect(other.stderr).toContain(`pid ${projector.pid}`)

    await post(url, lines.slice(200))
    for (const process of [ingress, projector, egress]) {
      const began = performance.now()
      process.kill('SIGTERM')
      expect(await process.ended, process.stderr()).toEqual(ALL_DONE)
      expect(performance.now() - began).toBeLessThan(5_000)
    }
    expect(await ran('run', '--until-caught-up')).toMatchObject({ code: 0 })
    expect(await rows('queue')).toEqual(truthText(truth, 'queue'))
    const kpi = await openEmbeddedLog({ dir: join(data, 'log', 'kpi-g1'), mode: 'reader' })
    const book = await bookOfLog(kpi, 'default', 'g1').finally(() => kpi.close())
    const published = revisionsByKey(await readAvroFiles(join(data, 'files')))
    expect(new Map(Object.entries(published))).toEqual(
      new Map([...book].map(([key, revisions]) => [key, [...revisions.keys()]])),
    )
  }, 90_000)
})

describe('kill -9', () => {
  test('of the projector, over and over: the rows of a calm run, every revision with the same bytes', async () => {
    const { dir, data, start, ran } = await centre()
    await writeFile(join(dir, 'morning.ndjson'), `${morning(3, 60).lines.join('\n')}\n`)
    expect(await ran('import', join(dir, 'morning.ndjson'))).toMatchObject({ code: 0 })
    const env = { STREAMVANE_DATA: data, STREAMVANE_PROJECTOR__BATCH_MAX: '60' }
    let kills = 0
    for (let round = 0; round < 4; round++) {
      const process = running(['run', '--only', 'projector', '--log-level', 'debug'], env)
      for (let appends = 0; appends <= round * 3; appends++) await process.said('projector: rows appended')
      process.kill('SIGKILL')
      if ((await process.ended).signal === 'SIGKILL') kills++
    }
    expect(kills).toBe(4)
    const last = start('run', '--until-caught-up')
    expect(await last.ended, last.stderr()).toEqual(ALL_DONE)
    const raw = await openEmbeddedLog({ dir: join(data, 'log', 'raw'), mode: 'reader' })
    const kpi = await openEmbeddedLog({ dir: join(data, 'log', 'kpi-g1'), mode: 'reader' })
    try {
      const book = await bookOfLog(kpi, 'default', 'g1')
      expect(book.size).toBeGreaterThan(200)
      expectSameRows(book, await everyRevision(raw, 'default', defaultProfile))
    } finally {
      await raw.close()
      await kpi.close()
    }
  }, 90_000)
})

test('run --until-caught-up that is stopped before its end exits with 5 and says how far it came', async () => {
  const { dir, data, ran } = await centre()
  await writeFile(join(dir, 'morning.ndjson'), `${morning(3, 60).lines.join('\n')}\n`)
  expect(await ran('import', join(dir, 'morning.ndjson'))).toMatchObject({ code: 0 })
  const env = { STREAMVANE_DATA: data, STREAMVANE_PROJECTOR__BATCH_MAX: '20' }
  const process = running(['run', '--until-caught-up', '--log-level', 'debug'], env)
  await process.said('projector: rows appended')
  process.kill('SIGTERM')
  expect(await process.ended, process.stderr()).toEqual({ code: 5, signal: null })
  expect(process.stderr()).toMatch(/stopped before everything was worked off \(projector: \d+ events folded/)
  expect(await ran('run', '--until-caught-up')).toMatchObject({ code: 0 })
}, 60_000)

test('a projector alone and an egress alone serve health', async () => {
  const { data, start, ran } = await centre()
  const env = { STREAMVANE_DATA: data, STREAMVANE_HEALTH__PORT: '0' }
  const processes = ['projector', 'egress'].map((stage) => running(['run', '--only', stage], env))
  const urls = await Promise.all(processes.map((process) => healthOf(process)))
  for (const url of urls) {
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    // There is no log yet.
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
  }
  const ingress = start('run', '--only', 'ingress', ...LIVE)
  await ingressOf(ingress)
  for (const url of urls)
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(200)
  for (const process of [...processes, ingress]) {
    process.kill('SIGTERM')
    expect(await process.ended, process.stderr()).toEqual(ALL_DONE)
  }
  expect(await ran('run', '--until-caught-up')).toMatchObject({ code: 0 })
}, 60_000)

test('a rebuild beside a running process: with --promote that one goes on with the new generation, and so do its files', async () => {
  const { data, start, ran, rows } = await centre()
  const { lines, truth } = morning(1, 12)
  const half = Math.floor(lines.length / 2)
  const process = start('run', ...LIVE)
  const url = await ingressOf(process)
  await post(url, lines.slice(0, half))
  await process.said('egress: records published')
  expect(await ran('rebuild', '--promote')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('g2 is live now'),
  })
  await process.said('"to":"g2"')
  await post(url, lines.slice(half))
  process.kill('SIGTERM')
  expect(await process.ended, process.stderr()).toEqual(ALL_DONE)
  expect(await ran('run', '--until-caught-up')).toMatchObject({ code: 0 })
  expect(await rows('queue')).toEqual(truthText(truth, 'queue'))
  const kpi = await openEmbeddedLog({ dir: join(data, 'log', 'kpi-g2'), mode: 'reader' })
  const book = await bookOfLog(kpi, 'default', 'g2').finally(() => kpi.close())
  const files = readdirSync(join(data, 'files', 'genesys.queue-metrics'))
  expect(files.some((name) => name.startsWith('g2-'))).toBe(true)
  expect(book.size).toBeGreaterThan(50)
}, 90_000)

test('a reader of rows that has seen enough is no failure', async () => {
  const { dir, data, ran } = await centre()
  await writeFile(join(dir, 'morning.ndjson'), `${morning(2, 60).lines.join('\n')}\n`)
  await ran('import', join(dir, 'morning.ndjson'))
  await ran('run', '--until-caught-up')
  const shell = spawn('bash', [
    '-c',
    `set -o pipefail; ${[process.execPath, ...nodeArguments()].join(' ')} rows --family agent-state --json --data ${data} | head -1`,
  ])
  const [stdout, stderr]: [string[], string[]] = [[], []]
  shell.stdout.on('data', (chunk: Buffer) => stdout.push(String(chunk)))
  shell.stderr.on('data', (chunk: Buffer) => stderr.push(String(chunk)))
  expect(await once(shell, 'close')).toEqual([0, null])
  expect(jsonLines(stdout.join(''))).toHaveLength(1)
  expect(stderr.join('')).not.toMatch(/Error|EPIPE/)
}, 60_000)

test('a start that fails after something listens ends the process: the port of the admin API is taken', async () => {
  const data = join(await scratchFolder(), 'data')
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  try {
    const { code, stderr } = await streamvane(['run', '--only', 'projector', '--admin'], {
      env: { STREAMVANE_DATA: data, STREAMVANE_HEALTH__PORT: '0', STREAMVANE_ADMIN__PORT: String(port) },
    })
    expect(stderr).toContain(`the admin API cannot listen on 127.0.0.1, port ${port}`)
    expect(code).toBe(2)
  } finally {
    taken.close()
  }
})
