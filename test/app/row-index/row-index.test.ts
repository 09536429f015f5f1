import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { open } from 'lmdb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readCorrections } from '../../../src/app/operations/corrections.js'
import { readOurRows } from '../../../src/app/reconcile/our-rows.js'
import { keepRowIndex, rowEvents } from '../../../src/app/row-index/row-events.js'
import { MARK_KEY } from '../../../src/app/row-index/postings.js'
import { RowIndex, type RowRange, type RowsOf } from '../../../src/app/row-index/row-index.js'
import { latestRows } from '../../../src/contract/kpi-stream/latest.js'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import type { Row } from '../../../src/domain/row.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { rowEvents as encoded } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'
import { right } from '../../support/right.js'
import { at, row } from '../reconcile/fixtures.js'

const STREAM = kpiStream('t', 'g1')
const never = new AbortController().signal

const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-row-index-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}
const fileIn = (data: string): string => join(data, 'state', 't.g1.rows')

/** A KPI log that counts the events read of it, and how a batch gets into it. */
const kpiLog = () => {
  const log = memoryLog()
  let read = 0
  const counting: EventLog = {
    ...log,
    readStream: async function* (stream, options) {
      for await (const batch of log.readStream(stream, options)) {
        read += batch.length
        yield batch
      }
    },
  }
  let position = 0n
  return {
    log: counting,
    append: async (rows: readonly Row[]): Promise<void> => {
      position += 1n
      for (const events of appendsOf('t', 'g1', encoded('t', 'g1', rows, position), position))
        right((await log.append([{ stream: STREAM, expected: 'any', events }]))[0])
    },
    readBy: async (work: () => Promise<unknown>): Promise<number> => {
      const before = read
      await work()
      return read - before
    },
  }
}

const of = (kpi: EventLog, data?: string): RowsOf => ({ kpi, tenant: 't', generation: 'g1', data })

const answersOf = async (rows: RowsOf, range: RowRange): Promise<unknown> => {
  const { families, from = -Infinity, to = Infinity, granularity = 'PT15M' } = range
  const latest = await latestRows(rows.kpi, 't', 'g1', {
    events: rowEvents(rows, range),
    row: (one) => families?.has(one.family) !== false && one.start >= from && one.start < to,
  })
  const corrections: unknown[] = []
  const [family] = families ?? []
  for await (const one of readCorrections(rows, { family, from: range.from, to: range.to, signal: never }))
    corrections.push(one)
  const wanted = { families: families ?? new Set(['queue', 'agent'] as const), granularity, from, to, signal: never }
  return { latest: [...latest.values()], corrections, ours: await readOurRows(rows, wanted) }
}

/** Rows of six intervals of two families; a revision is a number of its key's own. */
const anyRows = fc.array(
  fc.record({
    family: fc.constantFrom('queue' as const, 'agent' as const),
    id: fc.constantFrom('a', 'b'),
    quarter: fc.nat({ max: 5 }),
    status: fc.constantFrom('provisional' as const, 'final' as const, 'corrected' as const),
  }),
  { maxLength: 12 },
)
const rowsOf = (
  batches: readonly (readonly Readonly<{
    family: 'queue' | 'agent'
    id: string
    quarter: number
    status: Row['status']
  }>[])[],
) => {
  const revisions = new Map<string, number>()
  return batches.map((batch) =>
    batch.map(({ family, id, quarter, status }): Row => {
      const name = `${family} ${id} ${quarter}`
      const revision = (revisions.get(name) ?? 0) + 1
      revisions.set(name, revision)
      const dimensions = family === 'queue' ? [id, 'voice', null, null] : [id, 'sales', 'voice', null, null]
      const more = { family, status, revision, correction: status === 'corrected' ? ('late' as const) : null }
      return row(dimensions, at(quarter), { nOffered: revision }, more)
    }),
  )
}

const range = fc.record({
  families: fc.constantFrom(undefined, new Set(['queue'] as const), new Set(['agent'] as const)),
  from: fc.option(fc.nat({ max: 5 }).map(at), { nil: undefined }),
  to: fc.option(fc.nat({ max: 6 }).map(at), { nil: undefined }),
})

