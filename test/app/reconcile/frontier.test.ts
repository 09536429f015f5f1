import { expect, test } from 'vitest'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import { closedThroughOf } from '../../../src/app/reconcile/our-rows.js'
import { MINUTE_MS } from '../../../src/domain/interval.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import { appendTick } from '../../../src/ingress/clock.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { right } from '../../support/right.js'
import { at, compare, generation, row, sales, salesSaid, said } from './fixtures.js'

test('intervals are closed through the last tick that the projector has read, minus the grace', async () => {
  const [raw, kpi] = [memoryLog(), memoryLog()]
  const closed = () => closedThroughOf(raw, kpi, 't', generation())
  const projectedThrough = async (position: bigint) =>
    right(
      (
        await kpi.append([
          { stream: kpiStream('t', 'g1'), expected: 'any', events: appendsOf('t', 'g1', [], position)[0] ?? [] },
        ])
      )[0],
    )
  await appendTick(raw, 't', at(4) + 6 * MINUTE_MS)
  const first = (await raw.head()) as bigint
  expect(await closed()).toBeUndefined()
  await projectedThrough(first)
  expect(await closed()).toBe(at(4))
  // The clock goes on; the projector has not followed yet.
  await appendTick(raw, 't', at(9))
  expect(await closed()).toBe(at(4))
  await projectedThrough((await raw.head()) as bigint)
  // The grace of five minutes has not passed: the last quarter is still open.
  expect(await closed()).toBe(at(8))
})

test('a figure that only the API has is missing in a closed interval, and late in an open one', async () => {
  const answer = { results: [salesSaid(said([at(0), at(1)], { nOffered: 1 }), said([at(3), at(4)], { nOffered: 1 }))] }
  const compared = async (closedThrough: number) =>
    (await compare([[sales(at(0), { nOffered: 1 })]], [answer], { closedThrough })).differences.map(
      ({ class: reason }) => reason,
    )
  expect(await compared(at(4))).toEqual(['missing-event'])
  expect(await compared(at(3))).toEqual(['late'])
})

test('a difference names the points that were erased here and that the API still counts', async () => {
  const [difference] = (
    await compare(
      [[row(['sales', 'voice', null, null], at(0), { nOffered: 1 }, { erased: 2 })]],
      [{ results: [salesSaid(said([at(0), at(1)], { nOffered: 3 }))] }],
    )
  ).differences
  expect(difference).toMatchObject({
    class: 'missing-event',
    because: 'count 3 there and 1 here: 2 points of these rows were erased here on request',
  })
})
