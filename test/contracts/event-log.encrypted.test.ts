import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { KeyStore } from '../../src/log/encryption/key-store.js'
import { masterKeysIn } from '../../src/log/encryption/master-key.js'
import { encryptedLog } from '../../src/log/encryption/encrypted-log.js'
import type { EventLog } from '../../src/log/event-log.js'
import { openEventStoreDbLog } from '../../src/log/eventstoredb/log.js'
import { startEventStoreDbServer } from '../support/eventstoredb/server.js'
import { eventLogContract } from './event-log.contract.js'

const masters = () => masterKeysIn(Buffer.alloc(32, 7).toString('base64'))

const dirs: string[] = []
const stores: KeyStore[] = []

const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-encrypted-'))
  dirs.push(dir)
  return dir
}

/** The log with a store of keys of its own, as another process would have it. */
const encrypted = (log: EventLog, keys: string, encrypts = true): EventLog => {
  const store = new KeyStore({ folder: keys, masters })
  stores.push(store)
  return encryptedLog(log, { keys: store, covers: () => true, encrypts })
}

eventLogContract('embedded, encrypted', async () => {
  const [dir, keys] = [await folder(), await folder()]
  return {
    log: encrypted(await openEmbeddedLog({ dir, mode: 'writer' }), keys),
    another: async () => encrypted(await openEmbeddedLog({ dir, mode: 'reader' }), keys, false),
  }
})

const server = await startEventStoreDbServer()
const serverKeys = await folder()
eventLogContract('eventstoredb, protocol-level server, encrypted', async () => {
  const opened = async (): Promise<EventLog> =>
    encrypted(openEventStoreDbLog({ connectionString: server.connectionString, headPollMs: 20 }), serverKeys)
  return { log: await opened(), another: opened }
})

afterAll(async () => {
  server.stop()
  for (const store of stores) await store.close()
  for (const dir of dirs) await rm(dir, { recursive: true, force: true })
})
