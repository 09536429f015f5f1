import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mismatchLines } from '../../../../src/app/operations/profile-test/mismatch-text.js'
import { readProfileTests } from '../../../../src/app/operations/profile-test/read-file.js'
import { hasPassed, runProfileTest } from '../../../../src/app/operations/profile-test/run-tests.js'

const folder = join(import.meta.dirname, '../../../../examples/profiles')
const files = readdirSync(folder).filter((file) => file.endsWith('.test.yaml'))

test('each worked profile has its tests', () => {
  const profiles = readdirSync(folder).filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'))
  expect(files).toEqual(profiles.map((file) => file.replace('.yaml', '.test.yaml')))
  expect(files.length).toBeGreaterThanOrEqual(3)
})

describe.each(files)('the worked profile of %s', (file) => {
  const { tests } = readProfileTests(join(folder, file))
  test.each(tests.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const outcome = await runProfileTest(each, new AbortController().signal)
    expect(outcome.failures.flatMap(({ place, mismatch }) => [place, ...mismatchLines(mismatch)])).toEqual([])
    expect(outcome.unusable).toEqual([])
    expect(hasPassed(outcome)).toBe(true)
  })
})
