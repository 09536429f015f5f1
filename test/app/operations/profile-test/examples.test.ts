import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mismatchLines } from '../../../../src/app/operations/profile-test/mismatch-text.js'
import { readProfileTests } from '../../../../src/app/operations/profile-test/read-file.js'
import { scratchFolder } from '../../../support/streamvane.js'
import { hasPassed, runProfileTest } from '../../../../src/app/operations/profile-test/run-tests.js'

const folder = join(import.meta.dirname, '../../../../examples/profiles')
const files = readdirSync(folder).filter((file) => file.endsWith('.test.yaml'))

test('each worked profile has its tests', () => {
  const profiles = readdirSync(folder).filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'))
  expect(files).toEqual(profiles.map((file) => file.replace('.yaml', '.test.yaml')))
  expect(files.length).toBeGreaterThanOrEqual(3)
})

test('the example of docs/profile-tests.md passes', async () => {
  const document = readFileSync(join(folder, '../../docs/profile-tests.md'), 'utf8')
  const example = /```yaml\n(.*?)```/s.exec(document)?.[1] as string
  const place = await scratchFolder()
  writeFileSync(join(place, 'it.test.yaml'), example)
  copyFileSync(join(folder, 'contract-service-level.yaml'), join(place, 'contract-service-level.yaml'))
  const { tests } = readProfileTests(join(place, 'it.test.yaml'))
  const outcomes = await Promise.all(tests.map((each) => runProfileTest(each, new AbortController().signal)))
  expect(outcomes.map(hasPassed)).toEqual([true])
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
