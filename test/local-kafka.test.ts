import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cached, cachedPath } from '../dev/local-kafka/cache.mjs'
import { KAFKA, REGISTRY } from '../dev/local-kafka/downloads.mjs'
import { findRuntime, startPieces } from '../dev/local-kafka/runtime.mjs'

let home: string

/** A machine on whose PATH there are just these programs, each a shell script. */
const machineWith = (programs: Readonly<Record<string, string>>): void => {
  const bin = join(home, 'bin')
  mkdirSync(bin, { recursive: true })
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  vi.stubEnv('PATH', bin)
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'streamvane-machine-'))
  vi.stubEnv('STREAMVANE_CACHE', join(home, 'cache'))
  for (const name of ['JAVA_HOME', 'KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL']) vi.stubEnv(name, undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true, force: true })
})

describe('where a broker comes from', () => {
  const engine = 'echo 28.0.1'
  const noEngine = 'echo "Cannot connect to the Docker daemon" >&2; exit 1'
  const java = (version: string) => `echo 'openjdk version "${version}"' >&2`
  const maven = 'echo Apache Maven'

  test('an address that was given comes first', async () => {
    machineWith({ docker: engine })
    vi.stubEnv('KAFKA_BROKERS', 'one:9092, two:9092')
    expect(await findRuntime()).toMatchObject({
      kind: 'external',
      brokers: ['one:9092', 'two:9092'],
      registryUrl: undefined,
    })
  })

  test('then a Docker engine that answers', async () => {
    machineWith({ docker: engine, java: java('17.0.1'), mvn: maven })
    expect(await findRuntime()).toEqual({ kind: 'docker', why: 'a Docker engine answers (28.0.1)' })
  })

  test('a Docker client without an engine or without compose is none', async () => {
    machineWith({ docker: noEngine, java: java('17.0.1'), mvn: maven })
    expect(await findRuntime()).toMatchObject({
      kind: 'maven',
      why: expect.stringContaining('no Docker engine answers'),
    })
    machineWith({ docker: `[ "$1" = info ] && ${engine}` })
    expect(await findRuntime()).toMatchObject({ kind: 'maven', why: expect.stringContaining('no compose plugin') })
  })

  test('Java and Maven say what they would download', async () => {
    machineWith({ java: java('21'), mvn: maven })
    expect(await findRuntime()).toMatchObject({ kind: 'maven', downloads: [KAFKA, REGISTRY] })
  })

  test('with everything in the cache Maven is not needed', async () => {
    machineWith({ java: java('17.0.1') })
    for (const { name } of [KAFKA, REGISTRY]) mkdirSync(cachedPath(name), { recursive: true })
    expect(await findRuntime()).toMatchObject({ kind: 'maven', downloads: [] })
  })

  test.each([
    [
      'nothing at all',
      {},
      ['KAFKA_BROKERS is not set', 'Docker is not installed', 'Java 17 is not installed', 'Maven is not installed'],
    ],
    ['an old Java', { java: java('11.0.2'), mvn: maven }, ['Java is 11, not 17 or later']],
    ['no Maven', { java: java('17.0.1') }, ['Maven is not installed and Apache Kafka']],
  ])('otherwise it says exactly what is missing: %s', async (_what, programs, reasons) => {
    machineWith(programs)
    const runtime = await findRuntime()
    expect(runtime.kind).toBe('none')
    for (const reason of reasons) expect(runtime.why).toContain(reason)
  })
})

describe('a broker that cannot be had after all', () => {
  const java = 'echo \'openjdk version "17.0.1"\' >&2'
  const hanging = 'if [ "$1" = -v ]; then echo Apache Maven; else exec sleep 600; fi'

  test('is told in one line when Maven finds no network, and is no error', async () => {
    machineWith({ java, mvn: 'if [ "$1" = -v ]; then echo Apache Maven; else echo "[ERROR] Unknown host"; exit 1; fi' })
    const started = await startPieces()
    expect(started).toMatchObject({ pieces: undefined, why: expect.stringContaining('mvn ended with code 1') })
    expect(started).toMatchObject({ why: expect.stringContaining('[ERROR] Unknown host') })
    expect(readdirSync(join(home, 'cache'))).toEqual([])
  })

  test('is told in one line when a download is too slow, and Maven is ended', async () => {
    const path = process.env['PATH'] ?? ''
    machineWith({ java, mvn: hanging })
    vi.stubEnv('PATH', `${join(home, 'bin')}:${path}`)
    vi.stubEnv('STREAMVANE_DOWNLOAD_LIMIT_S', '0.2')
    expect(await startPieces()).toMatchObject({
      pieces: undefined,
      why: expect.stringMatching(/Maven had not finished after 0.2 s \(STREAMVANE_DOWNLOAD_LIMIT_S\)$/),
    })
  })
})

describe('the download cache', () => {
  test('two that fill it at once both end with a whole folder, and nothing is left over', async () => {
    const fill = (content: string) => (draft: string) => writeFile(join(draft, 'jar'), content)
    const folders = await Promise.all([cached('kafka', fill('whole')), cached('kafka', fill('whole'))])
    expect(folders).toEqual([cachedPath('kafka'), cachedPath('kafka')])
    expect(readFileSync(join(cachedPath('kafka'), 'jar'), 'utf8')).toBe('whole')
    expect(readdirSync(join(home, 'cache'))).toEqual(['kafka'])
  })

  test('a failed download leaves nothing that could be taken for a finished one, and is tried again', async () => {
    const interrupted = cached('kafka', async (draft) => {
      await writeFile(join(draft, 'jar'), 'ha')
      throw new Error('connection lost')
    })
    await expect(interrupted).rejects.toThrow('connection lost')
    expect(readdirSync(join(home, 'cache'))).toEqual([])
    await cached('kafka', (draft) => writeFile(join(draft, 'jar'), 'whole'))
    expect(readFileSync(join(cachedPath('kafka'), 'jar'), 'utf8')).toBe('whole')
  })
})

describe.skipIf(process.platform === 'win32')('a JVM', () => {
  test('is killed and its folder removed when its parent is killed', async () => {
    const path = process.env['PATH'] ?? ''
    machineWith({ java: 'exec sleep 600' })
    vi.stubEnv('PATH', `${join(home, 'bin')}:${path}`)
    const doomed = join(home, 'doomed')
    mkdirSync(doomed)
    const program = `
      import { startJvm } from '${join(import.meta.dirname, '..', 'dev', 'local-kafka', 'jvm.mjs')}'
      const { pid } = await startJvm({ args: [], logFile: '${join(doomed, 'log')}', doomedDir: '${doomed}' })
      console.log(pid)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
    const isAlive = () =>
      !['', 'Z'].includes(spawnSync('ps', ['-o', 'stat=', '-p', line], { encoding: 'utf8' }).stdout.trim().slice(0, 1))
    expect(isAlive()).toBe(true)
    parent.kill('SIGKILL')
    await vi.waitFor(() => {
      expect(existsSync(doomed)).toBe(false)
      expect(isAlive()).toBe(false)
    }, 10_000)
  })
})
