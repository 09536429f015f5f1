import { expect, test } from 'vitest'
import { bannerText } from '../../../../src/console/frame/live/banner-text.js'

test('nothing is said while the connection is live, or has not had the time to be', () => {
  expect(bannerText({ kind: 'live', since: 0, heardAt: 0 }, 9_000)).toBeUndefined()
  expect(bannerText({ kind: 'connecting', attempt: 0, lostAt: undefined }, 0)).toBeUndefined()
})

test('a lost connection is told with how old the page is and when it is tried again', () => {
  const state = { kind: 'waiting', attempt: 2, lostAt: 10_000, retryAt: 76_500 } as const
  expect(bannerText(state, 75_000)?.counts).toBe('What is shown is 1 min 05 s old. Trying again in 2 s.')
  expect(bannerText({ kind: 'offline', lostAt: 10_000 }, 12_900)).toEqual({
    ...{ says: 'This device is offline.', counts: 'What is shown is 2 s old.' },
  })
})

test('a moment that lies before the loss is no negative age', () => {
  const state = { kind: 'waiting', attempt: 1, lostAt: 10_000, retryAt: 10_500 } as const
  expect(bannerText(state, 9_200)?.counts).toBe('What is shown is 0 s old. Trying again in 2 s.')
})
