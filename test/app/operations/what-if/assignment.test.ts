import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { readAssignment, type Assignment } from '../../../../src/app/operations/what-if/assignment.js'
import { suppose } from '../../../../src/app/operations/what-if/hypothesis.js'
import { ConfigError } from '../../../../src/app/config/schema.js'
import type { ConfigurationFact, QueueConfigured } from '../../../../src/domain/fact.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'

const set = (text: string): Assignment => {
  const read = readAssignment(text)
  if (E.isLeft(read)) throw new Error(read.left)
  return read.right
}
const refusal = (text: string): string => {
  const read = readAssignment(text)
  return E.isLeft(read) ? read.left : `read as ${JSON.stringify(read.right)}`
}
const profileWith = (...texts: readonly string[]): Profile =>
  suppose({ profile: defaultProfile, configuration: [] }, { assignments: texts.map(set) }).profile

const sales: QueueConfigured = {
  ...{ type: 'QueueConfigured', queueId: 'q1', at: 1_000, name: 'Sales & Co. 2.0', acw: null },
  serviceLevel: { voice: { durationMs: 20_000, target: 0.8 } },
}
const configuredWith = (known: readonly ConfigurationFact[], ...texts: readonly string[]) =>
  suppose({ profile: defaultProfile, configuration: known }, { assignments: texts.map(set) }).configuration

describe('a key of the profile that is set', () => {
  test('has the type that the schema of profiles gives it', () => {
    const profile = profileWith(
      'serviceLevel.durationMs=30000',
      'serviceLevel.durationMsByQueue.q1=10s',
      'serviceLevel.includeFlowOuts=true',
      'families=queue,skill',
      'rollUps=[PT1H, P1D]',
      'zone=Europe/Berlin',
      'correlation.callbackMode=CustomerFirst',
    )
    expect(profile).toMatchObject({
      serviceLevel: { durationMs: 30_000, durationMsByQueue: { q1: 10_000 }, includeFlowOuts: true },
      families: ['queue', 'skill'],
      rollUps: ['PT1H', 'P1D'],
      zone: { name: 'Europe/Berlin' },
      correlation: { callbackMode: 'CustomerFirst' },
    })
    expect(profileWith('correlation.callbackMode=null').correlation.callbackMode).toBeNull()
  })

  test.each([
    ['serviceLevel.duration=3', /a profile has no serviceLevel.duration; did you mean durationMs\?/],
    ['durationMs=3', /a profile has no durationMs; did you mean serviceLevel.durationMs\?/],
    ['famlies=queue', /did you mean families\?/],
    ['serviceLevel=3', /serviceLevel holds other keys; name one of them: serviceLevel.includeFlowOuts, /],
    ['serviceLevel.durationMsByQueue=3', /holds values by name; write serviceLevel.durationMsByQueue.<name>/],
    ['graceMs.x=3', /graceMs is a value and holds no x/],
    ['serviceLevel.durationMs=fast', /serviceLevel.durationMs is whole milliseconds, .* not fast/],
    ['serviceLevel.includeFlowOuts=yes', /is true or false, not yes/],
    [
      'points=metrics',
      /points is one of metric-records, detail-events, conversation-details, metric-records-and-details, not metrics/,
    ],
    ['version=one', /version is a whole number, not one/],
    ['serviceLevel.durationMs', /is not path=value, such as serviceLevel.durationMs=30000/],
  ])('is refused with what can be written instead: %s', (text, words) => {
    expect(refusal(text)).toMatch(words)
  })

  test('is refused by the rules of a whole profile too', () => {
    expect(() => profileWith('intervalMs=600000')).toThrow(/--set profile: intervalMs is 600000; it must be 15, 30 or/)
    expect(() => profileWith('rollUps=PT2H')).toThrow(ConfigError)
  })

  test("may be the formula of a KPI of one's own", () => {
    const kpi = { name: 'callbacks', unit: 'count', formula: 'nOffered.count', families: ['queue'], doc: '' } as const
    const profile = { ...defaultProfile, kpis: [kpi] }
    const rules = { profile, configuration: [] }
    const supposed = suppose(rules, { assignments: [set('kpis.callbacks.formula=nOffered.count - nOverSla.count')] })
    expect(supposed.profile.kpis).toEqual([{ ...kpi, formula: 'nOffered.count - nOverSla.count' }])
    expect(() => suppose(rules, { assignments: [set('kpis.calbacks.formula=1')] })).toThrow(/did you mean callbacks\?/)
    expect(refusal('kpis.callbacks.name=x')).toMatch(/member is one of formula, unit, families, doc/)
  })
})

