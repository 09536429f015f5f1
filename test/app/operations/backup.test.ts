import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { backup } from '../../../src/app/operations/backup/backup.js'
import { BackupRefused, readManifest } from '../../../src/app/operations/backup/backup-manifest.js'
import { restore, type RestoreOptions } from '../../../src/app/operations/backup/restore.js'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { LogLocked, NoLog, type EventLog } from '../../../src/log/event-log.js'
import { eventOf, flatten } from '../../contracts/event-log/rig.js'
import { scratchDirectory } from '../../log/embedded/child-process.js'

const never = new AbortController().signal
const PARTS = ['kpi-g1', 'kpi-g2', 'control', 'raw']

let root: string
let data: string
beforeEach(async () => {
  root = await scratchDirectory()
  data = join(root, 'data')
})

const partOf = (folder: string, part: string): string => join(folder, 'log', part)
const open = async (folder: string, part: string, mode: 'reader' | 'writer' = 'writer'): Promise<EventLog> => {
  const log = await openEmbeddedLog({ dir: partOf(folder, part), mode })
  onTestFinished(() => log.close())
  return log
}
const append = (log: EventLog, from: number, count: number) =>
  log.append([
    { stream: 'a', expected: 'any', events: Array.from({ length: count }, (_, i) => eventOf(`${from + i}`)) },
  ])

/** A data folder with all parts, some events in each, a snapshot, and what sinks leave there. */
const filled = async (): Promise<void> => {
  for (const [i, part] of PARTS.entries()) {
    const log = await openEmbeddedLog({ dir: partOf(data, part), mode: 'writer' })
    await append(log, 0, 10 + i)
    await log.close()
  }
  await mkdir(join(data, 'state'))
  await writeFile(join(data, 'state', 'default.g1'), 'a snapshot')
}

const backedUp = (to = join(root, 'backup'), signal = never) =>
  backup({ data, to, version: '1.2.3', now: () => 1_767_600_000_000, signal })
const restored = (options: Partial<RestoreOptions> = {}) =>
  restore({
    from: join(root, 'backup'),
    data: join(root, 'restored'),
    dryRun: false,
    force: false,
    now: () => 1_767_600_000_000,
    signal: never,
    ...options,
  })
const refusal = async (work: Promise<unknown>): Promise<string> => {
  const cause: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(cause).toBeInstanceOf(BackupRefused)
  return (cause as Error).message
}

describe('a backup', () => {
  test('copies KPI parts and control before raw, and says of each which log it is and how far it goes', async () => {
    await filled()
    const outcome = await backedUp()
    const manifest = readManifest(join(root, 'backup'))
    expect(outcome).toEqual({ kind: 'made', manifest })
    expect(manifest).toMatchObject({ format: 1, version: '1.2.3', madeAt: '2026-01-05T08:00:00.000Z' })
    expect(manifest.parts.map(({ name }) => name)).toEqual(PARTS)
    for (const [i, { name, logId, head, lastEvent }] of manifest.parts.entries()) {
      const log = await open(data, name, 'reader')
      expect({ logId, head, lastEvent }).toEqual({
        logId: await log.id(),
        head: `${10 + i}`,
        lastEvent: eventOf(`${9 + i}`).id,
      })
    }
    expect((await readdir(join(root, 'backup'))).sort()).toEqual(['log', 'manifest.json'])
    expect((await stat(join(root, 'backup'))).mode & 0o777).toBe(0o700)
  })

  test('restored has the same logs and events; snapshots are left out', async () => {
    await filled()
    await backedUp()
    expect(await restored()).toMatchObject({ kind: 'restored', replaced: undefined })
    for (const part of PARTS) {
      const [was, is] = [await open(data, part, 'reader'), await open(join(root, 'restored'), part, 'reader')]
      expect(await is.id()).toBe(await was.id())
      expect(await flatten(is.readAll())).toEqual(await flatten(was.readAll()))
    }
    expect(await readdir(join(root, 'restored'))).toEqual(['log'])
  })

  test('is made while a writer appends, holds what was acknowledged before without a gap, and can be written', async () => {
    await filled()
    const log = await open(data, 'raw')
    await append(log, 100, 500)
    let isOver = false
    const writing = (async () => {
      for (let n = 1_000; !isOver; n += 20) await append(log, n, 20)
    })()
    await backedUp()
    isOver = true
    await writing
    await restored()
    const events = await flatten((await open(join(root, 'restored'), 'raw', 'writer')).readAll())
    const all = await flatten(log.readAll())
    expect(events.length).toBeGreaterThanOrEqual(513)
    expect(events).toEqual(all.slice(0, events.length))
  })

  test('holds no bytes of an erased stream', async () => {
    await filled()
    const log = await open(data, 'raw')
    const secret = { ...eventOf('secret'), data: Buffer.from('the caller said her name is Rosalind'.repeat(10)) }
    await log.append([{ stream: 'erased', expected: 'any', events: [secret] }])
    expect((await readFile(join(partOf(data, 'raw'), 'data.mdb'))).includes('Rosalind')).toBe(true)
    await log.erase('erased')
    await append(log, 200, 3)
    await backedUp()
    const bytes = await readFile(join(partOf(join(root, 'backup'), 'raw'), 'data.mdb'))
    expect(bytes.includes('Rosalind')).toBe(false)
  })

  test('is refused in the data folder, in a folder that is not empty, and where there is no log', async () => {
    await expect(backedUp()).rejects.toBeInstanceOf(NoLog)
    await filled()
    expect(await refusal(backedUp(join(data, 'backup')))).toContain('lies in the data folder')
    await backedUp()
    expect(await refusal(backedUp())).toContain('is not an empty folder')
  })

  test('that is stopped leaves nothing of it', async () => {
    await filled()
    expect(await backedUp(join(root, 'backup'), AbortSignal.abort())).toEqual({ kind: 'stopped' })
    expect(await readdir(join(root, 'backup'))).toEqual([])
    expect(await refusal(restored())).toContain('holds no whole backup')
  })
})

