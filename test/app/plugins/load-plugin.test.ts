import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../../src/app/config/load.js'
import { sinkSettings } from '../../../src/app/config/sinks/egress-sinks.js'
import { loadPlugin } from '../../../src/app/plugins/load-plugin.js'
import { fileOfPackage } from '../../../src/app/plugins/resolve-package.js'

/** A folder with these files. */
const folderOf = (files: Readonly<Record<string, string | object>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'streamvane-packages-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

const PLUGIN = `export const sink = {
  port: 1,
  settings: { '~standard': { version: 1, vendor: 'us', validate: (value) =>
    value.url === undefined ? { issues: [{ message: 'say where', path: ['url'] }] } : { value } } },
  place: ({ url }) => url,
  open: () => { throw new Error('not opened here') },
}`
const installed = (code: string, manifest: object = { exports: './index.js' }) =>
  folderOf({
    'node_modules/@acme/our-sink/package.json': { name: '@acme/our-sink', type: 'module', ...manifest },
    'node_modules/@acme/our-sink/index.js': code,
  })
const entry = (given: Readonly<Record<string, unknown>> = { url: 'https://a' }, use = '@acme/our-sink') => ({
  path: 'egress.sinks.0',
  use,
  given,
})

describe('a package that the configuration names', () => {
  test('is loaded from where the process works, with the settings that its schema reads', async () => {
    const { plugin, settings } = await loadPlugin('sink', entry(), installed(PLUGIN))
    expect(settings).toEqual({ url: 'https://a' })
    expect(plugin.place(settings)).toBe('https://a')
  })

  test('may be a file beside the configuration', async () => {
    const folder = folderOf({ 'package.json': { type: 'module' }, 'our/sink.js': PLUGIN })
    expect((await loadPlugin('sink', entry(undefined, './our/sink.js'), folder)).settings).toEqual({ url: 'https://a' })
  })

  test.each<readonly [string, string, RegExp]>([
    [
      'exports nothing of the kind',
      'export const source = 1',
      /@acme\/our-sink exports no sink; it exports source: .*docs\/plugins\.md/,
    ],
    ['exports nothing at all', '', /exports no sink; it exports nothing/],
    [
      'is for an older port',
      PLUGIN.replace('port: 1', 'port: 0'),
      /version 0 of the ports.* has version 1: install a version of the package/,
    ],
    ['is for a newer port', PLUGIN.replace('port: 1', 'port: 2'), /version 2 of the ports.*install a newer Streamvane/],
    ['lacks open', PLUGIN.replace('open:', 'opens:'), /its sink has no open/],
    ['has no schema', PLUGIN.replace("'~standard'", 'other'), /has no settings \(a Standard Schema\)/],
    ['throws when it is loaded', 'throw new Error("no licence")', /cannot be loaded: no licence/],
  ])('that %s is refused with what to do', async (_, code, message) => {
    await expect(loadPlugin('sink', entry(), installed(code))).rejects.toThrow(message)
  })

  test('that is not installed is refused with the command that installs it, and where', async () => {
    const folder = folderOf({})
    await expect(loadPlugin('sink', entry(), folder)).rejects.toThrow(`run npm install @acme/our-sink in ${folder}`)
    await expect(loadPlugin('sink', entry(undefined, 'npm:our-sink'), folder)).rejects.toThrow(
      'npm install our-sink in',
    )
    await expect(loadPlugin('sink', entry(undefined, './our.js'), folder)).rejects.toThrow('./our.js is not there')
  })

  test('has its faulty settings told with their path', async () => {
    await expect(loadPlugin('sink', entry({}), installed(PLUGIN))).rejects.toThrow('egress.sinks.0.url: say where')
  })
})

describe('where a package is found', () => {
  test.each<readonly [string, object]>([
    ['a text', { exports: './index.js' }],
    ['conditions', { exports: { types: './index.d.ts', import: './index.js' } }],
    ['nested conditions of the main entry', { exports: { '.': { node: { import: './index.js' } } } }],
    ['main', { main: './index.js' }],
    ['nothing', {}],
  ])('by exports or main: %s', (_, manifest) => {
    const folder = installed(PLUGIN, manifest)
    expect(fileOfPackage('@acme/our-sink', folder)).toBe(join(folder, 'node_modules/@acme/our-sink/index.js'))
  })

  test('in a folder above as well, and never where exports hide it', () => {
    const folder = installed(PLUGIN)
    expect(fileOfPackage('@acme/our-sink', join(folder, 'a/b'))).toBe(
      join(folder, 'node_modules/@acme/our-sink/index.js'),
    )
    expect(fileOfPackage('@acme/our-sink/index.js', folder)).toBeUndefined()
  })
})

test('the entry of a package keeps what every sink says to itself, and passes the rest on', () => {
  const sinks = [{ name: 'ours', use: '@acme/our-sink', families: ['queue'], url: 'https://a' }]
  expect(sinkSettings(loadConfig({ flags: { egress: { sinks } } }).egress)).toEqual([
    {
      ...{ name: 'ours', use: '@acme/our-sink', path: 'egress.sinks.0', settings: { url: 'https://a' } },
      ...{ filter: { families: ['queue'] }, cadence: { kind: 'streaming' } },
    },
  ])
})
