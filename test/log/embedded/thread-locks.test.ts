import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLmdb } from '../../../src/log/embedded/lmdb/lmdb-open.js'

/** The locks that processes hold on a file. */
const locksOn = async (path: string): Promise<readonly string[]> => {
  const { ino } = await stat(path)
  const locks = (await readFile('/proc/locks', 'utf8')).split('\n').filter((line) => line.includes(`:${ino} `))
  return locks.map((line) => line.replace(/^\d+: /, '')).sort()
}

test.runIf(process.platform === 'linux')(
  'a second opening of an environment, as by a thread that decodes, does not give up the locks of its process',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'streamvane-locks-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const files = { data: join(dir, 'data.mdb'), lock: join(dir, 'lock.mdb') }
    const options = { path: dir, noSubdir: false, mapSize: 2 ** 24, maxReaders: 64 }
    const env = openLmdb(files, options)
    await env.put('a', 1)
    expect(env.get('a')).toBe(1)
    const held = await locksOn(files.lock)
    expect(held).not.toEqual([])
    const again = openLmdb(files, options)
    expect(again.get('a')).toBe(1)
    expect(await locksOn(files.lock)).toEqual(held)
    await again.close()
    await env.close()
  },
)
