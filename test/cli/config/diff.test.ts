import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configCommand } from '../../../src/cli/config/config.js'
import { inProcess } from '../../support/in-process.js'
import { scratchFolder } from '../../support/streamvane.js'

const environments = async (files: Readonly<Record<string, string>>) => {
  const folder = await scratchFolder()
  await mkdir(join(folder, 'environments'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const base = join(folder, 'streamvane.yaml')
  const diff = (...args: readonly string[]) => inProcess(configCommand(), ['diff', ...args, '--config', base])
  return { folder, diff }
}

const FILES = {
  'streamvane.yaml': 'tenant: acme\ningress: { token: { env: COMMON_TOKEN } }\n',
  'environments/dev.yaml': 'profile: { zone: UTC }\ningress: { port: 9000 }\n',
  'environments/prod.yaml': 'profile: { zone: Europe/Berlin }\ningress: { token: { file: /run/secrets/token } }\n',
}

test('config diff compares two environments by name, ends with code 5, and shows no secret and no reference', async () => {
  const { diff } = await environments(FILES)
  const { code, stdout, stderr } = await diff('dev', 'prod')
  expect(code).toBe(5)
  expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'changes | setting | dev | prod | what',
    'figures | profile.zone | UTC | Europe/Berlin | when days begin',
    'plumbing | ingress.port | 9000 | 8080 | how events are taken in',
    'plumbing | ingress.token | *** | *** (another) | how events are taken in',
    '',
  ])
  expect(stderr).toBe('3 differ: 1 change figures, 2 only plumbing\n')
})

test('config diff ends with code 0 where both say the same, and --json names the files', async () => {
  const { folder, diff } = await environments(FILES)
  const { code, stdout } = await diff('dev', join(folder, 'environments/dev.yaml'), '--json')
  expect(code).toBe(0)
  const files = [join(folder, 'streamvane.yaml'), join(folder, 'environments/dev.yaml')]
  expect(JSON.parse(stdout)).toMatchObject({ old: { name: 'dev', files }, new: { files }, differences: [] })
})

test('config diff names the environments that there are where one is unknown, and what is wrong in a file', async () => {
  const { diff } = await environments({ ...FILES, 'environments/bad.yaml': 'ingres: {}\n' })
  const unknown = await diff('dev', 'pord')
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('there are bad, dev, prod') as string })
  expect(await diff('dev', 'bad')).toMatchObject({ code: 2, stderr: expect.stringContaining('ingres') as string })
})
