import { setMaxListeners } from 'node:events'
import { expect, test } from 'vitest'
import { RequestBudget } from '../../src/genesys/request-budget.js'
import { TestClock } from '../support/genesys/clock.js'

const never = new AbortController().signal
setMaxListeners(0, never)

test('700 requests asked for at once are given out in order, 300 at most in any minute, in two minutes', async () => {
  const clock = new TestClock(0).runByItself()
  const budget = new RequestBudget(300, clock)
  const given: Readonly<{ call: number; at: number }>[] = []
  await Promise.all(
    Array.from({ length: 700 }, async (_, call) => {
      await budget.take(never)
      given.push({ call, at: clock.now() })
    }),
  )
  expect(given.map(({ call }) => call)).toEqual(Array.from({ length: 700 }, (_, call) => call))
  const [first, last] = [given[0]?.at ?? -1, given.at(-1)?.at]
  expect([first, last]).toEqual([0, 120_000])
  for (const { at } of given)
    expect(given.filter((each) => each.at >= at && each.at < at + 60_000).length).toBeLessThanOrEqual(300)
})

test('nobody passes while requests are held, and an abort ends only the waiting of its own caller', async () => {
  const clock = new TestClock(0)
  const budget = new RequestBudget(300, clock)
  budget.hold(10_000)
  const leaving = new AbortController()
  const passed: string[] = []
  const first = budget.take(never).then(() => passed.push('first'))
  const second = budget.take(leaving.signal).then(() => passed.push(leaving.signal.aborted ? 'left' : 'second'))
  leaving.abort()
  await second
  expect(passed).toEqual(['left'])
  while (!clock.isAwaited) await Promise.resolve()
  clock.advance(10_000)
  await first
  expect(passed).toEqual(['left', 'first'])
})
