// @ts-check

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 * @typedef {{ status: string, title?: string, ancestorTitles?: readonly string[], failureMessages?: readonly string[] }} TestCase
 * @typedef {{ name?: string, status: string, message?: string, assertionResults: readonly TestCase[] }} TestFile
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

/** @param {string} root @param {string} name */
const within = (root, name) => (name.startsWith(root) ? name.slice(root.length + 1) : name)

const MESSAGE_LENGTH = 1_500

/** The first lines of a message, indented. @param {string} text */
const shortened = (text) => text.slice(0, MESSAGE_LENGTH).trimEnd().split('\n').slice(0, 20).join('\n    ')

/**
 * What failed, once more in short at the end of the output, where whoever sees only the end finds it: file, titles and
 * the beginning of the message.
 * @param {{ testResults: readonly TestFile[] } | undefined} report @param {string} root @returns {readonly string[]}
 */
export const failedLines = (report, root) =>
  (report?.testResults ?? []).flatMap(({ name = '', status, message = '', assertionResults }) => {
    const cases = assertionResults.filter((each) => each.status === 'failed')
    if (cases.length === 0 && status === 'failed') return [`failed ${within(root, name)}\n    ${shortened(message)}`]
    return cases.map(({ ancestorTitles = [], title = '', failureMessages = [] }) => {
      const titles = [...ancestorTitles, title].join(' > ')
      return `failed ${within(root, name)}: ${titles}\n    ${shortened(failureMessages.join('\n'))}`
    })
  })

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
      const line = `${within(root, name)}: ${ancestorTitles[0] ?? 'a test'}`
      counts.set(line, (counts.get(line) ?? 0) + 1)
    }
  return [...counts].map(([line, count]) => `skipped ${count} in ${line}`)
}
