import { describe, expect, test } from 'vitest'
import { failedLines, skippedLines, tallyLine, tallyOf } from '../dev/tally.mjs'

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

  test('what was skipped is named by its file and suite, which says why', () => {
    const skipped = { status: 'skipped', ancestorTitles: ['the sink (skipped: a real broker is needed)'] }
    const report = {
      testResults: [
        {
          name: '/repo/test/one.test.ts',
          status: 'passed',
          assertionResults: [skipped, skipped, { status: 'passed' }],
        },
        { name: '/repo/test/two.test.ts', status: 'passed', assertionResults: [{ status: 'passed' }] },
      ],
    }
    expect(skippedLines(report, '/repo')).toEqual([
      'skipped 2 in test/one.test.ts: the sink (skipped: a real broker is needed)',
    ])
  })

  test('what failed is named at the end by file, titles and message, also a file that could not be loaded', () => {
    const report = {
      testResults: [
        {
          name: '/repo/test/one.test.ts',
          status: 'failed',
          assertionResults: [
            { status: 'passed', title: 'holds' },
            {
              status: 'failed',
              ancestorTitles: ['the sink'],
              title: 'publishes',
              failureMessages: ['expected 1\nat x'],
            },
          ],
        },
        { name: '/repo/test/two.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
      ],
    }
    expect(failedLines(report, '/repo')).toEqual([
      'failed test/one.test.ts: the sink > publishes\n    expected 1\n    at x',
      'failed test/two.test.ts\n    Cannot find module',
    ])
  })
})
