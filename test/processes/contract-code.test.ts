import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, test } from 'vitest'
import { addToDigest, rowNumber } from '../../src/domain/row-digest.js'
import { describePostgresql } from '../support/postgresql.js'

const document = readFileSync(join(import.meta.dirname, '../../docs/contracts.md'), 'utf8')

/** The code of the document that has this behind its fence. */
const codeOf = (info: string): string => {
  const [found, ...others] = [...document.matchAll(/^```(.+)\n([^]*?)^```$/gm)].filter(([, given]) => given === info)
  if (found === undefined || others.length > 0) throw new Error(`docs/contracts.md has not one block of ${info}`)
  return found[2] as string
}

type Row = Readonly<{ key: string; start: string; promotion: number | null; revision: number; empty?: true }>

const key = (queue: string, start = '10:00') => `queue/${queue}/voice/-/-/PT15M/2026-01-05T${start}:00.000Z`
const row = (queue: string, promotion: number | null, revision: number, more: Partial<Row> = {}): Row => ({
  ...{ key: key(queue), start: '10:00', promotion, revision },
  ...more,
})

/** Records as they may arrive. `offered` of a row is its revision, so it shows which record counts. */
const records: readonly Row[] = [
  row('sales', 1, 4),
  row('sales', 1, 3),
  row('sales', 1, 5),
  row('support', 1, 9),
  row('support', 2, 1),
  row('of an earlier version', null, 8),
  row('of an earlier version', null, 7),
  row('upgraded', null, 12),
  row('upgraded', 1, 2),
  row('emptied', 1, 1),
  row('emptied', 1, 2, { empty: true }),
  row('sales', 1, 1, { key: key('sales', '10:15'), start: '10:15' }),
]

/** The rows that hold something at ten o'clock, with the revision that counts. */
const counting: readonly (readonly [key: string, revision: number])[] = [
  [key('of an earlier version'), 8],
  [key('sales'), 5],
  [key('support'), 1],
  [key('upgraded'), 2],
]
const digest = counting.reduce((sum, [name, revision]) => addToDigest(sum, rowNumber(name, revision)), 0)

type Query = (sql: string) => Promise<readonly (readonly string[])[]>

/** The upsert of the document with these values instead of its own. */
const upsertOf = ({ key: name, start, promotion, revision, empty }: Row): string => {
  const [, upsert = ''] = codeOf('sql').split(/(?=^INSERT)/m)
  const values = `'${name}', 'PT15M', '2026-01-05T${start}:00Z', ${promotion ?? 'NULL'}, ${revision}, ${empty ?? 'NULL'}, ${revision}`
  return upsert.replace(/^VALUES .*$/m, `VALUES (${values})`)
}

const followsTheContract = (engine: string, query: Query): void => {
  test.each([
    ['in the order of their publication', records],
    ['in reverse', [...records].reverse()],
  ])(
    'keeps the record that counts, and adds up to the digest of a marker, when records arrive %s',
    async (_, arriving) => {
      await query('DROP TABLE IF EXISTS queue_rows')
      await query(codeOf('sql'))
      for (const one of [...arriving, ...arriving]) await query(upsertOf(one)) // a replay behind them
      const kept = `SELECT key, offered FROM queue_rows WHERE interval_start = '2026-01-05T10:00:00Z' AND empty IS NULL ORDER BY key`
      expect(await query(kept)).toEqual(counting.map(([name, revision]) => [name, String(revision)]))
      expect(await query(codeOf(`sql ${engine}`))).toEqual([[String(counting.length), String(digest)]])
    },
  )

  test('adds up to 0 in an interval without rows', async () => {
    await query('DROP TABLE IF EXISTS queue_rows')
    await query(codeOf('sql'))
    await query('DELETE FROM queue_rows')
    expect(await query(codeOf(`sql ${engine}`))).toEqual([['0', '0']])
  })
}

describe('the SQL of the contract in DuckDB', async () => {
  const connection = await (await DuckDBInstance.create()).connect()
  afterAll(() => connection.closeSync())
  followsTheContract('duckdb', async (sql) => {
    const rows = (await connection.runAndReadAll(sql)).getRows()
    return rows.map((values) => values.map(String))
  })
})

describePostgresql('the SQL of the contract in PostgreSQL', (server) => {
  followsTheContract('postgresql', (sql) => server().query(sql))
})

const python = await promisify(execFile)('python3', ['--version']).then(
  () => true,
  () => false,
)

test.skipIf(!python)('the Python of the contract adds rows up to the digest of a marker (needs python3)', async () => {
  const rows = [
    ...counting.map(([name, revision]) => ({ key: name, revision })),
    { key: key('emptied'), revision: 2, empty: true },
  ]
  const program = `${codeOf('python')}\nimport json, sys\nprint(digest(json.loads(sys.argv[1])), digest([]))`
  const { stdout } = await promisify(execFile)('python3', ['-c', program, JSON.stringify(rows)])
  expect(stdout).toBe(`${digest} 0\n`)
})
