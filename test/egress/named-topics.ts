import { familyNames, type FamilyName } from '../../src/domain/family.js'
import { topicsPerFamily, type Topics } from '../../src/egress/topics.js'

/**
 * Those of the rows in batches.ts; a topic for each of all families would cost a broker more than the tests learn from
 * it.
 */
export const testFamilies: readonly FamilyName[] = ['queue', 'agent', 'agent-state']

/** Topics of one test on a broker that others use too. */
export const namedTopics = (
  prefix: string,
  families: readonly FamilyName[] = testFamilies,
): Readonly<{ topics: Topics; families: readonly FamilyName[]; progressTopic: string }> => ({
  topics: topicsPerFamily(
    Object.fromEntries(familyNames.map((family) => [family, `${prefix}-${family}`])) as Record<FamilyName, string>,
  ),
  families,
  progressTopic: `${prefix}-progress`,
})
