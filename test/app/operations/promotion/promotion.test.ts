import { expect, test } from 'vitest'
import {
  assertExpectedTarget,
  differingMembers,
  digestOf,
  otherVersion,
  profileFileOf,
  readPromotion,
  sealed,
  type Promotion,
} from '../../../../src/app/operations/promotion/promotion.js'
import { zoneOf } from '../../../../src/app/config/profile/zones.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'

const profile: Profile = { ...defaultProfile, id: 'contract', version: 2, zone: zoneOf('Europe/Berlin') }
const passed = { file: 'contract.test.yaml', sha256: '00', results: [{ name: 'a wait of 30 s', passed: true }] }

const promotionWith = (changed: Partial<Promotion> = {}): Promotion => {
  const { promotion: _, seal: __, ...rest } = { promotion: 1, seal: '', ...changed }
  return sealed({
    ...{ profile: profileFileOf(profile), digest: digestOf(profile).digest, against: digestOf(defaultProfile) },
    ...{ from: { tenant: 'default', generation: 'g1' }, tests: [passed], whatIf: null },
    made: { at: '2026-03-01T00:00:00.000Z', by: 'anna', program: '0.9.0', projection: 4 },
    ...rest,
  })
}

test('a promotion is read back from its JSON with the profile that it was made of', () => {
  const content = JSON.parse(JSON.stringify(promotionWith())) as unknown
  expect(readPromotion(content)).toEqual({ promotion: content, profile })
})

test.each([
  ['without a test', { tests: [] }, /no test of the profile was run/],
  ['with a file of tests that had none', { tests: [{ ...passed, results: [] }] }, /no test of the profile was run/],
  [
    'with a test that failed',
    { tests: [{ ...passed, results: [...passed.results, { name: 'an abandon', passed: false }] }] },
    /a test of the profile failed: an abandon/,
  ],
  ['with the digest of another profile', { digest: digestOf(defaultProfile).digest }, /its digest differs/],
  ['with a profile that is none', { profile: { intervalMs: 7 } }, /is none for this version of the program \(made by/],
])('a promotion %s is refused, even if its seal fits', (_, changed, why) => {
  expect(() => readPromotion(promotionWith(changed))).toThrow(why)
})

test('a promotion with a value that was changed is refused by its seal', () => {
  expect(() => readPromotion({ ...promotionWith(), from: { tenant: 'other', generation: 'g1' } })).toThrow(
    /its seal does not fit/,
  )
})

test('a promotion goes on where the target has the expected profile or the promoted one, else with a reason alone', () => {
  const promotion = promotionWith()
  const other: Profile = { ...defaultProfile, shortAbandonMs: 1 }
  expect(() => assertExpectedTarget(promotion, defaultProfile, undefined)).not.toThrow()
  expect(() => assertExpectedTarget(promotion, profile, undefined)).not.toThrow()
  expect(() => assertExpectedTarget(promotion, other, 'it is in it')).not.toThrow()
  // The same id and version, and it says something else.
  expect(() => assertExpectedTarget(promotion, other, undefined)).toThrow(
    /made against default version 1 \(\w{12}\), and default version 1 \(\w{12}\) is in force/,
  )
})

test('the digest of a profile follows from all that it says, and not from the tables of its zone', () => {
  const sameZone: Profile = { ...profile, zone: { ...profile.zone, offsets: profile.zone.offsets.slice(0, 1) } }
  expect(digestOf(sameZone)).toEqual(digestOf(profile))
  expect(digestOf({ ...profile, graceMs: 1 }).digest).not.toBe(digestOf(profile).digest)
  expect(differingMembers(profile, { ...profile, graceMs: 1 })).toEqual(['graceMs'])
})

test('a promotion whose tests another version of the program ran says so, and one of this version does not', () => {
  const promotion = promotionWith()
  expect(otherVersion(promotion, { program: '0.9.0', projection: 4 })).toBeUndefined()
  expect(otherVersion(promotion, { program: '1.0.0', projection: 5 })).toMatch(/by version 0\.9\.0 .*; this is 1\.0\.0/)
})