test('answers from the index are those of the whole stream, wherever the index ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRows, { minLength: 1, maxLength: 12 }), fc.nat(), range, async (some, cut, wanted) => {
      const data = await folder()
      const { log, append } = kpiLog()
      const batches = rowsOf(some)
      for (const [index, rows] of batches.entries()) {
        await append(rows)
        if (index === cut % batches.length) await keepRowIndex(of(log, data))
      }
      expect(existsSync(fileIn(data))).toBe(true)
      expect(await answersOf(of(log, data), wanted)).toEqual(await answersOf(of(log), wanted))
    }),
    lawRuns(60),
  )
}, 60_000)

/** Two hundred intervals of five rows. */
const filled = async (log: ReturnType<typeof kpiLog>): Promise<void> => {
  for (let quarter = 0; quarter < 200; quarter++)
    await log.append([1, 2, 3, 4, 5].map((n) => row([`queue-${n}`, 'voice', null, null], at(quarter), { nOffered: n })))
}
const one: RowRange = { families: new Set(['queue']), from: at(140), to: at(141) }

describe('with an index', () => {
  test('a question about one interval reads the events near its rows, and not the stream', async () => {
    const [data, kpi] = [await folder(), kpiLog()]
    await filled(kpi)
    await keepRowIndex(of(kpi.log, data))
    expect(await kpi.readBy(() => answersOf(of(kpi.log, data), one))).toBeLessThan(40)
    expect(await kpi.readBy(() => answersOf(of(kpi.log), one))).toBe(3 * 1_200)
  })

  test('several who bring it up to date at once add every event once', async () => {
    const [data, kpi] = [await folder(), kpiLog()]
    await filled(kpi)
    const indexes = await Promise.all([1, 2, 3].map(() => RowIndex.open({ ...of(kpi.log, data), data })))
    await Promise.all(indexes.map((index) => index.catchUp()))
    for (const index of indexes) {
      expect(index.through).toBe(1_199)
      expect(index.find({})).toMatchObject({ revisions: { length: 1_000 }, closedThrough: at(200) })
      await index.close()
    }
  })

  test('that is damaged, the answers are those of the stream, and the index is made again', async () => {
    const [data, kpi] = [await folder(), kpiLog()]
    await filled(kpi)
    const expected = await answersOf(of(kpi.log), one)
    for (const damage of ['mark', 'file'] as const) {
      await keepRowIndex(of(kpi.log, data))
      if (damage === 'file') await writeFile(fileIn(data), Buffer.alloc(40_000, 'no database'))
      else {
        const root = open({ path: fileIn(data), noSubdir: true, maxDbs: 2 })
        const table = root.openDB<Buffer, Buffer>('rows', { encoding: 'binary', keyEncoding: 'binary' })
        table.putSync(MARK_KEY, Buffer.from('something else'))
        await root.close()
      }
      expect(await answersOf(of(kpi.log, data), one), damage).toEqual(expected)
      expect(existsSync(fileIn(data)), damage).toBe(false)
    }
  })

  test('of another log, or of a history that the log does not have, it is made anew', async () => {
    const [data, kpi, other] = [await folder(), kpiLog(), kpiLog()]
    await filled(kpi)
    await keepRowIndex(of(kpi.log, data))
    await other.append([row(['queue-9', 'voice', null, null], at(140), { nOffered: 9 })])
    const expected = await answersOf(of(other.log), one)
    expect(await answersOf(of(other.log, data), one)).toEqual(expected)
    // A copy has the id of its original.
    await keepRowIndex(of(kpi.log, data))
    const restored = { ...other.log, id: () => kpi.log.id() }
    expect(await answersOf(of(restored, data), one)).toEqual(expected)
  })

  test('that cannot be written, the answers are those of the stream', async () => {
    const [data, kpi] = [await folder(), kpiLog()]
    await filled(kpi)
    await writeFile(join(data, 'state'), 'a file where a folder should be')
    await expect(keepRowIndex(of(kpi.log, data))).rejects.toThrow(/EEXIST|ENOTDIR/)
    expect(await answersOf(of(kpi.log, data), one)).toEqual(await answersOf(of(kpi.log), one))
  })
})
