import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import type { EpochMs } from '../../../domain/interval.js'
import type { Profile } from '../../../domain/profile.js'
import { loadProfile } from '../../config/load.js'
import { profileSchema } from '../../config/profile/profile-schema.js'
import { ConfigError } from '../../config/schema.js'
import { expectationOf, type Expectation } from './expectation.js'
import { expectedForm, fileForm, givenForms, givenKinds, testForm, type Given } from './format.js'
import { NO_FILES, stepOf, type Step } from './given-events.js'
import { readStrictly, unknownKey, type Problems } from './read-strictly.js'
import { instantIn } from './values.js'

/** A test as it is run. `clock` absent: so far that everything is final. */
export type ProfileTest = Readonly<{
  name: string
  profile: Profile
  steps: readonly Step[]
  clock: EpochMs | undefined
  expectations: readonly Expectation[]
}>

export type ProfileTestFile = Readonly<{ file: string; tests: readonly ProfileTest[] }>

/** Reads a file of profile tests, and what it refers to. Throws `ConfigError` with all that is wrong with it. */
export const readProfileTests = (file: string): ProfileTestFile => {
  return { file, tests: profileTestsIn(contentOf(file), file, dirname(file)) }
}

/**
 * The tests in the content of a file. `where` names it in errors. Without a `folder`, files that it refers to are not
 * read: they are refused. Throws `ConfigError` with all that is wrong with it.
 */
export const profileTestsIn = (content: unknown, where: string, folder: string | undefined): readonly ProfileTest[] => {
  const problems: string[] = []
  const problem: Problems = (place, message) => void problems.push(place === '' ? message : `${place}: ${message}`)
  const tests = testsIn(content, folder, problem)
  if (problems.length > 0) throw new ConfigError(`${where}:\n${problems.map((each) => `  ${each}`).join('\n')}`)
  return tests
}

const testsIn = (value: unknown, folder: string | undefined, problem: Problems): readonly ProfileTest[] => {
  const content = readStrictly(fileForm, value, '', problem)
  if (content === undefined) return []
  const profile = profileOf(content.profile, folder, problem)
  if (profile === undefined) return []
  const stepsOf = (given: readonly unknown[], place: string): readonly Step[] =>
    given.flatMap((each, index) => {
      const at = `${place}[${index}]`
      const read = givenOf(each, at, problem)
      return (read === undefined ? undefined : stepOf(read, at, { profile, folder, problem })) ?? []
    })
  const shared = stepsOf(content.given ?? [], 'given')
  return content.tests.flatMap((each, index): readonly ProfileTest[] => {
    const place = `tests[${index}]`
    const test = readStrictly(testForm, each, place, problem)
    if (test === undefined) return []
    const clock = test.clock === undefined ? undefined : instantIn(test.clock)
    if (test.clock !== undefined && clock === undefined)
      problem(`${place}.clock`, `${test.clock} is not an instant with its zone, such as 2026-01-05T08:00:00Z`)
    const expectations = test.expect.flatMap((expected, at): readonly Expectation[] => {
      const where = `${place}.expect[${at}]`
      const read = readStrictly(expectedForm, expected, where, problem)
      return read === undefined ? [] : [expectationOf(read, where, profile, problem)]
    })
    const steps = [...shared, ...stepsOf(test.given ?? [], `${place}.given`)]
    return [{ name: test.name, profile, steps, clock, expectations }]
  })
}

const contentOf = (file: string): unknown => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError(`cannot read ${file}: ${(cause as Error).message}`)
  }
  const document = parseDocument(text, { logLevel: 'error' })
  const [fault] = document.errors
  if (fault !== undefined) throw new ConfigError(`${file} is not valid YAML: ${fault.message.split('\n')[0] ?? ''}`)
  return document.toJS({ maxAliasCount: 1_000 }) as unknown
}

const profileOf = (profile: unknown, folder: string | undefined, problem: Problems): Profile | undefined => {
  if (typeof profile !== 'string') return readStrictly(profileSchema, profile, 'profile', problem)
  if (folder === undefined) {
    problem('profile', NO_FILES)
    return undefined
  }
  try {
    return loadProfile(join(folder, profile))
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    problem('profile', cause.message)
    return undefined
  }
}

type GivenForm = z.ZodType<Given> & Readonly<{ shape: Readonly<Record<string, unknown>> }>

/** Which form it has is told by the one key that only this form has. */
const givenOf = (value: unknown, place: string, problem: Problems): Given | undefined => {
  const keys = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : undefined
  const kind = keys === undefined ? undefined : givenKinds.find((each) => keys.includes(each))
  if (kind !== undefined) return readStrictly(givenForms[kind] as GivenForm, value, place, problem)
  problem(
    place,
    keys === undefined
      ? `it is no mapping; one of ${givenKinds.join(', ')} says what is given`
      : `nothing in it says what is given: ${keys.map((key) => unknownKey(key, givenKinds)).join('; ')}`,
  )
  return undefined
}
