import { mismatchLines } from './mismatch-text.js'
import { hasPassed, type TestOutcome } from './run-tests.js'

export type FileOutcome = Readonly<{ file: string; tests: readonly TestOutcome[] }>

/** The outcomes as JUnit XML, which CI servers read: a suite for each file, a case for each test. */
export const junitXml = (files: readonly FileOutcome[]): string => {
  const all = files.flatMap(({ tests }) => tests)
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts(all)}>
${files.map(suite).join('\n')}
</testsuites>
`
}

const suite = ({ file, tests }: FileOutcome): string =>
  `  <testsuite name="${text(file)}" ${counts(tests)}>
${tests.map((test) => testCase(file, test)).join('\n')}
  </testsuite>`

const testCase = (file: string, test: TestOutcome): string => {
  const head = `    <testcase classname="${text(file)}" name="${text(test.name)}" time="${seconds(test.elapsedMs)}"`
  if (hasPassed(test)) return `${head}/>`
  const lines = failureLines(test)
  return `${head}>
      <failure message="${text(lines[0] ?? '')}">${text(lines.join('\n'))}</failure>
    </testcase>`
}

/** What failed, without explanations. */
const failureLines = ({ failures, unusable }: TestOutcome): readonly string[] => [
  ...unusable.map((why) => `given event cannot be used: ${why}`),
  ...failures.flatMap(({ place, mismatch }) => [place, ...mismatchLines(mismatch).map((line) => `  ${line}`)]),
]

const counts = (tests: readonly TestOutcome[]): string => {
  const failed = tests.filter((test) => !hasPassed(test)).length
  const elapsed = tests.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)
  return `tests="${tests.length}" failures="${failed}" errors="0" time="${seconds(elapsed)}"`
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3)

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no place for control characters, escaped or not. */
const text = (value: string): string =>
  value
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => escapes[character] as string)
