import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { jsonLines, scratchFolder, streamvane } from '../support/streamvane.js'

type Terms = Readonly<{ count?: number; sum?: number; numerator?: number; denominator?: number }>
type Row = Readonly<{
  key: string
  intervalStart: string
  mediaType: string
  measures: Readonly<Partial<Record<string, Terms>>>
  kpis: Readonly<Partial<Record<string, Terms>>>
}>

/** A morning that is computed. */
const morning = async () => {
  const dir = await scratchFolder()
  const env = { STREAMVANE_DATA: join(dir, 'data') }
  const events = join(dir, 'morning.ndjson')
  const options = { seed: 7, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 2, queues: 3, agents: 12 }
  await writeFile(events, [...simulate({ ...options, envelope: 'mixed' })].map(({ line }) => `${line}\n`).join(''))
  const ran = (...args: readonly string[]) => streamvane(args, { env })
  expect(await ran('import', events)).toMatchObject({ code: 0 })
  expect(await ran('run', '--until-caught-up', '--only', 'projector')).toMatchObject({ code: 0 })
  return { dir, ran }
}

describe('exported rows', () => {
  test.each(['parquet', 'csv'])('as %s are read by DuckDB as the rows of `streamvane rows`', async (format) => {
    const { dir, ran } = await morning()
    const out = join(dir, 'out')
    const exported = await ran('export', '--format', format, '--out', out, '--json')
    expect(exported).toMatchObject({ code: 0 })
    expect((await readdir(out)).sort()).toEqual(
      ['agent_metrics', 'agent_state', 'queue_metrics'].map((name) => `${name}.${format}`),
    )

    const rows = jsonLines<Row>((await ran('rows', '--family', 'queue', '--json')).stdout)
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const answer = await connection.runAndReadAll(
      `SELECT key, epoch_ms(interval_start), media_type, n_offered, t_answered_sum_ms, service_level_numerator,
         service_level_denominator, service_level FROM '${join(out, `queue_metrics.${format}`)}' ORDER BY key`,
    )
    const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)
    expect(answer.getRows().map((row) => row.map(plain))).toEqual(
      rows
        .map(({ key, intervalStart, mediaType, measures, kpis: { serviceLevel } }) => [
          ...[key, Date.parse(intervalStart), mediaType, measures['nOffered']?.count ?? null],
          ...[measures['tAnswered']?.sum ?? null, serviceLevel?.numerator ?? null, serviceLevel?.denominator ?? null],
          serviceLevel === undefined ? null : (serviceLevel.numerator as number) / (serviceLevel.denominator as number),
        ])
        .sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1)),
    )
    connection.closeSync()
  })
})
