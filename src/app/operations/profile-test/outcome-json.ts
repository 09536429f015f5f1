import { mismatchLines } from './mismatch-text.js'
import { hasPassed, type TestOutcome } from './run-tests.js'

/** What came of a test, for programs. */
export const outcomeJson = (test: TestOutcome) => ({
  ...{ name: test.name, passed: hasPassed(test), elapsedMs: Math.round(test.elapsedMs), unusable: test.unusable },
  failures: test.failures.map(({ place, mismatch, explanation }) => ({
    ...{ place, kind: mismatch.kind, text: mismatchLines(mismatch) },
    differences: mismatch.kind === 'different' ? mismatch.differences : [],
    explanation: explanation ?? null,
  })),
})
