import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { adminCommand } from '../../src/cli/admin/admin.js'
import { acceptanceCommand } from '../../src/cli/acceptance/acceptance.js'
import { backupCommand, restoreCommand } from '../../src/cli/backup.js'
import { clockCommand } from '../../src/cli/clock.js'
import { completionCommand } from '../../src/cli/completion/completion.js'
import { consoleCommand } from '../../src/cli/console.js'
import { configCommand } from '../../src/cli/config/config.js'
import { genesysCommand } from '../../src/cli/genesys/genesys.js'
import { correctionsCommand } from '../../src/cli/corrections.js'
import { deadLetterCommand } from '../../src/cli/deadletter/deadletter.js'
import { doctorCommand } from '../../src/cli/doctor.js'
import { egressCommand } from '../../src/cli/egress.js'
import { auditCommand } from '../../src/cli/audit/audit.js'
import { eraseCommand } from '../../src/cli/erase.js'
import { explainCommand } from '../../src/cli/explain.js'
import { listCommand } from '../../src/cli/projections/list.js'
import { projectionsCommand } from '../../src/cli/projections/projections.js'
import { importCommand } from '../../src/cli/import.js'
import { feedsCommand } from '../../src/cli/feeds/feeds.js'
import { intervalsCommand } from '../../src/cli/intervals.js'
import { kpisCommand } from '../../src/cli/kpis.js'
import { logCommand } from '../../src/cli/log.js'
import { planCommand } from '../../src/cli/plan.js'
import { profileCommand } from '../../src/cli/profile.js'
import { rebuildCommand } from '../../src/cli/projections/rebuild.js'
import { reconcileCommand } from '../../src/cli/reconcile.js'
import { replayCommand } from '../../src/cli/replay.js'
import { rowsCommand } from '../../src/cli/rows.js'
import { runCommand } from '../../src/cli/run/run.js'
import { schemasCommand } from '../../src/cli/schemas.js'
import { simulateCommand } from '../../src/cli/simulate.js'
import { statusCommand } from '../../src/cli/status.js'
import { exportCommand } from '../../src/cli/export.js'
import { storeCommand } from '../../src/cli/store.js'
import { topicsCommand } from '../../src/cli/topics.js'
import { verifyCommand } from '../../src/cli/verify.js'
import { whatIfCommand } from '../../src/cli/what-if/what-if.js'
import type { summaries } from '../../src/cli/command/summaries.js'
import { exitCodeOf, wordsOf } from '../../src/cli/command/exit.js'
import { scratchFolder, streamvane, type Outcome } from '../support/streamvane.js'

const commands = {
  run: runCommand,
  import: importCommand,
  simulate: simulateCommand,
  status: statusCommand,
  doctor: doctorCommand,
  rows: rowsCommand,
  kpis: kpisCommand,
  schemas: schemasCommand,
  topics: topicsCommand,
  feeds: feedsCommand,
  egress: egressCommand,
  export: exportCommand,
  store: storeCommand,
  clock: clockCommand,
  log: logCommand,
  backup: backupCommand,
  restore: restoreCommand,
  rebuild: rebuildCommand,
  replay: replayCommand,
  generations: () => listCommand('generations'),
  projections: projectionsCommand,
  corrections: correctionsCommand,
  explain: explainCommand,
  intervals: intervalsCommand,
  verify: verifyCommand,
  'what-if': whatIfCommand,
  reconcile: reconcileCommand,
  acceptance: acceptanceCommand,
  deadletter: deadLetterCommand,
  audit: auditCommand,
  erase: eraseCommand,
  config: configCommand,
  console: consoleCommand,
  plan: planCommand,
  genesys: genesysCommand,
  admin: adminCommand,
  profile: profileCommand,
  completion: () => completionCommand({}),
} satisfies Record<keyof typeof summaries, unknown>

const allBelow = (command: Command): readonly Command[] =>
  command.commands.flatMap((below) => [below, ...allBelow(below)])

/** The names of a command without others below it, or of those below it. */
const leaves = (name: string, command: Command): readonly string[] =>
  command.commands.length === 0 ? [name] : command.commands.flatMap((below) => leaves(`${name} ${below.name()}`, below))

