// @ts-check
// `npm run check [-- --fix] [--no-tests]` runs format, lint, types, layering, dead code and the unit tests.
// Every step runs even after one has failed, so that one run reports all that is wrong.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ensureInstalled } from './install.mjs'

const root = join(import.meta.dirname, '..')
const fix = process.argv.includes('--fix')
ensureInstalled(root)

/** @param {string} name */
const bin = (name) => join(root, 'node_modules', '.bin', name)
const node = process.execPath
const eslint = [bin('eslint'), '.', '--max-warnings=0', '--cache', '--cache-location', 'node_modules/.cache/eslint/']

/** Steps of one wave run at the same time; the tests come last and have the machine to themselves. */
const waves = [
  [{ name: 'format', command: [bin('prettier'), fix ? '--write' : '--check', '--log-level=warn', '.'] }],
  [
    { name: 'lint', command: fix ? [...eslint, '--fix'] : eslint },
    { name: 'types', command: [bin('tsc'), '--noEmit', '-p', '.'] },
    { name: 'types of the console', command: [bin('tsc'), '--noEmit', '-p', 'src/console'] },
  ],
  [
    { name: 'layering', command: [node, 'dev/layering.mjs'] },
    { name: 'dead code', command: [bin('knip'), '--no-progress'] },
    { name: 'schemas', command: [bin('tsx'), 'src/cli/main.ts', 'schemas', 'check', '--no-registry'] },
  ],
  ...(process.argv.includes('--no-tests')
    ? []
    : [[{ name: 'unit tests', command: [node, 'dev/test.mjs', '--project', 'unit'] }]]),
]

/** @param {{ name: string, command: string[] }} step */
const run = async ({ name, command: [program = '', ...args] }) => {
  const startedAt = Date.now()
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  /** @type {string[]} */
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => output.push(text))
  const [code] = await once(child, 'close')
  const text = output.join('').trim()
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
  if (code !== 0) console.log(text.replace(/^/gm, '     '))
  else if (name === 'layering' || name === 'unit tests') console.log(`     ${text.split('\n').at(-1)}`)
  return code === 0
}

let allGood = true
for (const wave of waves) {
  for (const good of await Promise.all(wave.map(run))) allGood &&= good
}
process.exitCode = allGood ? 0 : 1
