import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/**
 * Prints the packages whose CommonJS modules a process has loaded: once it has read a configuration without any text,
 * and once it has read one from the environment.
 */
const SCRIPT = `
const { loadConfig } = await import('./src/app/config/load.ts')
const { default: Module } = await import('node:module')
const packages = () => [
  ...new Set(Object.keys(Module._cache).map((file) => /node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(file)?.[1])),
]
loadConfig({ flags: { data: 'elsewhere' } })
const without = packages()
loadConfig({ env: { STREAMVANE_TENANT: 'acme' } })
console.log(JSON.stringify([without, packages()]))
`

test('reading the configuration, which every command does, loads no client of a source or sink', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    SCRIPT,
  ])
  const [without = [], loaded = []] = JSON.parse(stdout) as readonly (readonly (string | null)[])[]
  expect(loaded).toContain('yaml')
  expect(loaded).not.toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^(kafkajs|undici|amqplib|rhea|pg|ws|ssh2|@aws-sdk|@azure|@smithy|@opentelemetry)/),
    ]),
  )
  for (const left of ['yaml', 'fp-ts', 'lmdb']) expect(without).not.toContain(left)
})
