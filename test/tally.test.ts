import { describe, expect, test } from 'vitest'
import { tallyLine, tallyOf } from '../dev/tally.mjs'

const file = (status: string, ...cases: string[]) => ({
  status,
  assertionResults: cases.map((each) => ({ status: each })),
})

describe('the tally of a test run', () => {
  test('counts test cases, not files', () => {
    const report = { testResults: [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed', 'skipped')] }
    expect(tallyOf(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 1 })
  })

  test('a file that could not be loaded is a failure', () => {
    expect(tallyOf({ testResults: [file('passed', 'passed'), file('failed')] }, 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    })
  })

  test('a hook that failed after its tests passed is a failure', () => {
    expect(tallyOf({ testResults: [file('failed', 'passed')] }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  test('a bad end without a failed test is a failure', () => {
    expect(tallyOf({ testResults: [file('passed', 'passed')] }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  test.each([
    ['no report', undefined],
    ['no file', { testResults: [] }],
    ['only skipped cases', { testResults: [file('passed', 'skipped')] }],
  ])('a run in which nothing ran is a failure: %s', (_what, report) => {
    expect(tallyOf(report, 0)).toMatchObject({ passed: 0, failed: 1 })
  })

  test('is said in one plain line', () => {
    expect(tallyLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
    expect(tallyLine({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped')
  })
})
