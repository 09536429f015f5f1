import { describe, expect, test } from 'vitest'
import { defaultProfile, profileProblems, serviceLevelDurationMs, type Profile } from '../../src/domain/profile.js'
import { minutes } from '../support/fact-builders.js'

test('the default profile has no problems', () => {
  expect(profileProblems(defaultProfile)).toEqual([])
})

test.each<[string, Partial<Profile>, RegExp]>([
  ['an interval of ten minutes', { intervalMs: minutes(10) }, /^intervalMs is 600000/],
  ['a negative grace', { graceMs: -1 }, /^graceMs is -1/],
  ['forgetting before assuming', { correlation: { ...defaultProfile.correlation, restateHorizonMs: 1 } }, /^correlation.restateHorizonMs/],
  ['states shorter than an interval', { agentState: { stateMaxMs: minutes(14) } }, /^agentState.stateMaxMs/],
])('%s is refused with a reason', (_, change, reason) => {
  const problems = profileProblems({ ...defaultProfile, ...change })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(reason)
})

test('every problem is told, not only the first', () => {
  expect(profileProblems({ ...defaultProfile, intervalMs: 1, graceMs: -1 })).toHaveLength(2)
})

describe('the service-level duration', () => {
  const profile: Profile = {
    ...defaultProfile,
    serviceLevel: {
      ...defaultProfile.serviceLevel,
      durationMs: 20_000,
      durationMsByMediaType: { chat: 60_000 },
      durationMsByQueue: { vip: 5_000, lax: 0 },
    },
  }

  test.each([
    ['sales', 'voice', 20_000],
    ['sales', 'chat', 60_000],
    ['vip', 'voice', 5_000],
    ['vip', 'chat', 5_000],
    ['lax', 'voice', 0],
  ])('of queue %s and %s is %i ms: queue before media type before the general one', (queue, media, durationMs) => {
    expect(serviceLevelDurationMs(profile, queue, media)).toBe(durationMs)
  })

  test('a queue named like something every object has gets the general one', () => {
    expect(serviceLevelDurationMs(profile, 'constructor', 'toString')).toBe(20_000)
    expect(serviceLevelDurationMs(profile, '__proto__', 'voice')).toBe(20_000)
  })
})
