import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importCommand } from '../../src/cli/import.js'
import { runCommand } from '../../src/cli/run/run.js'
import { simulate } from '../../src/simulator/simulate.js'
import { inProcess } from '../support/in-process.js'
import { scratchFolder, streamvane, type Outcome } from '../support/streamvane.js'

const HOOK = pathToFileURL(join(import.meta.dirname, '../support/command/loaded-modules-hook.mjs')).href

type Loaded = Readonly<{ packages: readonly string[]; own: readonly string[] }>

/** Runs a command to its end, and tells which packages and which modules of ours (`cli/rows`) it has loaded. */
const loadedBy = async (
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Readonly<{ outcome: Outcome }> & Loaded> => {
  const file = join(await scratchFolder(), 'modules.txt')
  const env = { ...more, NODE_OPTIONS: `--import ${HOOK}`, LOADED_MODULES_FILE: file }
  const outcome = await streamvane(args, { env })
  const urls = (await readFile(file, 'utf8')).split('\n')
  const found = (pattern: RegExp): readonly string[] => [
    ...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? [])),
  ]
  return {
    outcome,
    packages: found(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/),
    own: found(/^(?!.*node_modules).*\/src\/(.+)\.[jt]s/),
  }
}

/** A list in which something matches. */
const among = (pattern: RegExp): unknown => expect.arrayContaining([expect.stringMatching(pattern)])

describe('rows of one interval', () => {
  let folder = ''
  let data = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'streamvane-loaded-'))
    data = join(folder, 'data')
    const events = join(folder, 'events.ndjson')
    const simulation = simulate({ seed: 4, fromMs: Date.UTC(2026, 0, 5, 6), hours: 1, queues: 2, agents: 6 })
    await writeFile(events, [...simulation].map(({ line }) => `${line}\n`).join(''))
    const quiet = ['--data', data, '--log-level', 'silent']
    expect(await inProcess(importCommand(), [events, ...quiet])).toMatchObject({ code: 0 })
    expect(await inProcess(runCommand(), ['--until-caught-up', ...quiet])).toMatchObject({ code: 0 })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const rows = ['rows', '--family', 'queue', '--from', '2026-01-05T06:00:00Z', '--to', '2026-01-05T06:15:00Z']

  test('as JSON load what reads them, and no table, logger, YAML, vault, writer or client', async () => {
    const { outcome, packages, own } = await loadedBy([...rows, '--json', '--data', data])
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout.split('\n').length).toBeGreaterThan(1)
    expect(packages).toEqual(expect.arrayContaining(['commander', 'lmdb', 'lz4-napi', 'zod']))
    for (const left of ['avsc', 'fp-ts', 'pino', 'string-width', 'yaml', 'undici', 'kafkajs', 'prom-client', 'pg'])
      expect(packages).not.toContain(left)
    expect(packages).not.toEqual(among(/^@(opentelemetry|aws-sdk|azure|smithy)/))
    expect(own).toEqual(expect.arrayContaining(['cli/rows', 'log/embedded/log', 'credentials/vaults/vaults']))
    expect(own).not.toEqual(among(/^cli\/(command\/(table|figures)|rows\/print-table)$/))
    expect(own).not.toEqual(among(/^credentials\/(vaults\/(key-vault|secret-manager|secrets-manager)|entra-id)$/))
    expect(own).not.toEqual(among(/^log\/embedded\/write\//))
    expect(own).not.toEqual(among(/^(azure|http|ingress\/decode|projections|simulator)\//))
    expect(own).not.toEqual(among(/^egress\/.*\/(sink|store|destination)$/))
  })

  test('as a table load the width of characters, but no logger and no YAML either', async () => {
    const { outcome, packages, own } = await loadedBy([...rows, '--data', data])
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(packages).toContain('string-width')
    expect(own).toContain('cli/rows/print-table')
    for (const left of ['pino', 'yaml']) expect(packages).not.toContain(left)
  })

  test('by a configuration in a file load YAML, and the vault that a reference names', async () => {
    const config = join(await scratchFolder(), 'streamvane.yaml')
    await writeFile(config, 'telemetry: {}\n')
    expect((await loadedBy([...rows, '--json', '--data', data, '--config', config])).packages).toContain('yaml')
    const password = '{ keyvault: "http://127.0.0.1:1/secrets/token" }'
    const kafka = `{ brokers: ["127.0.0.1:1"], sasl: { mechanism: plain, username: me, password: ${password} } }`
    await writeFile(config, `egress: { kafka: ${kafka} }\n`)
    const identity = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' }
    const { own } = await loadedBy([...rows, '--json', '--data', data, '--config', config], {
      ...identity,
      AZURE_AUTHORITY_HOST: 'http://127.0.0.1:1',
    })
    expect(own).toContain('credentials/vaults/key-vault')
    expect(own).not.toEqual(among(/^credentials\/vaults\/(secret-manager|secrets-manager)$/))
  })
})