/** Runs a command in this process: a process of its own costs a second. For what ends before the log is opened. */
const tried = async (name: string, args: readonly string[]): Promise<Outcome> => {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const command = commands[name as keyof typeof commands]()
  for (const each of [command, ...allBelow(command)])
    each.configureOutput({ writeOut: (text) => void stdout.push(text), writeErr: (text) => void stderr.push(text) })
  const cause: unknown = await command.parseAsync([...args], { from: 'user' }).then(
    () => expect.fail('it went through'),
    (error: unknown) => error,
  )
  const words = wordsOf(cause)
  return {
    code: exitCodeOf(cause),
    stdout: stdout.join(''),
    stderr: `${stderr.join('')}${inspect(words ?? '')}`,
  }
}

describe('help', () => {
  test('of the program names every command and every exit code', async () => {
    const { code, stdout, stderr } = await streamvane(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const name of Object.keys(commands)) expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'))
    expect(stdout).toMatch(/0 done; 1 failed;\s2 wrong usage .*\s5 done/s)
  })

  test('of the program is printed without loading a command or what commands need', async () => {
    const loaded = async (file: string): Promise<readonly string[]> => {
      const text = await readFile(join(import.meta.dirname, '../../src/cli', file), 'utf8')
      return [...text.matchAll(/^import (?!type )[^;]*? from '([^']+)'/gm)].map(([, module = '']) => module)
    }
    const own = [
      'main.ts',
      'command/end-at-last.ts',
      'command/exit.ts',
      'command/summaries.ts',
      'version.ts',
      '../log/kept-out.ts',
    ]
    const modules = (await Promise.all(own.map(loaded))).flat()
    expect(modules).toContain('commander')
    expect(
      modules.filter(
        (module) =>
          !/^(commander|node:fs|node:module|\.\/(command\/(end-at-last|exit|summaries)|version)\.js|\.\.\/\.\.\/log\/kept-out\.js)$/.test(
            module,
          ),
      ),
    ).toEqual([])
  })

  test('is found under "help <command>" too, and --version prints the version of the package', async () => {
    expect(await streamvane(['help', 'rows'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('streamvane rows --family queue') as string,
    })
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string
    }
    expect(await streamvane(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  const withExamples = Object.entries(commands).flatMap(([name, make]) => leaves(name, make()))
  test.each(withExamples)('of %s ends with examples', async (name) => {
    const [command = '', ...below] = name.split(' ')
    const { code, stdout } = await tried(command, [...below, '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`Examples:\\n(.*\\n)*? {2}\\$ .*streamvane ${name}`))
    for (const option of ['--config', '--data', '--tenant', '--log-level']) expect(stdout).toContain(option)
  })
})

describe('wrong usage ends with code 2 and one or two lines that say what is wrong', () => {
  test.each([
    ['rows', [], /--family/],
    ['rows', ['--famly', 'queue'], /unknown option '--famly'\n\(Did you mean --family\?\)/],
    ['replay', ['--form=2026-01-05'], /unknown option '--form'\n\(Did you mean --from\?\)/],
    ['rows', ['--family', 'queue', '--from', '2026-01-06', '--to', '2026-01-05'], /is not before --to 2026-01-05/],
    ['corrections', ['--from', '2026-01-06', '--to', '2026-01-06'], /is not before --to 2026-01-06/],
    ['verify', ['--from', '2026-01-06', '--to', '2026-01-05'], /is not before/],
    ['verify', ['--sink', 'kafka'], /add --topic/],
    ['rows', ['--family', 'queue', '--known'], /add --as-of/],
    ['what-if', [], /nothing is supposed: give --profile FILE, --set path=value/],
    [
      'what-if',
      ['--set', 'durationMs=3', '--set', 'graceMs=x'],
      /serviceLevel\.durationMs\?.*--set graceMs=x: graceMs is/s,
    ],
    ['what-if', ['--set', 'graceMs=1', '--where', 'mediatype=voice'], /did you mean mediaType\?/],
    ['what-if', ['--set', 'graceMs=1', '--family', 'team'], /--family team is none of queue, agent/],
    ['what-if', ['--set', 'graceMs=1', '--zone', 'Europe/Berln'], /--zone: .*Europe\/Berlin/],
    ['reconcile', ['--aggregates', '-', '--from', '2026-01-06', '--to', '2026-01-05'], /is not before/],
    ['rows', ['--family', 'teapot'], /queue, agent, agent-state/],
    ['rows', ['--family', 'agent-state', '--queue', 'q'], /agent-state have no queueId/],
    ['rows', ['--family', 'queue', '--from', 'tomorrow'], /--from tomorrow is not an instant/],
    ['simulate', ['--agents', '0', '--out', '-'], /--agents 0 is not a whole number of at least 1/],
    ['simulate', ['--hours', 'many', '--out', '-'], /hours/],
    ['simulate', [], /--out FILE or --post URL/],
    ['run', ['--only', 'teapot'], /there is no such stage; there are ingress, projector, egress/],
    ['run', ['--only', 'ingress', '--until-caught-up'], /takes nothing in/],
    ['run', ['--port', 'high'], /ingress\.port/],
    ['run', ['--clock', 'sundial'], /clock\.mode/],
    ['replay', ['--from', '2026-01-06', '--to', '2026-01-05'], /is not before/],
    ['import', ['no-such-file.ndjson'], /cannot read no-such-file\.ndjson/],
    ['topics', ['apply'], /no broker is configured/],
    ['config', ['check', '--config', 'no-such-file.yaml'], /cannot read no-such-file\.yaml/],
  ])('%s %j', async (name, args, message) => {
    const { code, stdout, stderr } = await tried(name, args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ +at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test.each([
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['rows', '--family', 'queue', '--frobnicate'], /unknown option '--frobnicate'/],
    [['run', '--host', '0.0.0.0', '--port', '0'], /token/],
  ])('as a process: %j', async (args, message) => {
    const { code, stdout, stderr } = await streamvane(args, { env: { STREAMVANE_DATA: await scratchFolder() } })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ +at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('config check', () => {
  test('prints the merged configuration without secrets', async () => {
    const file = join(await scratchFolder(), 'streamvane.yaml')
    await writeFile(
      file,
      'tenant: from-file\ningress:\n  port: 1\n  token: a-token-of-sixteen-characters\nclock:\n  everyMs: 5000\n',
    )
    const { code, stdout, stderr } = await streamvane(
      ['config', 'check', '--json', '--config', file, '--tenant', 'from-flag'],
      {
        env: { STREAMVANE_INGRESS__PORT: '9000', KAFKA_BROKERS: 'a:1,b:2', SCHEMA_REGISTRY_URL: 'http://registry' },
      },
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      tenant: 'from-flag',
      ingress: { port: 9000, token: '***' },
      clock: { everyMs: 5000 },
      egress: { kafka: { brokers: ['a:1', 'b:2'], registry: { url: 'http://registry' } } },
    })
    expect(stdout + stderr).not.toContain('sixteen')
    expect(stderr).toContain('rows go to kafka')
  })

  test('refuses what run refuses: an ingress that other machines reach, without a token', async () => {
    const env = { STREAMVANE_INGRESS__HOST: '0.0.0.0', STREAMVANE_DATA: await scratchFolder() }
    const [checked, run] = await Promise.all([streamvane(['config', 'check'], { env }), streamvane(['run'], { env })])
    for (const { code, stdout, stderr } of [checked, run]) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('ingress.token: the ingress would listen on 0.0.0.0 without a token')
    }
  })

  test('reports every problem at once and ends with code 2', async () => {
    const { code, stdout, stderr } = await streamvane(['config', 'check'], {
      env: { STREAMVANE_INGRES__PORT: '9000', STREAMVANE_CLOCK__MODE: 'sundial', STREAMVANE_TENANT: 'Not A Tenant' },
    })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('3 problems')
    for (const problem of ['ingres', 'clock.mode', 'tenant']) expect(stderr).toContain(problem)
  })
})
