import { ESLint } from 'eslint'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { checkLayering } from '../dev/layering.mjs'

const ROOT = join(import.meta.dirname, '..')
const LIMIT_MS = 120_000

/** A tree in which every import goes the allowed way, one file a room. */
const CLEAN: Readonly<Record<string, string>> = {
  'src/domain/cell.ts': "import * as E from 'fp-ts/lib/Either.js'\nexport const cell = E.right(1)\n",
  'src/projections/fold.ts': "import { cell } from '../domain/cell.js'\nexport const fold = () => cell\n",
  'src/log/log.ts':
    "import { readFileSync } from 'node:fs'\nimport { cell } from '../domain/cell.js'\nexport const log = [readFileSync, cell]\n",
  'src/simulator/centre.ts': "import { cell } from '../domain/cell.js'\nexport const centre = [cell]\n",
  'src/audit/tree.ts':
    "import { createHash } from 'node:crypto'\nimport { log } from '../log/log.js'\nexport const tree = [createHash, log]\n",
  'src/contract/codec.ts':
    "import { cell } from '../domain/cell.js'\nimport { log } from '../log/log.js'\nexport const codec = [cell, log]\n",
  'src/ingress/source.ts': "import { log } from '../log/log.js'\nexport const source = [log]\n",
  'src/egress/sink.ts':
    "import { codec } from '../contract/codec.js'\nimport { log } from '../log/log.js'\nexport const sink = [codec, log]\n",
  'src/app/run.ts':
    "import { sink } from '../egress/sink.js'\nimport { source } from '../ingress/source.js'\nimport { fold } from '../projections/fold.js'\nexport const run = [sink, source, fold]\n",
  'src/http/server.ts': "import { run } from '../app/run.js'\nexport const server = [run]\n",
  'src/cli/main.ts': "import { server } from '../http/server.js'\nexport const main = [server]\n",
  'test/given.ts': 'export const given = 1\n',
  'bench/bench.ts': 'export const bench = 1\n',
}

const trees: string[] = []

/** The clean tree with some files added or replaced, set up like the project itself. */
const tree = (planted: Readonly<Record<string, string>> = {}): string => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'streamvane-layering-')))
  trees.push(root)
  for (const [path, text] of Object.entries({ ...CLEAN, ...planted })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  copyFileSync(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'))
  copyFileSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'dir')
  return root
}

afterEach(() => {
  for (const root of trees.splice(0)) rmSync(root, { recursive: true, force: true })
})

