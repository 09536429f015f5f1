import { expect, test } from 'vitest'
import { intervalsIn } from '../../../src/app/feeds/deliveries/build.js'
import { RowTail } from '../../../src/app/feeds/deliveries/row-tail.js'
import { feedPlans } from '../../../src/app/feeds/plans.js'
import { readRenderings } from '../../../src/app/renderings.js'
import { readGenerations } from '../../../src/app/pipeline/generations.js'
import { keepRowIndex } from '../../../src/app/row-index/row-events.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { feedConfig, feedLog } from '../../support/feed-log.js'
import { scratchFolder } from '../../support/streamvane.js'
import { at, sales } from '../reconcile/fixtures.js'

/** The log, and how many events were read of its streams. */
const counted = (log: EventLog): Readonly<{ log: EventLog; read: () => number }> => {
  let read = 0
  const readStream: EventLog['readStream'] = async function* (...args) {
    for await (const batch of log.readStream(...args)) {
      read += batch.length
      yield batch
    }
  }
  return { log: { ...log, readStream }, read: () => read }
}

const layouts = [{ version: 1, columns: [{ name: 'n', value: 'nOffered.count' }] }]
const [plan] = feedPlans(feedConfig([{ name: 'wfm', family: 'queue', layouts }]))
const INTERVALS = 4_000

const indexed = async () => {
  const { log, add } = await feedLog()
  const all = Array.from({ length: INTERVALS }, (_, n) => n)
  for (let from = 0; from < INTERVALS; from += 400)
    await add(
      all.slice(from, from + 400).map((n) => sales(at(n), { nOffered: n })),
      all.slice(from, from + 400).map((n) => [at(n), at(n + 1)] as const),
    )
  const data = await scratchFolder()
  const { log: kpi, read } = counted(log)
  const of = { kpi, tenant: 't', generation: 'g1', data }
  await keepRowIndex(of)
  const generation = (await readGenerations(log, 't')).all['g1']!
  return { read, add, rows: { of, generation, renderings: () => readRenderings(log, 't', generation, undefined) } }
}

test('a range of a long log costs what it holds', async () => {
  const { read, rows } = await indexed()
  const before = read()
  const intervals = await intervalsIn(plan!, rows, [{ start: at(2_000), end: at(2_004) }])
  expect(intervals.map(({ records, isComplete }) => [records.length, isComplete])).toEqual(Array(4).fill([1, true]))
  // Rows and markers that lie close together are read together, with what is between them.
  expect(read() - before).toBeLessThan(1_000)
})

test('a look for what is new costs what is new', async () => {
  const {
    read,
    add,
    rows: { of },
  } = await indexed()
  const tail = new RowTail(of, 'queue', 'PT15M', (await of.kpi.streamRevision('t.kpi-g1'))!)
  const before = read()
  expect(await tail.advance()).toEqual({ changed: new Set(), isClosed: false })
  await add([sales(at(7), { nOffered: 1 })], [[at(7), at(8)]])
  expect(await tail.advance()).toEqual({ changed: new Set([at(7)]), isClosed: true })
  expect(read() - before).toBeLessThan(5)
})
