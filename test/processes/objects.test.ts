import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { S3_BUCKET, S3_KEYS, S3StandIn } from '../support/objects/s3-stand-in.js'
import { jsonLines, scratchFolder, streamvane } from '../support/streamvane.js'

const PAGE = join(import.meta.dirname, '../../docs/sinks/object-storage.md')
const CONTRACT = join(import.meta.dirname, '../../docs/contracts.md')

type Row = Readonly<{
  key: string
  status: string
  revision: number
  intervalStart: string
  measures: Readonly<Partial<Record<string, Readonly<{ count?: number }>>>>
}>

/** A statement of a page, by the word behind `sql`. */
const statement = async (page: string, name: string): Promise<string> => {
  const found = new RegExp(`\`\`\`sql ${name}\n([^]*?)\`\`\``).exec(await readFile(page, 'utf8'))
  if (found?.[1] === undefined) throw new Error(`${page} has no statement ${name}`)
  return found[1]
}

describe('object storage, as its user sets it up', () => {
  const standIn = new S3StandIn()
  beforeAll(() => standIn.start())
  afterAll(() => standIn.stop())

  /** The bucket as files: DuckDB reads what lies there by name. */
  const fetched = async (folder: string): Promise<void> => {
    for (const [key, { bytes }] of standIn.objects) {
      await mkdir(dirname(join(folder, key)), { recursive: true })
      await writeFile(join(folder, key), bytes)
    }
  }

  test('DuckDB reads the rows by the statements of the page, `verify --objects` finds what was changed, and a replay restores what was deleted', async () => {
    const dir = await scratchFolder()
    const [events, config] = [join(dir, 'morning.ndjson'), join(dir, 'streamvane.json')]
    const options = { seed: 7, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 2, queues: 3, agents: 12 }
    await writeFile(events, [...simulate({ ...options, envelope: 'mixed' })].map(({ line }) => `${line}\n`).join(''))
    const lake = {
      ...{ name: 'lake', use: 's3', bucket: S3_BUCKET, prefix: 'genesys/prod', region: 'eu-central-1' },
      ...{ endpoint: standIn.url, accessKeyId: S3_KEYS.accessKeyId, secretAccessKey: { env: 'LAKE_SECRET' } },
    }
    await writeFile(config, JSON.stringify({ data: join(dir, 'data'), egress: { sinks: [lake] } }))
    const env = { STREAMVANE_CONFIG: config, LAKE_SECRET: S3_KEYS.secretAccessKey }
    const ran = (...args: readonly string[]) => streamvane(args, { env })
    expect(await ran('import', events)).toMatchObject({ code: 0 })
    expect(await ran('run', '--until-caught-up', '--only', 'projector,egress')).toMatchObject({ code: 0 })

    const folder = join(dir, 'fetched')
    await fetched(folder)
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const asked = async (sql: string): Promise<readonly unknown[][]> =>
      (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(plain))
    const root = join(folder, 'genesys/prod')
    const here = (sql: string): string => sql.replaceAll('s3://acme-kpis/genesys/prod', root)
    for (const part of here(await statement(PAGE, 'duckdb')).split(/;\n/))
      if (part.trim() !== '') await connection.run(part)

    const columns = 'key, revision, status, epoch_ms(interval_start), n_offered'
    const rows = jsonLines<Row>((await ran('rows', '--family', 'queue', '--json')).stdout)
      .filter(({ status }) => status !== 'provisional')
      .map(({ key, revision, status, intervalStart, measures }) => [
        ...[key, revision, status, Date.parse(intervalStart), measures['nOffered']?.count ?? null],
      ])
      .sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1))
    expect(rows.length).toBeGreaterThan(10)
    expect(await asked(`SELECT ${columns} FROM queue_rows ORDER BY key`)).toEqual(rows)
    const byFolders = here(await statement(PAGE, 'duckdb-folders')).replace(/;\s*$/, '')
    expect(await asked(`SELECT ${columns} FROM (${byFolders}) ORDER BY key`)).toEqual(rows)

    const intervals = jsonLines<Readonly<{ intervalStart: string; rows: number; digest: number }>>(
      (await ran('intervals', '--family', 'queue', '--json')).stdout,
    )
    const [counted] = await asked(await statement(CONTRACT, 'duckdb').then((sql) => digestOf(sql)))
    const marker = intervals.find(({ intervalStart }) => Date.parse(intervalStart) === Date.parse(INTERVAL))
    expect(counted).toEqual([marker?.rows, marker?.digest])
    connection.closeSync()

    // An object is changed, and one is deleted; a replay puts back the one that is gone.
    const verified = async () => {
      const { code, stdout } = await ran('verify', '--quick', '--objects', '--json')
      return { code, found: jsonLines<Record<string, unknown>>(stdout)[1] }
    }
    expect(await verified()).toMatchObject({ code: 0, found: { sink: 'lake', differences: 0, unlisted: [] } })
    const [changed = '', deleted = ''] = [...standIn.objects.keys()].filter((key) =>
      key.includes('/queue_metrics/length'),
    )
    const { bytes, ...same } = standIn.objects.get(changed)!
    standIn.objects.set(changed, { ...same, bytes: bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte)) as Buffer })
    standIn.objects.delete(deleted)
    const stray = changed.replace('.g1.', '.g9.')
    standIn.objects.set(stray, { ...same, bytes })
    const [kinds, below] = [new Set<unknown>(), (key: string): string => key.replace('genesys/prod/', '')]
    const { code, found } = await verified()
    for (const { kind, key } of found?.['listed'] as readonly Readonly<{ kind: string; key: string }>[])
      kinds.add(`${kind} ${key}`)
    expect(code).toBe(5)
    expect(kinds).toEqual(new Set([`changed ${below(changed)}`, `missing ${below(deleted)}`]))
    expect(found?.['unlisted']).toEqual([below(stray)])

    standIn.objects.set(changed, { ...same, bytes })
    standIn.objects.delete(stray)
    const range = ['--from', '2026-01-05', '--to', '2026-01-06', '--sink', 'lake', '--yes']
    expect(await ran('replay', ...range)).toMatchObject({ code: 0 })
    expect(await verified()).toMatchObject({ code: 0, found: { differences: 0, unlisted: [] } })
  }, 180_000)
})

const INTERVAL = '2026-01-05T06:30:00Z'

/** The statement of the contract, for this interval. */
const digestOf = (sql: string): string =>
  sql.replace('2026-01-05T10:00:00Z', INTERVAL).replace('2026-01-05T10:15:00Z', '2026-01-05T06:45:00Z')

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)
