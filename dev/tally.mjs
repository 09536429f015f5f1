// @ts-check

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 * @typedef {{ name?: string, status: string, assertionResults: readonly { status: string, ancestorTitles?: readonly string[] }[] }} TestFile
 */

/**
 * Counts test cases in the report of vitest's JSON reporter. A file that could not be loaded counts as one failure. A
 * run that ended badly without naming a failed test (an unhandled error, a set-up that threw, no report at all) counts
 * as one too, and so does a run in which no test ran.
 * @param {{ testResults: readonly TestFile[] } | undefined} report @param {number} exitCode @returns {Tally}
 */
export const tallyOf = (report, exitCode) => {
  const files = report?.testResults ?? []
  const cases = files.flatMap(({ assertionResults }) => assertionResults)
  const passed = cases.filter(({ status }) => status === 'passed').length
  const failedCases = cases.filter(({ status }) => status === 'failed').length
  const failedFiles = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length
  const failed = failedCases + failedFiles
  const unnamed = failed === 0 && (exitCode !== 0 || passed === 0) ? 1 : 0
  return { passed, failed: failed + unnamed, skipped: cases.length - passed - failedCases }
}

/** The closing line. @param {Tally} tally */
export const tallyLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/**
 * What was skipped, a line for each suite: its file, its title (which says why) and how many test cases it stands for.
 * @param {{ testResults: readonly TestFile[] } | undefined} report @param {string} root @returns {readonly string[]}
 */
export const skippedLines = (report, root) => {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { name = '', assertionResults } of report?.testResults ?? [])
    for (const { status, ancestorTitles = [] } of assertionResults) {
      if (status === 'passed' || status === 'failed') continue
      const line = `${name.startsWith(root) ? name.slice(root.length + 1) : name}: ${ancestorTitles[0] ?? 'a test'}`
      counts.set(line, (counts.get(line) ?? 0) + 1)
    }
  return [...counts].map(([line, count]) => `skipped ${count} in ${line}`)
}