describe('the layering check', () => {
  test('passes a clean tree, having read every file and its imports', { timeout: LIMIT_MS }, async () => {
    expect(await checkLayering(tree())).toEqual({ modules: 11, imports: 17, violations: [] })
  })

  test('reads the modules of this project', { timeout: LIMIT_MS }, async () => {
    const { modules, imports } = await checkLayering(ROOT)
    expect(modules).toBeGreaterThan(8)
    expect(imports).toBeGreaterThan(modules)
  })

  test.each([
    ['domain', 'src/domain/bad.ts', "import { run } from '../app/run.js'\nexport const bad = run\n", 'room-domain'],
    [
      'domain, for a type',
      'src/domain/bad.ts',
      "import type { run } from '../app/run.js'\nexport type Bad = typeof run\n",
      'room-domain',
    ],
    [
      'domain, of a package',
      'src/domain/bad.ts',
      "import { produce } from 'immer'\nexport const bad = produce\n",
      'room-domain',
    ],
    [
      'projections, of node',
      'src/projections/bad.ts',
      "import { readFileSync } from 'node:fs'\nexport const bad = readFileSync\n",
      'room-projections',
    ],
    [
      'projections, of the log',
      'src/projections/bad.ts',
      "import { log } from '../log/log.js'\nexport const bad = log\n",
      'room-projections',
    ],
    [
      'ingress, of egress',
      'src/ingress/bad.ts',
      "import { sink } from '../egress/sink.js'\nexport const bad = sink\n",
      'room-ingress',
    ],
    [
      'egress, of ingress',
      'src/egress/bad.ts',
      "import { source } from '../ingress/source.js'\nexport const bad = source\n",
      'room-egress',
    ],
    [
      'egress, of the fold',
      'src/egress/bad.ts',
      "import { fold } from '../projections/fold.js'\nexport const bad = fold\n",
      'room-egress',
    ],
    [
      'audit, of files',
      'src/audit/bad.ts',
      "import { readFileSync } from 'node:fs'\nexport const bad = readFileSync\n",
      'room-audit',
    ],
    [
      'audit, of contract',
      'src/audit/bad.ts',
      "import { codec } from '../contract/codec.js'\nexport const bad = codec\n",
      'room-audit',
    ],
    [
      'contract, of egress',
      'src/contract/bad.ts',
      "import { sink } from '../egress/sink.js'\nexport const bad = sink\n",
      'room-contract',
    ],
    [
      'console, of http by value',
      'src/console/bad.ts',
      "import { server } from '../http/server.js'\nexport const bad = server\n",
      'room-console-types',
    ],
    [
      'console, of node, in TSX',
      'src/console/bad.tsx',
      "import { readFileSync } from 'node:fs'\nexport const Bad = () => <p>{String(readFileSync)}</p>\n",
      'room-console',
    ],
    [
      'simulator, of ingress',
      'src/simulator/bad.ts',
      "import { source } from '../ingress/source.js'\nexport const bad = source\n",
      'room-simulator',
    ],
    [
      'log, of contract',
      'src/log/bad.ts',
      "import { codec } from '../contract/codec.js'\nexport const bad = codec\n",
      'room-log',
    ],
    [
      'ingress, of the simulator',
      'src/ingress/bad.ts',
      "import { centre } from '../simulator/centre.js'\nexport const bad = centre\n",
      'room-ingress',
    ],
    [
      'app, of http',
      'src/app/bad.ts',
      "import { server } from '../http/server.js'\nexport const bad = server\n",
      'room-app',
    ],
    [
      'log, of audit',
      'src/log/bad.ts',
      "import { tree } from '../audit/tree.js'\nexport const bad = tree\n",
      'room-log',
    ],
    [
      'http, of the commands',
      'src/http/bad.ts',
      "import { main } from '../cli/main.js'\nexport const bad = main\n",
      'room-http',
    ],
    [
      'the product, of tests',
      'src/app/bad.ts',
      "import { given } from '../../test/given.js'\nexport const bad = given\n",
      'product-stands-alone',
    ],
    [
      'the product, of benches',
      'src/app/bad.ts',
      "import { bench } from '../../bench/bench.js'\nexport const bad = bench\n",
      'product-stands-alone',
    ],
    [
      'the product, of a tool',
      'src/app/bad.ts',
      "import fc from 'fast-check'\nexport const bad = fc\n",
      'no-dev-dependency',
    ],
    [
      'a file in no room',
      'src/helpers/bad.ts',
      "import { cell } from '../domain/cell.js'\nexport const bad = cell\n",
      'no-homeless-file',
    ],
    [
      'a cycle',
      'src/domain/cell.ts',
      "import { other } from './other.js'\nexport const cell = () => other\n",
      'no-cycle',
    ],
    [
      'a missing file',
      'src/app/bad.ts',
      "import { gone } from '../domain/gone.js'\nexport const bad = gone as unknown\n",
      'resolvable',
    ],
  ])('refuses a planted import: %s', { timeout: LIMIT_MS }, async (_what, path, text, rule) => {
    const back = "import { cell } from './cell.js'\nexport const other = () => cell\n"
    const { violations } = await checkLayering(
      tree({ [path]: text, ...(rule === 'no-cycle' ? { 'src/domain/other.ts': back } : {}) }),
    )
    expect(violations.join('\n')).toContain(`${rule}: src/`)
    expect(violations.every((violation) => violation.startsWith(rule))).toBe(true)
  })

  test('refuses a tree in which it finds nothing to look at', { timeout: LIMIT_MS }, async () => {
    const root = tree()
    rmSync(join(root, 'src'), { recursive: true })
    mkdirSync(join(root, 'src'))
    expect((await checkLayering(root)).violations).toEqual(['looked-at-nothing: 0 of 0 files were read'])
  })
})

describe('the lint', () => {
  const IMPURE = {
    clock: 'export const bad = () => Date.now()\n',
    'new Date': 'export const bad = () => new Date()\n',
    random: 'export const bad = () => Math.random()\n',
    environment: "export const bad = () => process.env['HOME']\n",
    timer: 'export const bad = (f: () => void) => setTimeout(f, 1)\n',
    'local zone': 'export const bad = (at: Date) => at.getHours()\n',
    locale: 'export const bad = (a: string, b: string) => a.localeCompare(b)\n',
  }
  const PURE = 'export const good = (ms: number) => new Date(ms).toISOString()\n'
  const complaints = async (planted: Record<string, string>): Promise<ReadonlyMap<string, readonly string[]>> => {
    const root = tree(planted)
    const eslint = new ESLint({ cwd: root, overrideConfigFile: join(ROOT, 'eslint.config.js') })
    const results = await eslint.lintFiles(Object.keys(planted))
    return new Map(
      results.map(({ filePath, messages }) => [
        filePath.slice(root.length + 1),
        messages.map(({ ruleId, message }) => ruleId ?? message),
      ]),
    )
  }

  test.each(['domain', 'projections', 'audit'])(
    'refuses clocks, random, environment and zones in %s',
    { timeout: LIMIT_MS },
    async (room) => {
      const bad = Object.entries(IMPURE).map(
        ([name, text]) => [`src/${room}/${name.replace(' ', '-')}.ts`, text] as const,
      )
      const found = await complaints({ ...Object.fromEntries(bad), [`src/${room}/pure.ts`]: PURE })
      for (const [path] of bad)
        expect([path, found.get(path)]).toEqual([path, [expect.stringMatching(/^no-restricted-/)]])
      expect(found.get(`src/${room}/pure.ts`)).toEqual([])
    },
  )

  test('lets the outer rooms have a clock, and sees types everywhere', { timeout: LIMIT_MS }, async () => {
    const found = await complaints({
      'src/app/clock.ts': IMPURE.clock,
      'src/app/floating.ts': 'export const bad = (work: () => Promise<void>) => {\n  work()\n}\n',
    })
    expect(found.get('src/app/clock.ts')).toEqual([])
    expect(found.get('src/app/floating.ts')).toEqual(['@typescript-eslint/no-floating-promises'])
  })
})