describe('a restore', () => {
  test('with --dry-run verifies and writes nothing', async () => {
    await filled()
    await backedUp()
    expect(await restored({ dryRun: true })).toMatchObject({ kind: 'verified' })
    expect(existsSync(join(root, 'restored'))).toBe(false)
  })

  test.each([
    [
      'changed',
      'was changed since',
      async (path: string) => writeFile(path, (await readFile(path)).fill(7, 9_000, 9_001)),
    ],
    ['cut short', 'was cut short or changed', (path: string) => truncate(path, 5_000)],
    ['removed', 'is missing from the backup', (path: string) => rm(path)],
  ])('of a backup of which a file was %s is refused, with the file named', async (_, words, damage) => {
    await filled()
    await backedUp()
    const path = join(partOf(join(root, 'backup'), 'control'), 'data.mdb')
    await damage(path)
    for (const dryRun of [true, false]) {
      const message = await refusal(restored({ dryRun }))
      expect(message).toContain(words)
      expect(message).toContain(path)
    }
    expect(existsSync(join(root, 'restored', 'log'))).toBe(false)
  })

  test.each(['{', '{"format":2}', '{"format":1,"madeAt":"","version":"","parts":[{"name":"../../etc"}]}'])(
    'of a manifest that says %s is refused',
    async (text) => {
      await filled()
      await backedUp()
      await writeFile(join(root, 'backup', 'manifest.json'), text)
      expect(await refusal(restored())).toContain('is not understood')
    },
  )

  test('of a log that is not that of the manifest is refused', async () => {
    await filled()
    await backedUp()
    const path = join(root, 'backup', 'manifest.json')
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"head": "13"', '"head": "14"'))
    expect(await refusal(restored())).toMatch(/raw of the backup is not the log of its manifest: .*position 13/)
    expect(await readdir(join(root, 'restored'))).toEqual([])
  })

  test('into a folder that is not empty is refused; with --force what was there is moved aside', async () => {
    await filled()
    await backedUp()
    const log = await open(data, 'raw')
    await append(log, 50, 5)
    await log.close()
    expect(await refusal(restored({ data }))).toContain('is not empty')
    const { replaced } = await restored({ data, force: true })
    expect(replaced).toBe(join(data, 'replaced-2026-01-05T08-00-00.000Z'))
    expect(await flatten((await open(data, 'raw')).readAll())).toHaveLength(13)
    expect(await flatten((await open(replaced!, 'raw')).readAll())).toHaveLength(18)
    expect((await readdir(data)).sort()).toEqual(['log', 'replaced-2026-01-05T08-00-00.000Z'])
  })

  test('over a log that a process writes is refused even with --force', async () => {
    await filled()
    await backedUp()
    await open(data, 'kpi-g1')
    await expect(restored({ data, force: true })).rejects.toBeInstanceOf(LogLocked)
    expect((await readdir(data)).sort()).toEqual(['log', 'state'])
  })

  test('over a damaged log is what it is for', async () => {
    await filled()
    await backedUp()
    await truncate(join(partOf(data, 'raw'), 'data.mdb'), 10_000)
    await restored({ data, force: true })
    expect(await flatten((await open(data, 'raw')).readAll())).toHaveLength(13)
  })
})