describe('a setting of a queue that is set', () => {
  test('changes every setting of the queue, and holds before the first of them too', () => {
    const later = { ...sales, at: 5_000, serviceLevel: { voice: { durationMs: 40_000, target: null } } }
    const other = { ...sales, queueId: 'q2', name: 'Other' }
    expect(configuredWith([sales, later, other], 'queue.sales & co. 2.0.serviceLevel.voice.durationMs=30s')).toEqual([
      { ...sales, at: 0, name: null, serviceLevel: { voice: { durationMs: 30_000, target: null } } },
      { ...sales, serviceLevel: { voice: { durationMs: 30_000, target: 0.8 } } },
      { ...later, serviceLevel: { voice: { durationMs: 30_000, target: null } } },
      other,
    ])
  })

  test('can be its target, its after-call work and whom its callbacks call first', () => {
    const [, first] = configuredWith([sales], 'queue.q1.acw.timeoutMs=90s')
    expect(first).toMatchObject({ acw: { prompt: 'MANDATORY_TIMEOUT', timeoutMs: 90_000 } })
    expect(configuredWith([sales], 'queue.q1.serviceLevel.call.target=0.9')).toEqual([
      { ...sales, serviceLevel: { voice: { durationMs: 20_000, target: 0.9 } } },
    ])
    expect(configuredWith([], 'queue.q9.callbackMode=AgentFirst')).toMatchObject([
      { queueId: 'q9', callbackMode: 'AgentFirst', serviceLevel: {} },
    ])
  })

  test.each([
    ['queue.q1.serviceLevel.durationMs=3', /by media type: write queue.q1.serviceLevel.voice.durationMs/],
    ['queue.q1.servicelevel.voice.durationMs=3', /names no setting of a queue; write queue.<id or name>\. and one of/],
    ['queue.q1.serviceLevel.voice.target=80', /a share from 0 to 1/],
    ['queue.q1.acw.timeoutMs=-1', /whole milliseconds/],
    ['queue.q1.callbackMode=Both', /AgentFirst, CustomerFirst or null/],
  ])('is refused with what can be written instead: %s', (text, words) => {
    expect(refusal(text)).toMatch(words)
  })

  test('of a queue that is nearly one of the log is refused with its name', () => {
    expect(() => configuredWith([{ ...sales, name: 'Sales' }], 'queue.Slaes.callbackMode=null')).toThrow(
      /no queue has this id or name; did you mean Sales\?/,
    )
  })
})

describe('a setting of the organisation that is set', () => {
  test('changes what the log has, or stands where it has none', () => {
    expect(configuredWith([], 'organisation.includeFlowOuts=true')).toMatchObject([
      { type: 'OrgSettingsChanged', at: 0, includeFlowOuts: true, includeAbandons: null },
    ])
    const known = { ...configuredWith([], 'organisation.shortAbandonMs=5s')[0], at: 7 } as ConfigurationFact
    expect(configuredWith([known], 'organization.includeAbandons=false')).toEqual([
      { ...known, includeAbandons: false },
    ])
  })

  test('is refused where there is none of its name', () => {
    expect(refusal('organisation.includeFlowOut=true')).toMatch(/did you mean organisation.includeFlowOuts\?/)
    expect(refusal('organisation.includeFlowOuts=1')).toMatch(/true or false, not 1/)
  })
})

describe('a profile that is supposed', () => {
  test('takes the place of every published one, and what is set changes it', () => {
    const published = { type: 'ProfilePublished', at: 5, profile: { ...defaultProfile, shortAbandonMs: 1 } } as const
    const rules = { profile: defaultProfile, configuration: [published, sales] }
    const profile = { ...defaultProfile, version: 3 }
    const assignments = [set('shortAbandonMs=7s')]
    expect(suppose(rules, { profile, assignments })).toEqual({
      profile: { ...profile, shortAbandonMs: 7_000 },
      configuration: [sales],
    })
    expect(suppose(rules, { assignments }).configuration).toEqual([
      { ...published, profile: { ...defaultProfile, shortAbandonMs: 7_000 } },
      sales,
    ])
  })

  test('leaves the settings of queues as they are, unless others are supposed throughout', () => {
    const rules = { profile: defaultProfile, configuration: [sales, { ...sales, at: 9 }] }
    const supposed = { ...sales, at: 700, serviceLevel: {} }
    expect(suppose(rules, { settings: [supposed] }).configuration).toEqual([{ ...supposed, at: 0 }])
  })
})
