import { describe, expect, test } from 'vitest'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { emitted, settings } from '../support/fact-builders.js'
import { given } from '../support/given.js'

/** 10 answered, 3 of them late; 4 abandoned, 2 of them short; 5 flowed out. */
const interval = (['tAnswered', 'nOverSla', 'tAbandon', 'tFlowOut'] as const).flatMap((metric, index) =>
  Array.from({ length: [10, 3, 4, 5][index] as number }, (_, count) =>
    emitted(metric, metric === 'tAbandon' && count < 2 ? 5_000 : 30_000, '10:05', { queue: 'sales' }),
  ),
)

const profileSays = (serviceLevel: Partial<Profile['serviceLevel']>): Partial<Profile> => ({
  families: ['queue'],
  serviceLevel: { ...defaultProfile.serviceLevel, ...serviceLevel },
})

const levelOf = (row: Row) => {
  const { numerator, denominator } = row.kpis['serviceLevel'] ?? {}
  return denominator === undefined ? undefined : `${numerator}/${denominator}`
}

describe.each([
  { includeAbandons: true, includeShortAbandons: true, includeFlowOuts: false, level: '7/14' },
  { includeAbandons: true, includeShortAbandons: true, includeFlowOuts: true, level: '7/19' },
  { includeAbandons: true, includeShortAbandons: false, includeFlowOuts: false, level: '7/12' },
  { includeAbandons: true, includeShortAbandons: false, includeFlowOuts: true, level: '7/17' },
  { includeAbandons: false, includeShortAbandons: true, includeFlowOuts: false, level: '7/10' },
  { includeAbandons: false, includeShortAbandons: true, includeFlowOuts: true, level: '7/15' },
  // Left out already, the short abandons are not taken off a second time.
  { includeAbandons: false, includeShortAbandons: false, includeFlowOuts: false, level: '7/10' },
  { includeAbandons: false, includeShortAbandons: false, includeFlowOuts: true, level: '7/15' },
])(
  'with abandons $includeAbandons, short ones $includeShortAbandons, flow-outs $includeFlowOuts the service level is $level',
  ({ level, ...options }) => {
    test('where the profile says so', () => {
      const row = given(profileSays(options))
        .facts(...interval)
        .lookAtOne()
      expect(levelOf(row)).toBe(level)
    })

    test('where the settings of the organisation say so, whatever the profile says', () => {
      const contrary = {
        includeAbandons: !options.includeAbandons,
        includeShortAbandons: !options.includeShortAbandons,
        includeFlowOuts: !options.includeFlowOuts,
      }
      const row = given(profileSays(contrary))
        .facts(settings('09:00', options), ...interval)
        .lookAtOne()
      expect(levelOf(row)).toBe(level)
    })
  },
)

test('options that the organisation leaves open come from the profile', () => {
  const row = given(profileSays({ includeFlowOuts: true }))
    .facts(settings('09:00', { includeAbandons: false }), ...interval)
    .lookAtOne()
  expect(levelOf(row)).toBe('7/15')
})

test("the organisation's short-abandon threshold goes before the profile's", () => {
  const row = given({ ...profileSays({ includeShortAbandons: false }), shortAbandonMs: 1 })
    .facts(settings('09:00', { shortAbandonMs: 5_001 }), ...interval)
    .lookAtOne()
  expect(levelOf(row)).toBe('7/12')
})

test('where nothing counts there is no service level, neither 0 nor 100', () => {
  const row = given(profileSays({ includeAbandons: false }))
    .facts(emitted('tAbandon', 30_000, '10:05', { queue: 'sales' }))
    .lookAtOne()
  expect(levelOf(row)).toBeUndefined()
})

test('every family of whole interactions has a service level, the agent family has none', () => {
  const rows = given({
    families: ['queue', 'agent', 'skill', 'language', 'wrap-up', 'campaign', 'division', 'organisation'],
  })
    .facts(
      emitted('tAnswered', 9_000, '10:05', {
        ...{ queue: 'sales', agent: 'ann', skillIds: ['german'], languageId: 'de', wrapUpCode: 'sold' },
        ...{ campaignId: 'spring', divisionIds: ['home'] },
      }),
    )
    .look()
  expect(rows.filter((row) => levelOf(row) === undefined).map(({ family }) => family)).toEqual(['agent'])
  expect(rows).toHaveLength(8)
})
