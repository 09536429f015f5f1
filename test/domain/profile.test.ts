import { describe, expect, test } from 'vitest'
import type { FamilyName } from '../../src/domain/family.js'
import type { Kpi } from '../../src/domain/kpi.js'
import {
  defaultProfile,
  optionsOf,
  profileProblems,
  serviceLevelDurationMs,
  type Profile,
} from '../../src/domain/profile.js'
import { minutes } from '../support/fact-builders.js'
import { tableOf } from './zone-tables.js'

const mine = (more: Partial<Kpi> = {}): Kpi => ({
  name: 'mine',
  unit: 'count',
  formula: 'nOffered.count',
  families: ['queue'],
  doc: '',
  ...more,
})
const kathmandu = tableOf('Asia/Kathmandu')

test('the default profile has no problems', () => {
  expect(profileProblems(defaultProfile)).toEqual([])
})

test.each<[string, Partial<Profile>, RegExp]>([
  ['an interval of ten minutes', { intervalMs: minutes(10) }, /^intervalMs is 600000/],
  ['a negative grace', { graceMs: -1 }, /^graceMs is -1/],
  ['a negative horizon', { lateHorizonMs: -1 }, /^lateHorizonMs is -1/],
  ['a negative threshold', { shortAbandonMs: -1 }, /^shortAbandonMs is -1/],
  [
    'a roll-up that is the base interval',
    { rollUps: ['PT1H', 'PT15M'] },
    /^rollUps: PT15M is not longer than the base interval of 15 minutes$/,
  ],
  [
    'days that are not whole base intervals',
    { rollUps: ['P1D'], intervalMs: minutes(30), zone: kathmandu },
    /^days of Asia\/Kathmandu cannot be made of 30-minute/,
  ],
  ['a family that there is not', { families: ['queue', 'que' as FamilyName] }, /^families: que is not a family$/],
  ['quantiles of a count', { quantiles: ['tAnswered', 'nOffered'] }, /^quantiles: nOffered is not a duration$/],
  ['quantiles of an observation', { quantiles: ['oMessageTurn'] }, /^quantiles: oMessageTurn is not a duration$/],
  [
    'quantiles of a time in a state',
    { quantiles: ['tRoutingStatusIdle'] },
    /^quantiles: tRoutingStatusIdle is not a duration$/,
  ],
  ['a KPI named as a built-in one', { kpis: [mine({ name: 'asa' })] }, /^kpis: there are two KPIs named asa$/],
  ['two KPIs of one name', { kpis: [mine(), mine({ families: ['agent'] })] }, /^kpis: there are two KPIs named mine$/],
  ['a KPI whose name is none', { kpis: [mine({ name: 'My KPI' })] }, /^kpis: My KPI is not a name/],
  [
    'a KPI whose formula is none',
    { kpis: [mine({ formula: 'nOffered.count +' })] },
    /^formula of mine: Expected expression after \+/,
  ],
  [
    'a KPI of what its family does not carry',
    { kpis: [mine({ families: ['flow'] })] },
    /^formula of mine: family flow does not carry nOffered$/,
  ],
  [
    'forgetting before assuming',
    { correlation: { ...defaultProfile.correlation, restateHorizonMs: 1 } },
    /^correlation.restateHorizonMs/,
  ],
  [
    'states shorter than an interval',
    { agentState: { ...defaultProfile.agentState, stateMaxMs: minutes(14) } },
    /^agentState.stateMaxMs/,
  ],
])('%s is refused with a reason', (_, change, reason) => {
  const problems = profileProblems({ ...defaultProfile, ...change })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(reason)
})

test.each<[string, Partial<Profile>]>([
  [
    'everything on',
    {
      rollUps: ['PT30M', 'PT1H', 'P1D'],
      quantiles: ['tAnswered', 'tFlow'],
      splitBy: ['direction', 'messageType'],
      kpis: [mine()],
    },
  ],
  ['a zone that its base interval divides', { rollUps: ['P1D'], zone: kathmandu }],
  [
    'a zone that it does not divide, where no days are wanted',
    { rollUps: ['PT1H'], intervalMs: minutes(30), zone: kathmandu },
  ],
  ['days of longer base intervals', { rollUps: ['P1D'], intervalMs: minutes(60), zone: tableOf('Europe/Berlin') }],
])('%s is accepted', (_, change) => {
  expect(profileProblems({ ...defaultProfile, ...change })).toEqual([])
})

test('options of formulas are 1 or 0, each its own', () => {
  const { serviceLevel } = defaultProfile
  expect(optionsOf(defaultProfile)).toEqual({
    includeFlowOuts: 0,
    includeAbandons: 1,
    includeShortAbandons: 1,
    countNotResponding: 0,
  })
  const other = { ...serviceLevel, includeFlowOuts: true, includeAbandons: false, includeShortAbandons: false }
  expect(optionsOf({ ...defaultProfile, serviceLevel: other, occupancyCountsNotResponding: true })).toEqual({
    includeFlowOuts: 1,
    includeAbandons: 0,
    includeShortAbandons: 0,
    countNotResponding: 1,
  })
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
