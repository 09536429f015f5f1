import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { thisProcess } from '../../../src/log/embedded/lock/process-identity.js'
import { openStore } from '../../../src/log/embedded/lmdb/store.js'
import { takeLease } from '../../../src/log/embedded/lock/writer-lease.js'
import { scratchDirectory } from './child-process.js'

const rightsOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)

test('only the owner may read the files of a log and enter the folders that it makes, whatever the umask', async () => {
  const dir = join(await scratchDirectory(), 'data', 'log', 'raw')
  const log = await openEmbeddedLog({ dir, mode: 'writer' })
  for (const folder of [dir, dirname(dir), dirname(dirname(dir))]) expect(await rightsOf(folder), folder).toBe('700')
  for (const name of ['data.mdb', 'lock.mdb', 'pulse']) expect(await rightsOf(join(dir, name)), name).toBe('600')
  await log.close()
})

test('the arguments of the writing process, which may hold secrets, are neither stored nor shown', async () => {
  const secret = '--token=correct-horse-battery-staple'
  process.argv.push(secret)
  try {
    expect(thisProcess().command).not.toContain(' ')
    const dir = await scratchDirectory()
    const log = await openEmbeddedLog({ dir, mode: 'writer', owner: 'streamvane run' })
    const refused = await openEmbeddedLog({ dir, mode: 'writer' }).then(
      () => undefined,
      (cause: unknown) => String(cause),
    )
    expect(refused).toContain(`streamvane run, pid ${process.pid}`)
    expect(refused).not.toContain(secret)
    await log.close()
    expect((await readFile(join(dir, 'data.mdb'))).includes(secret)).toBe(false)
  } finally {
    process.argv.pop()
  }
})

test('of the command line that an older version stored, only the program is shown', async () => {
  const dir = await scratchDirectory()
  const store = openStore(dir, 'write')
  const command = '/usr/bin/node /opt/streamvane/main.js run --token hunter2'
  store.meta.putSync('writer', { ...thisProcess(), owner: 'streamvane run', since: 'today', command }, 1)
  const refused = await takeLease(store, dir, 'me').catch((cause: unknown) => String(cause))
  expect(refused).toContain('(main.js)')
  expect(refused).not.toContain('hunter2')
  await store.env.close()
})
