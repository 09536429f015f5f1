import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { familyNames } from '../../src/domain/family.js'
import { tableOf } from '../../src/contract/flat-columns.js'
import { openDatabase, type Database } from '../../src/egress/sql/database.js'
import type { DatabaseOptions } from '../../src/egress/sql/options.js'
import { sqlSink } from '../../src/egress/sql/sink.js'
import { isUpToDate } from '../../src/egress/sql/tables.js'
import { defaultTopics, topicOf } from '../../src/egress/topics.js'
import { describePostgresql } from '../support/postgresql.js'
import { sinkContract, type Delivered, type SinkHarness } from './sink.contract.js'

const SCHEMA = 'streamvane'

/** What the tables hold: a row once, and once more for each of its replays. */
const deliveredIn = async (database: DatabaseOptions): Promise<readonly Delivered[]> => {
  const db = await openDatabase(database)
  try {
    const delivered: Delivered[] = []
    if (!(await isUpToDate(db, SCHEMA))) return []
    for (const family of familyNames) {
      const { rows } = await sql<{ key: string; revision: string; replays: string }>`
        SELECT key, revision::text, replays::text FROM ${sql.id(SCHEMA, tableOf(family))} ORDER BY key, revision`.execute(
        db,
      )
      const topic = topicOf(defaultTopics, family)
      for (const { key, revision, replays } of rows)
        for (let nth = 0; nth <= Number(replays); nth++)
          delivered.push({ topic, key, revision: Number(revision), replay: nth > 0 })
    }
    return delivered
  } finally {
    await db.destroy()
  }
}

/** Empties the tables: making them takes far longer. */
const emptied = async (database: DatabaseOptions): Promise<void> => {
  const db = await openDatabase(database)
  try {
    if (!(await isUpToDate(db, SCHEMA))) return
    const tables = ['sinks', ...familyNames.map(tableOf)].map((name) => sql.id(SCHEMA, name))
    await sql`TRUNCATE ${sql.join(tables)}`.execute(db)
  } finally {
    await db.destroy()
  }
}

const harness = (database: DatabaseOptions): SinkHarness => ({
  sink: () => sqlSink({ name: 'sql', tenant: 'acme', database, schema: SCHEMA, migrate: true }),
  delivered: () => deliveredIn(database),
  end: () => emptied(database),
})

describe('PostgreSQL in this process', () => {
  let folder: string
  // Kept open by one more user: each opening starts the database.
  let kept: Database
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamvane-pglite-'))
    kept = await openDatabase({ kind: 'pglite', folder })
  }, 60_000)
  afterAll(async () => {
    await kept.destroy()
    await rm(folder, { recursive: true, force: true })
  })
  sinkContract('PGlite', async () => harness({ kind: 'pglite', folder }))
})

describePostgresql('a real PostgreSQL', (server) => {
  sinkContract('PostgreSQL', async () =>
    harness({
      ...{ kind: 'postgresql', host: server().host, port: 5432, database: 'postgres', user: 'postgres' },
      ...{ connectTimeoutMs: 10_000, statementTimeoutMs: 30_000 },
    }),
  )

  test('gives up by itself a statement that takes too long, and a transaction that its process leaves open', async () => {
    const db = await openDatabase({
      ...{ kind: 'postgresql', host: server().host, port: 5432, database: 'postgres', user: 'postgres' },
      ...{ connectTimeoutMs: 10_000, statementTimeoutMs: 30_000 },
      serverLimits: { statementMs: 50, idleInTransactionMs: 50 },
    })
    try {
      await expect(sql`SELECT pg_sleep(20)`.execute(db)).rejects.toMatchObject({ code: '57014' })
      const left = db.transaction().execute(async (transaction) => {
        const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(transaction)
        const isThere = `SELECT count(*) FROM pg_stat_activity WHERE pid = ${rows[0]?.pid}`
        await expect.poll(() => server().query(isThere), { timeout: 20_000 }).toEqual([['0']])
        await sql`SELECT 1`.execute(transaction)
      })
      await expect(left).rejects.toThrow(/idle-in-transaction|terminat|not queryable|closed/i)
    } finally {
      await db.destroy()
    }
  })
})
