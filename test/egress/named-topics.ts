import { familyNames, type FamilyName } from '../../src/domain/family.js'
import type { Topics } from '../../src/egress/topics.js'

/** Topics of one test on a broker that others use too. */
export const namedTopics = (prefix: string): Readonly<{ topics: Topics; progressTopic: string }> => ({
  topics: {
    kind: 'per-family',
    names: Object.fromEntries(familyNames.map((family) => [family, `${prefix}-${family}`])) as Record<FamilyName, string>,
  },
  progressTopic: `${prefix}-progress`,
})
