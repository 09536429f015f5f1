import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { ConfigError } from '../app/config/schema.js'
import { junitXml, type FileOutcome } from '../app/operations/profile-test/junit.js'
import { mismatchLines } from '../app/operations/profile-test/mismatch-text.js'
import { outcomeJson } from '../app/operations/profile-test/outcome-json.js'
import { readProfileTests, type ProfileTestFile } from '../app/operations/profile-test/read-file.js'
import { hasPassed, runProfileTest, type TestOutcome } from '../app/operations/profile-test/run-tests.js'
import { printable, printableLines } from '../domain/printable.js'
import type { Zone } from '../domain/zone.js'
import { command } from './command/command.js'
import { styled } from './command/color.js'
import { EXIT } from './command/exit.js'
import { countText } from './command/figures.js'
import { stdoutNow, type Output } from './command/table.js'
import { explanationText } from './explain-text.js'

type Flags = Readonly<{ json?: boolean; junit?: string; explain?: boolean }>

/** Points that an explanation lists; a test is given few. */
const POINTS_MAX = 20

export const profileTestCommand = (): Command =>
  command('test', 'run given events against the rows that are expected of a profile (docs/profile-tests.md)', [
    'streamvane profile test examples/profiles/*.test.yaml',
    'streamvane profile test contract.test.yaml --junit report.xml',
  ])
    .argument('<file...>', 'YAML files with a profile, given events and expected rows')
    .option('--json', 'the outcome as JSON on stdout')
    .option('--junit <file>', 'also write the outcome as JUnit XML, for CI')
    .option('--no-explain', 'do not explain the rows that differ')
    .action(async (files: readonly string[], flags: Flags) => {
      const outcomes = await ranTests(readTestFiles(files), flags)
      if (flags.junit !== undefined) await writeFile(flags.junit, junitXml(outcomes))
      if (flags.json === true) {
        const all = outcomes.map(({ file, tests }) => ({ file, tests: tests.map(outcomeJson) }))
        console.log(JSON.stringify(all, null, 2))
      }
      const all = outcomes.flatMap(({ tests }) => tests)
      const failed = all.filter((test) => !hasPassed(test)).length
      const summary = `${countText(all.length - failed)} passed, ${countText(failed)} failed`
      if (flags.json !== true) console.log(styled(summary, failed === 0 ? 'green' : 'red', stdoutNow().color))
      process.exitCode = failed === 0 ? EXIT.ok : EXIT.differences
    })

/** Runs tests and prints what came of each, unless `json` is set. */
export const ranTests = async (
  read: readonly ProfileTestFile[],
  { json, explain }: Pick<Flags, 'json' | 'explain'>,
): Promise<readonly FileOutcome[]> => {
  const output = stdoutNow()
  const outcomes: FileOutcome[] = []
  for (const { file, tests } of read) {
    if (json !== true) console.log(styled(printable(file), 'bold', output.color))
    const done: TestOutcome[] = []
    for (const test of tests) {
      const outcome = await runProfileTest(test, new AbortController().signal)
      done.push(outcome)
      if (json === true) continue
      const { zone } = test.profile
      for (const line of outcomeLines(outcome, { zone, output, explains: explain !== false })) console.log(line)
    }
    outcomes.push({ file, tests: done })
  }
  return outcomes
}

/** Says what is wrong with all files before a test is run. Throws `ConfigError`. */
export const readTestFiles = (files: readonly string[]): readonly ProfileTestFile[] => {
  const problems: string[] = []
  const read = files.flatMap((file) => {
    try {
      return [readProfileTests(file)]
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause
      problems.push(printableLines(cause.message))
      return []
    }
  })
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return read
}

type Print = Readonly<{ zone: Zone; output: Output; explains: boolean }>

const outcomeLines = (outcome: TestOutcome, { zone, output, explains }: Print): readonly string[] => {
  const { name, failures, unusable } = outcome
  const mark = hasPassed(outcome) ? styled('✓', 'green', output.color) : styled('✗', 'red', output.color)
  return [
    `  ${mark} ${printable(name)}`,
    ...unusable.map((why) => `      given event cannot be used: ${printable(why)}`),
    ...failures.flatMap(({ place, mismatch, explanation }) => [
      `      ${place}: ${mismatchLines(mismatch).map(printable).join('\n        ')}`,
      ...(explanation === undefined || !explains
        ? []
        : indented(explanationText(explanation, { output: narrowed(output), zone, limit: POINTS_MAX }))),
    ]),
  ]
}

const INDENT = 10

const narrowed = (output: Output): Output => ({
  ...output,
  width: output.width === undefined ? undefined : Math.max(40, output.width - INDENT),
})

const indented = (text: string): readonly string[] =>
  ['', ...text.split('\n'), ''].map((line) => (line === '' ? '' : `${' '.repeat(INDENT)}${line}`))
