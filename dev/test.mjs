// @ts-check
// `npm test [-- vitest arguments]` installs what is missing, runs vitest, and closes with one plain line,
// `N passed, N failed`. `npm run test:eventstoredb` runs the adapter's tests on a real server, where one is named or
// Docker answers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled } from './install.mjs'
import { failedLines, skippedLines, tallyLine, tallyOf } from './tally.mjs'

const root = join(import.meta.dirname, '..')
ensureInstalled(root)

const folder = mkdtempSync(join(tmpdir(), 'streamvane-test-'))
const reportFile = join(folder, 'report.json')
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
const args = process.argv.slice(2)
const env = args.includes('eventstoredb') ? { ...process.env, STREAMVANE_REAL_EVENTSTOREDB: '1' } : process.env
const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: root, env, stdio: 'inherit' })
// Ctrl-C reaches vitest as well as us: let it stop its workers and tear down, and still count.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => void child.kill(signal))
const [code] = await once(child, 'exit')

const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : undefined
rmSync(folder, { recursive: true, force: true })
const tally = tallyOf(report, code ?? 1)
for (const line of [...skippedLines(report, root), ...failedLines(report, root)]) console.log(line)
console.log(tallyLine(tally))
process.exitCode = tally.failed > 0 ? 1 : 0
