import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/egress/sql/database.js'
import { simulate } from '../../src/simulator/simulate.js'
import type { GrownLog } from '../support/grown-log.js'
import { describePostgresql } from '../support/postgresql.js'
import { sinkUnderFire } from '../support/sink-under-fire.js'
import { jsonLines, running, scratchFolder, streamvane, type Outcome } from '../support/streamvane.js'

const DONE = { code: 0 }
const BATCH_ROWS = 20

type Term = Readonly<{ count?: number; sum?: number; numerator?: number; denominator?: number }>
type QueueRow = Readonly<{
  key: string
  revision: number
  status: string
  measures: Readonly<Partial<Record<string, Term>>>
  kpis: Readonly<Partial<Record<string, Term>>>
}>

/** What a person would ask the table for, in the order of {@link QUESTION}. */
const answerOf = ({ key, revision, status, measures, kpis }: QueueRow): readonly string[] =>
  [
    ...[key, revision, status, measures['nOffered']?.count, measures['tAnswered']?.count, measures['tAnswered']?.sum],
    ...[measures['tHandle']?.sum, kpis['serviceLevel']?.numerator, kpis['serviceLevel']?.denominator],
  ].map((value) => String(value ?? ''))
const QUESTION = `SELECT key, revision, status, n_offered, t_answered_count, t_answered_sum_ms, t_handle_sum_ms,
  service_level_numerator, service_level_denominator FROM streamvane.queue_metrics_latest ORDER BY key COLLATE "C"`

const byKey = (a: readonly string[], b: readonly string[]): number => ((a[0] as string) < (b[0] as string) ? -1 : 1)

/** The latest rows of queues as the command gives them, in the form of {@link QUESTION}. */
const queueRowsOf = async (ran: GrownLog['ran']): Promise<readonly (readonly string[])[]> =>
  jsonLines<QueueRow>((await ran('rows', '--family', 'queue', '--json')).stdout)
    .map(answerOf)
    .sort(byKey)

/** A morning that is projected, with a configuration whose only sink is this one. */
const morning = async (sink: Readonly<Record<string, unknown>>) => {
  const dir = await scratchFolder()
  const data = join(dir, 'data')
  const [events, config] = [join(dir, 'morning.ndjson'), join(dir, 'streamvane.json')]
  const options = { seed: 7, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 2, queues: 3, agents: 12 }
  await writeFile(events, [...simulate({ ...options, envelope: 'mixed' })].map(({ line }) => `${line}\n`).join(''))
  await writeFile(
    config,
    JSON.stringify({ data, egress: { batchMax: BATCH_ROWS, sinks: [{ name: 'store', ...sink }] } }),
  )
  const env = { STREAMVANE_CONFIG: config }
  const ran = (...args: readonly string[]): Promise<Outcome> => streamvane(args, { env })
  expect(await ran('import', events)).toMatchObject(DONE)
  expect(await ran('run', '--until-caught-up', '--only', 'projector')).toMatchObject(DONE)
  return {
    ...{ data, ran },
    egress: () => running(['run', '--until-caught-up', '--only', 'egress', '--log-level', 'debug'], env),
    follower: () => running(['run', '--only', 'egress'], env),
  }
}

describePostgresql('rows in a real PostgreSQL', (server) => {
  const postgresql = (more: Readonly<Record<string, unknown>> = {}) => ({
    ...{ use: 'postgresql', host: server().host, database: 'postgres', username: 'postgres' },
    ...more,
  })

  sinkUnderFire('rows in PostgreSQL', () => ({
    sink: postgresql(),
    promises: 'exactly-once',
    values: 'none',
    arrived: async () => {
      const tables = ['queue_metrics', 'agent_metrics', 'agent_state']
      const rows = tables.map((table) => `SELECT generation, key, revision FROM streamvane.${table}`)
      const found = await server().query(`${rows.join(' UNION ALL ')} ORDER BY key, revision`)
      return found.map(([generation = '', key = '', revision]) => ({ generation, key, revision: Number(revision) }))
    },
    crash: () => server().crash(),
    finally: async ({ ran }: GrownLog) => expect(await server().query(QUESTION)).toEqual(await queueRowsOf(ran)),
  }))

  test('are refused where the tables are missing and may not be made, with the command that makes them', async () => {
    const store = postgresql({ schema: 'managed', migrate: false })
    const { ran } = await morning(store)
    const refused = await ran('run', '--until-caught-up', '--only', 'egress')
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('streamvane store migrate') })
    const dry = await ran('store', 'migrate', '--dry-run')
    expect(dry.stdout).toContain('CREATE TABLE IF NOT EXISTS "managed"."queue_metrics"')
    expect(
      await server().query(`SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'managed'`),
    ).toEqual([['0']])
    expect(await ran('store', 'migrate')).toMatchObject(DONE)
    expect(await ran('run', '--until-caught-up', '--only', 'egress')).toMatchObject(DONE)
    expect(Number((await server().query('SELECT count(*) FROM managed.queue_metrics_latest'))[0]?.[0])).toBeGreaterThan(
      0,
    )
  })

  test('of one tenant are neither read nor written by the database user of another', async () => {
    const users = ['acme', 'acme_eu'].map(
      (name) => `CREATE ROLE ${name} LOGIN; CREATE SCHEMA ${name} AUTHORIZATION ${name}`,
    )
    await server().query(users.join('; '))
    const own = await morning(postgresql({ schema: 'acme', username: 'acme' }))
    expect(await own.ran('run', '--until-caught-up', '--only', 'egress')).toMatchObject(DONE)
    const rows = 'SELECT count(*) FROM acme.queue_metrics'
    const [before] = await server().query(rows)
    expect(Number(before?.[0])).toBeGreaterThan(0)
    const other = await morning(postgresql({ schema: 'acme', username: 'acme_eu' }))
    const refused = await other.ran('run', '--until-caught-up', '--only', 'egress')
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringMatching(/permission denied/) })
    await expect(server().query(`SET ROLE acme_eu; ${rows}`)).rejects.toThrow(/permission denied for schema acme/)
    expect(await server().query(rows)).toEqual([before])
  })

  test('are refused where the database does not exist', async () => {
    const { ran } = await morning(postgresql({ database: 'nowhere' }))
    const refused = await ran('run', '--until-caught-up', '--only', 'egress')
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('create the database') })
  })
})

test('rows in PGlite are those of `rows`, and a second process is refused while one has the folder', async () => {
  const { data, ran, egress, follower } = await morning({ use: 'pglite' })
  expect(await egress().ended).toMatchObject(DONE)
  const first = follower()
  await first.said('delivers exactly once')
  const second = await ran('store', 'migrate')
  expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining('PGlite serves one process') })
  first.kill('SIGTERM')
  expect(await first.ended).toMatchObject(DONE)
  const db = await openDatabase({ kind: 'pglite', folder: join(data, 'sql-store') })
  const { rows } = await sql.raw<Record<string, unknown>>(QUESTION).execute(db)
  await db.destroy()
  expect(
    rows
      .map((row) => Object.values(row).map((value) => (value === null ? '' : String(value as string | number))))
      .sort(byKey),
  ).toEqual(await queueRowsOf(ran))
})
