import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import stringWidth from 'string-width'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { summaries } from '../../src/cli/command/summaries.js'
import { simulate } from '../../src/simulator/simulate.js'
import { inProcess } from '../support/in-process.js'
import { programCommands, type Make } from '../support/program-commands.js'
import { scratchFolder } from '../support/streamvane.js'

const commands = await programCommands()

const leavesOf = (path: string, command: Command): readonly string[] => [
  ...(command.commands.length === 0 || command.registeredArguments.length > 0 ? [path] : []),
  ...command.commands.flatMap((below) => leavesOf(`${path} ${below.name()}`, below)),
]
const leaves = [...commands].flatMap(([name, make]) => leavesOf(name, make()))

/** Arguments with which a command goes as far as it can without data. Without an entry: none. */
const enough: Readonly<Record<string, readonly string[]>> = {
  plan: ['--agents', '500', '--conversations-per-day', '15000'],
  rows: ['--family', 'queue'],
  replay: ['--from', '2026-01-05', '--to', '2026-01-06', '--dry-run'],
  explain: ['--family', 'queue', '--interval', '2026-01-05T06:00:00Z'],
  'what-if': ['--set', 'graceMs=0', '--from', '2026-01-05', '--to', '2026-01-06'],
  erase: ['--user', 'nobody'],
  'egress accept': ['progress-missing', '--why', 'test', '--dry-run'],
  'clock tick': ['--at', '2026-01-05'],
  'deadletter show': ['00000000-0000-0000-0000-000000000000'],
  'kpis describe': ['serviceLevel'],
  'schemas check': ['--no-registry'],
  'completion values': ['generation'],
  'feeds deliver': ['wfm', '--from', '2026-01-05', '--to', '2026-01-06', '--dry-run'],
  'feeds preview': ['wfm'],
  'feeds schema': ['wfm'],
}

/** These run until they are stopped, or write elsewhere. */
const leftOut = new Set(['run', 'simulate', 'audit keygen', 'admin token create', 'feeds token'])

const run = (path: string, args: readonly string[], width?: number) => {
  const [name = '', ...below] = path.split(' ')
  return inProcess((commands.get(name) as Make)(), [...below, ...args], width)
}

const overlong = (text: string): readonly string[] => text.split('\n').filter((line) => stringWidth(line) > 80)

/** A person can do something about it: it names an option, a key, a command, a file or a value. */
const USEFUL = /streamvane|--\w|[a-z]+\.[a-zA-Z]+|required|missing|there (is|are) |no /

test('every command of the program is tried here', () => {
  expect([...commands.keys()].sort()).toEqual(Object.keys(summaries).sort())
})

describe.each(leaves)('%s', (path) => {
  test('has a help that fits 80 columns, examples aside', async () => {
    const { code, stdout } = await run(path, ['--help'])
    expect(code).toBe(0)
    expect(overlong(stdout.split('\nExamples:')[0] ?? '')).toEqual([])
  })

  test('refuses an unknown option with code 2, a line and no stack', async () => {
    const { code, stdout, stderr } = await run(path, ['--frobnicate'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/unknown option '--frobnicate'/)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  test.skipIf(leftOut.has(path))('says in a fresh folder what to do, without a stack', async () => {
    const data = join(await scratchFolder(), 'data')
    const { code, stderr, stdout } = await run(path, [...(enough[path] ?? []), '--data', data, '--log-level', 'silent'])
    expect(stdout + stderr).not.toMatch(/^ +at |\[object Object\]|undefined/m)
    expect([0, 1, 2, 3, 4, 5]).toContain(code)
    if (code !== 0) expect(stdout + stderr).toMatch(USEFUL)
  })
})

describe('with data, on a terminal of 80 columns', () => {
  let data = ''
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamvane-every-command-'))
    data = join(folder, 'data')
    const events = join(folder, 'events.ndjson')
    const simulation = simulate({ seed: 4, fromMs: Date.UTC(2026, 0, 5, 6), hours: 1, queues: 3, agents: 9 })
    await writeFile(events, [...simulation].map(({ line }) => `${line}\n`).join(''))
    const quiet = ['--data', data, '--log-level', 'silent']
    expect(await run('import', [events, ...quiet])).toMatchObject({ code: 0 })
    expect(await run('run', ['--until-caught-up', ...quiet])).toMatchObject({ code: 0 })
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test.each([
    ['rows', ['--family', 'queue']],
    ['rows', ['--family', 'agent']],
    ['rows', ['--family', 'agent-state']],
    ['rows', ['--family', 'queue', '--columns', 'help']],
    ['intervals', []],
    ['generations', []],
    ['projections list', []],
    ['corrections', []],
    ['kpis list', ['--family', 'queue']],
    ['deadletter list', []],
    ['config list', []],
    ['clock show', []],
    ['audit log', []],
    ['plan', ['--agents', '500', '--conversations-per-day', '15000', '--disk', '200GiB']],
    ['status', []],
    ['doctor', ['--only', 'log', 'facts', 'snapshots', 'index', 'disk']],
  ])('%s %j prints no line that is wider', async (path, args) => {
    const { stdout, stderr } = await run(path, [...args, '--data', data], 80)
    expect(overlong(stdout.replaceAll(/\u001b\[[0-9;]*m/g, ''))).toEqual([])
    expect(stderr).not.toMatch(/^ +at /m)
  })
})

describe('with broker and registry away', () => {
  const config = async (): Promise<string> => {
    const file = join(await scratchFolder(), 'streamvane.yaml')
    await writeFile(file, 'egress: { kafka: { brokers: ["127.0.0.1:1"], registry: { url: "http://127.0.0.1:2" } } }\n')
    return file
  }

  test.each([
    ['topics apply', []],
    ['topics check', []],
    ['schemas check', []],
    ['schemas register', []],
    ['doctor', ['--only', 'broker', 'registry']],
    ['status', []],
  ])('%s %j says which address does not answer, without a stack', async (path, args) => {
    const file = await config()
    const data = join(await scratchFolder(), 'data')
    const { code, stdout, stderr } = await run(path, [
      ...args,
      '--config',
      file,
      '--data',
      data,
      '--log-level',
      'silent',
    ])
    expect([1, 4, 5]).toContain(code)
    expect(stdout + stderr).toMatch(/127\.0\.0\.1:[12]/)
    expect(stdout + stderr).not.toMatch(/^ +at /m)
  })
})

test('a fresh folder stays empty when it is only looked at', async () => {
  const data = await scratchFolder()
  for (const path of ['status', 'rows', 'intervals', 'generations', 'corrections', 'deadletter list', 'doctor'])
    await run(path, [...(enough[path] ?? []), '--data', data, '--log-level', 'silent'])
  expect(await readdir(data)).toEqual([])
})
