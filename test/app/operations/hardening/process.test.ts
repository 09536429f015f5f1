import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkFiles } from '../../../../src/app/operations/hardening/check-files.js'
import { checkEnvironment, checkPorts, checkProcess } from '../../../../src/app/operations/hardening/check-process.js'
import { endOf, isAt } from '../../../../src/app/operations/hardening/listening.js'
import { seeProcess, type ProcessSeen } from '../../../../src/app/operations/hardening/process-seen.js'
import { scratchFolder } from '../../../support/streamvane.js'

const sound: ProcessSeen = {
  ...{ pid: 1, userId: 65532, capabilities: 0n, args: ['node', 'main.js', 'run', '--token-file', '/run/token'] },
  variables: [{ name: 'STREAMVANE_HEALTH__PORT', isEmpty: false, hasCredentials: false }],
  listening: [{ address: '0.0.0.0', port: 8080 }],
}
const variable = (name: string, more: object = {}) => ({ name, isEmpty: false, hasCredentials: false, ...more })
const amissOf = (findings: readonly Readonly<{ state: string; says: string }>[]): readonly string[] =>
  findings.filter(({ state }) => state !== 'ok').map(({ state, says }) => `${state}: ${says}`)

describe('of a process', () => {
  test('nothing is found where nothing is wrong', () => {
    expect(amissOf([...checkProcess(sound), ...checkEnvironment(sound)])).toEqual([])
  })

  test.each<[string, Partial<ProcessSeen>, RegExp]>([
    ['root', { userId: 0 }, /^failure: the process runs as root/],
    ['capabilities', { capabilities: 0x400n }, /^failure: .*capabilities of root \(0x400\)/],
    ['an inspector', { args: ['node', '--inspect=0.0.0.0:9229', 'main.js'] }, /^failure: --inspect lets/],
    [
      'an inspector by a variable',
      { variables: [variable('NODE_OPTIONS', { value: '--max-semi-space-size=64 --inspect' })] },
      /^failure: --inspect lets/,
    ],
    [
      'a weaker TLS by a variable',
      { variables: [variable('NODE_OPTIONS', { value: '--tls-min-v1.0' })] },
      /^failure: --tls-min-v1\.0 weakens/,
    ],
    ['a token among the arguments', { args: ['node', 'main.js', '--token', 'abc'] }, /^failure: --token stands in/],
  ])('%s is found', (_title, planted, said) => {
    expect(amissOf(checkProcess({ ...sound, ...planted }))).toEqual([expect.stringMatching(said)])
  })

  test.each([
    [
      'a secret by its name',
      variable('STREAMVANE_INGRESS__TOKEN'),
      /^warning: STREAMVANE_INGRESS__TOKEN holds a secret/,
    ],
    ['the password of a reference', variable('ESDB_PASSWORD'), /^warning: ESDB_PASSWORD holds/],
    [
      'an address with a password',
      variable('EVENTSTOREDB_URL', { hasCredentials: true }),
      /^warning: EVENTSTOREDB_URL/,
    ],
    [
      'certificates that are not checked',
      variable('NODE_TLS_REJECT_UNAUTHORIZED', { value: '0' }),
      /^failure: no certificate of any other system/,
    ],
    ['printing of what is sent', variable('NODE_DEBUG', { value: 'http' }), /^warning: Node\.js prints/],
  ])('%s in its environment is found', (_title, planted, said) => {
    expect(amissOf(checkEnvironment({ ...sound, variables: [planted] }))).toEqual([expect.stringMatching(said)])
  })

  test('the place of a secret, and an empty variable, are no secrets', () => {
    const variables = [
      variable('AZURE_FEDERATED_TOKEN_FILE'),
      variable('AWS_ACCESS_KEY_ID'),
      variable('STREAMVANE_INGRESS__TOKEN', { isEmpty: true }),
      variable('STREAMVANE_INGRESS__TOKEN_HEADER'),
    ]
    expect(amissOf(checkEnvironment({ ...sound, variables }))).toEqual([])
  })

  test('a port that no setting names is found, and one that is configured and does not listen', () => {
    const expected = [{ endpoint: 'ingress', host: '0.0.0.0', port: 8080 }]
    expect(amissOf(checkPorts(sound, expected))).toEqual([])
    const listening = [...sound.listening, { address: '127.0.0.1', port: 9229 }]
    expect(amissOf(checkPorts({ ...sound, listening }, expected))).toEqual([
      'failure: it listens at 127.0.0.1, port 9229: no setting says so',
    ])
    // The configuration says this machine alone.
    expect(amissOf(checkPorts(sound, [{ endpoint: 'ingress', host: '127.0.0.1', port: 8080 }]))).toHaveLength(2)
    expect(amissOf(checkPorts({ ...sound, listening: [] }, expected))).toEqual([
      'warning: it does not listen at 0.0.0.0, port 8080, as configured',
    ])
  })
})

