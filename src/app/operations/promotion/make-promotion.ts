import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Profile } from '../../../domain/profile.js'
import { PROJECTION_VERSION } from '../../pipeline/generations.js'
import type { FileOutcome } from '../profile-test/junit.js'
import type { ProfileTestFile } from '../profile-test/read-file.js'
import { hasPassed } from '../profile-test/run-tests.js'
import type { WhatIf } from '../what-if/what-if.js'
import {
  assertPassed,
  differingMembers,
  digestOf,
  nameOf,
  profileFileOf,
  ProfilePromotionRefused,
  sealed,
  type Promotion,
} from './promotion.js'

/** Throws `ProfilePromotionRefused` where a file tests another profile than the one that is promoted. */
export const assertTestsOf = (files: readonly ProfileTestFile[], profile: Profile): void => {
  for (const { file, tests } of files)
    for (const test of tests) {
      const differing = differingMembers(profile, test.profile)
      if (differing.length > 0)
        throw new ProfilePromotionRefused(
          `${file} tests ${nameOf(digestOf(test.profile))}, and ${nameOf(digestOf(profile))} is in force here; they differ in ${differing.join(', ')}: publish the tested profile first, or, of what waits for a new generation, rebuild`,
        )
    }
}

export type PromotionParts = Readonly<{
  profile: Profile
  against: Profile
  outcomes: readonly FileOutcome[]
  /** By the rules in force in the source, and supposing the profile of the target. */
  whatIf: WhatIf | undefined
  from: Promotion['from']
  made: Omit<Promotion['made'], 'projection'>
}>

/** Puts a promotion together. Throws `ProfilePromotionRefused` where a test failed or none was run. */
export const makePromotion = ({ profile, against, outcomes, whatIf, from, made }: PromotionParts): Promotion => {
  const tests = outcomes.map(({ file, tests: own }) => ({
    ...{ file, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') },
    results: own.map((each) => ({ name: each.name, passed: hasPassed(each) })),
  }))
  assertPassed(tests)
  return sealed({
    ...{ profile: profileFileOf(profile), digest: digestOf(profile).digest, against: digestOf(against) },
    ...{ from, made: { ...made, projection: PROJECTION_VERSION }, tests },
    whatIf: whatIf === undefined ? null : summaryOf(whatIf),
  })
}

/** The rows in force are the promoted ones; what was supposed is the profile of the target. */
const summaryOf = ({ generation, scope, totals }: WhatIf): Promotion['whatIf'] => ({
  ...{ generation, from: isoOf(scope.from), to: isoOf(scope.to) },
  totals: totals.map(({ family, granularity, rows: { same, changed, added, removed }, kpis }) => ({
    ...{ family, granularity, rows: { same, changed, added: removed, removed: added } },
    kpis: kpis.map(({ name, rows, old: promoted, new: target }) => ({ name, rows, against: target, promoted })),
  })),
})

const isoOf = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())
