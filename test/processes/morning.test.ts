import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Truth } from '../../src/simulator/truth/truth.js'
import { readAvroFiles, readJsonFiles } from '../egress/files/read-files.js'
import { revisionsByKey } from '../contracts/sink.contract.js'
import { bodies, eventBridge } from '../ingress/envelopes.js'
import { jsonLines, scratchFolder, streamvane, type Outcome } from '../support/streamvane.js'
import { truthText, rowsText, type RowLine } from '../support/rows-json.js'

const SIMULATION =
  '--seed 3 --from 2026-01-05T06:00:00Z --hours 1 --queues 2 --agents 12 --duplicates 0.05 --reorder 0.05 --envelope mixed'.split(
    ' ',
  )

/** A data folder, and the commands on it. */
const centre = async () => {
  const dir = await scratchFolder()
  const env = { STREAMVANE_DATA: join(dir, 'data') }
  const ran = async (args: readonly string[], stdin: string | Buffer = ''): Promise<Outcome> =>
    streamvane(args, { env, stdin })
  /** Fails unless it ends with code 0. */
  const done = async (args: readonly string[], stdin: string | Buffer = ''): Promise<string> => {
    const { code, stdout, stderr } = await ran(args, stdin)
    if (code !== 0) throw new Error(`streamvane ${args.join(' ')} ended with ${code}:\n${stderr}`)
    return stdout
  }
  return { dir, data: env.STREAMVANE_DATA, file: (name: string) => join(dir, name), ran, done }
}

test('a simulated morning: import, run, and the rows are the truth; again, and nothing changes; then rebuilt and replayed', async () => {
  const { data, file, ran, done } = await centre()
  await done(['simulate', ...SIMULATION, '--out', file('morning.ndjson.gz'), '--truth', file('truth.json')])
  const truth = JSON.parse(await readFile(file('truth.json'), 'utf8')) as Truth

  const dry = await ran(['import', '--dry-run', file('morning.ndjson.gz')])
  expect(dry.code).toBe(0)
  expect(dry.stdout.split('\n')).toHaveLength(
    gunzipSync(await readFile(file('morning.ndjson.gz')))
      .toString()
      .split('\n').length,
  )
  expect(dry.stdout).toMatch(/^1: .* → default\./)
  expect(await readdir(data).catch(() => 'nothing there')).toBe('nothing there')

  const first = JSON.parse(await done(['import', '--json', file('morning.ndjson.gz')])) as {
    stored: number
    duplicate: number
  }
  expect(first).toMatchObject({ duplicate: truth.totals.duplicates, deadLettered: 0 })
  expect(first.stored).toBeGreaterThan(300)
  const again = gunzipSync(await readFile(file('morning.ndjson.gz')))
  expect(JSON.parse(await done(['import', '--json', '-'], again))).toMatchObject({
    stored: 0,
    duplicate: first.stored + first.duplicate,
  })

  await done(['run', '--until-caught-up'])
  const queue = await done(['rows', '--family', 'queue', '--json'])
  expect(rowsText(jsonLines<RowLine>(queue))).toEqual(truthText(truth, 'queue'))
  expect(rowsText(jsonLines<RowLine>(await done(['rows', '--family', 'agent', '--json'])))).toEqual(
    truthText(truth, 'agent'),
  )
  const delivered = await readAvroFiles(join(data, 'files'))
  expect(await readJsonFiles(join(data, 'files'))).toEqual(delivered)

  await done(['run', '--until-caught-up'])
  expect(await readAvroFiles(join(data, 'files'))).toEqual(delivered)

  const rebuilt = await ran(['rebuild', '--json'])
  expect(rebuilt.code, rebuilt.stderr).toBe(0)
  expect(jsonLines<{ same: boolean }>(rebuilt.stdout).map(({ same }) => same)).not.toContain(false)
  expect(jsonLines<{ name: string; live: boolean }>(await done(['generations', '--json']))).toMatchObject([
    { name: 'g1', live: true },
    { name: 'g2', live: false },
  ])

  const range = ['--from', '2026-01-05T06:00:00Z', '--to', '2026-01-05T06:30:00Z']
  const inRange = jsonLines<{ intervalStart: string }>(queue).filter(
    ({ intervalStart }) => intervalStart < '2026-01-05T06:30',
  )
  expect(await done(['replay', ...range, '--family', 'queue', '--dry-run'])).toContain(
    `${inRange.length} records would be published`,
  )
  await done(['replay', ...range, '--family', 'queue', '--yes'])
  const replayed = await readAvroFiles(join(data, 'files', 'replay'))
  expect(replayed).toHaveLength(inRange.length)
  expect(new Set(replayed.map(({ replay }) => replay))).toEqual(new Set([true]))
  expect(Object.values(revisionsByKey(await readAvroFiles(join(data, 'files')))).flat()).toHaveLength(delivered.length)
}, 120_000)

describe('input that could not be used', () => {
  test('is listed before the first run, shown byte for byte, and not stored twice', async () => {
    const { ran, done } = await centre()
    const good = JSON.stringify(eventBridge(bodies.metrics.template, bodies.metrics.id, bodies.metrics.body))
    const strange = '{"topicName": "v3.something.else",  "eventBody": {}}'
    const imported = await ran(['import', '-'], gzipSync(`${good}\n${strange}\nnot json`))
    expect(imported.code).toBe(0)
    expect(imported.stdout).toBe('1 stored, 0 duplicate, 2 dead-lettered\n')
    expect(imported.stderr).toContain('unknown-topic')

    const letters = jsonLines<{ id: string; reason: string; stage: string }>(
      await done(['deadletter', 'list', '--json']),
    )
    expect(letters.map(({ reason, stage }) => [reason, stage]).sort()).toEqual([
      ['malformed-json', 'ingress'],
      ['unknown-topic', 'ingress'],
    ])
    const id = letters.find(({ reason }) => reason === 'unknown-topic')?.id ?? ''
    expect(await done(['deadletter', 'show', '--raw', id.slice(0, 10)])).toBe(strange)
    expect(await done(['deadletter', 'list', '--reason', 'unknown-topic'])).toContain('1 dead letters')
    expect(await ran(['deadletter', 'show', 'ffffffff-0000'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no dead letter with id'),
    })
    expect(await done(['deadletter', 'replay'])).toBe(
      '0 can be used now, 2 still cannot; 0 stored, 0 were stored before\n',
    )
    expect((await ran(['import', '--dry-run', '-'], `${good}\n${strange}`)).code).toBe(5)
  }, 60_000)
})