test.skipIf(process.platform !== 'linux')(
  'a process is seen as it is, without the values of its variables',
  async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const seen = await seeProcess(process.pid)
    expect(seen.userId).toBe(process.geteuid?.())
    expect(seen.listening).toContainEqual({ address: '127.0.0.1', port })
    const shown = seen.variables.filter(({ value }) => value !== undefined).map(({ name }) => name)
    expect(['NODE_OPTIONS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_DEBUG']).toEqual(expect.arrayContaining(shown))
    await expect(seeProcess(2 ** 30)).rejects.toThrow(/ENOENT/)
  },
)

test.each([
  ['0100007F:1F90', { address: '127.0.0.1', port: 8080 }],
  ['00000000:0050', { address: '0.0.0.0', port: 80 }],
  ['00000000000000000000000001000000:1F90', { address: '::1', port: 8080 }],
  ['00000000000000000000000000000000:1F90', { address: '::', port: 8080 }],
])('%s is an end of a connection as Linux writes it', (text, end) => {
  expect(endOf(text)).toEqual(end)
})

test('a name may lead to any address, and localhost to those of this machine', () => {
  expect([isAt('0.0.0.0', '0.0.0.0'), isAt('[::1]', '::1'), isAt('sv.example', '10.0.0.1')]).toEqual([true, true, true])
  expect([isAt('localhost', '::1'), isAt('localhost', '0.0.0.0'), isAt('127.0.0.1', '0.0.0.0')]).toEqual([
    ...[true, false, false],
  ])
})

describe('of the data folder', () => {
  const made = async (mode: number) => {
    const folder = join(await scratchFolder(), 'data')
    await mkdir(join(folder, 'log'), { recursive: true })
    await writeFile(join(folder, 'log', 'data.mdb'), 'personal data')
    await chmod(join(folder, 'log', 'data.mdb'), 0o644)
    await chmod(join(folder, 'log'), 0o755)
    await chmod(folder, mode)
    return folder
  }

  test('nothing is found where nobody else can enter it', async () => {
    expect(amissOf(await checkFiles(await made(0o700), []))).toEqual([])
  })

  test('what every user can reach is found, whether by the group too or not', async () => {
    const folder = await made(0o755)
    const file = join(folder, 'log', 'data.mdb')
    const [failure, warning] = amissOf(await checkFiles(folder, []))
    expect(failure).toBe(
      `failure: ${folder}, ${join(folder, 'log')}, ${file} can be reached by every user of this machine`,
    )
    expect(warning).toMatch(/^warning: .* by their group/)
    await chmod(join(folder, 'log'), 0o750)
    expect(amissOf(await checkFiles(folder, []))[0]).toBe(
      `failure: ${folder} can be reached by every user of this machine`,
    )
  })

  test('a private key that every user can read is found', async () => {
    const folder = await made(0o700)
    const key = join(await scratchFolder(), 'tls.key')
    await writeFile(key, 'key')
    await chmod(key, 0o644)
    expect(amissOf(await checkFiles(folder, [key]))).toEqual([
      expect.stringContaining(`${key} can be reached by every`),
    ])
    await chmod(key, 0o440)
    await symlink(key, `${key}.link`)
    expect(amissOf(await checkFiles(folder, [key, `${key}.link`]))).toEqual([])
  })

  test('a folder that is not there has nothing to find', async () => {
    expect(amissOf(await checkFiles('/nowhere/data', ['/nowhere/key']))).toEqual([])
  })
})
