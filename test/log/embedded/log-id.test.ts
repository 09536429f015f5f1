import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { LogUnavailable } from '../../../src/log/event-log.js'

const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-log-id-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const idOf = async (dir: string, mode: 'reader' | 'writer'): Promise<string> => {
  const log = await openEmbeddedLog({ dir, mode })
  try {
    return await log.id()
  } finally {
    await log.close()
  }
}

test('a log keeps its id when it is closed and opened again, for writing or for reading', async () => {
  const dir = await folder()
  const id = await idOf(dir, 'writer')
  expect([await idOf(dir, 'reader'), await idOf(dir, 'writer')]).toEqual([id, id])
})

test('every new log has an id of its own', async () => {
  const ids = await Promise.all([1, 2, 3].map(async () => idOf(await folder(), 'writer')))
  expect(new Set(ids).size).toBe(3)
})

test('a copy of the folder has the id of its original', async () => {
  const [dir, copy] = [await folder(), await folder()]
  const id = await idOf(dir, 'writer')
  await cp(dir, copy, { recursive: true })
  expect(await idOf(copy, 'writer')).toBe(id)
})

test('a log of a version without ids gets one from its next writer; a reader says so until then', async () => {
  const dir = await folder()
  const reader = await openEmbeddedLog({ dir, mode: 'writer' }).then(async (writer) => {
    await writer.close()
    await withoutId(dir)
    return openEmbeddedLog({ dir, mode: 'reader' })
  })
  await expect(reader.id()).rejects.toThrow(/has no id: .*opens it for writing/)
  await expect(reader.id()).rejects.toBeInstanceOf(LogUnavailable)
  const id = await idOf(dir, 'writer')
  expect(await reader.id()).toBe(id)
  await reader.close()
})

const withoutId = async (dir: string): Promise<void> => {
  const env = open({ path: dir, noSubdir: false, maxDbs: 8 })
  const meta = env.openDB<unknown, string>({ name: 'meta', encoding: 'json', useVersions: true })
  meta.removeSync('id')
  await env.close()
}
