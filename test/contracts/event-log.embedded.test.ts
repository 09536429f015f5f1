import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { eventLogContract } from './event-log.contract.js'

const dirs: string[] = []

eventLogContract('embedded', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-log-'))
  dirs.push(dir)
  return {
    log: await openEmbeddedLog({ dir, mode: 'writer' }),
    another: () => openEmbeddedLog({ dir, mode: 'reader' }),
  }
})

afterAll(async () => {
  for (const dir of dirs) await rm(dir, { recursive: true, force: true })
})
