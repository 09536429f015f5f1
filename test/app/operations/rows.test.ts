import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { latestRowsInOrder, type WantedRows } from '../../../src/app/operations/rows.js'
import { keepRowIndex } from '../../../src/app/row-index/row-events.js'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import type { Row } from '../../../src/domain/row.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { rowEvents } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'
import { right } from '../../support/right.js'
import { at, row } from '../reconcile/fixtures.js'

type Of = Parameters<typeof latestRowsInOrder>[0]

const windowsOf = async (of: Of, wanted: Partial<WantedRows>): Promise<readonly (readonly Row[])[]> => {
  const windows: (readonly Row[])[] = []
  for await (const window of latestRowsInOrder(of, { family: 'queue', ...wanted })) windows.push(window)
  return windows
}

const aRow = fc.record({ id: fc.constantFrom('a', 'b', 'c'), quarter: fc.nat({ max: 9 }) })

test('rows read window by window are the rows read at once, in order, and what came behind the index is among them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(aRow, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
      fc.nat({ max: 7 }),
      fc.integer({ min: 1, max: 6 }),
      fc.option(fc.nat({ max: 9 }).map(at), { nil: undefined }),
      fc.option(fc.nat({ max: 9 }).map(at), { nil: undefined }),
      async (batches, indexed, windowRevisions, from, to) => {
        const data = await mkdtemp(join(tmpdir(), 'streamvane-rows-'))
        const kpi = memoryLog()
        const of = { kpi, tenant: 't', generation: 'g1' }
        const revisions = new Map<string, number>()
        for (const [place, batch] of batches.entries()) {
          const rows = batch.map(({ id, quarter }) => {
            const revision = (revisions.get(`${id} ${quarter}`) ?? 0) + 1
            revisions.set(`${id} ${quarter}`, revision)
            return row([id, 'voice', null, null], at(quarter), { nOffered: revision }, { revision })
          })
          const position = BigInt(place + 1)
          for (const events of appendsOf('t', 'g1', rowEvents('t', 'g1', rows, position), position))
            right((await kpi.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
          if (place === indexed) await keepRowIndex({ ...of, data })
        }
        const atOnce = (await windowsOf({ ...of, data: undefined }, { from, to })).flat()
        const inWindows = await windowsOf({ ...of, data }, { from, to, windowRevisions })
        expect(inWindows.flat()).toEqual(atOnce)
        await rm(data, { recursive: true, force: true })
      },
    ),
    lawRuns(40),
  )
}, 60_000)

test('a long range comes in windows of bounded size', async () => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-rows-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const kpi = memoryLog()
  const of = { kpi, tenant: 't', generation: 'g1', data }
  const rows = Array.from({ length: 300 }, (_, n) => row(['q', 'voice', null, null], at(n), { nOffered: 1 }))
  for (const events of appendsOf('t', 'g1', rowEvents('t', 'g1', rows, 1n), 1n))
    right((await kpi.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
  await keepRowIndex(of)
  const windows = await windowsOf(of, { windowRevisions: 50 })
  expect(windows.map(({ length }) => length)).toEqual([50, 50, 50, 50, 50, 50])
})
