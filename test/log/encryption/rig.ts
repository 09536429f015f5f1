/** Test support: folders, master keys, and encrypted logs over a plain one that can be looked at beside it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { encryptedLog } from '../../../src/log/encryption/encrypted-log.js'
import { KeyStore, type KeyStoreOptions } from '../../../src/log/encryption/key-store.js'
import { masterKeysIn } from '../../../src/log/encryption/master-key.js'
import type { EventLog, NewEvent, RecordedEvent } from '../../../src/log/event-log.js'
import { contentId } from '../../../src/log/content-id.js'

/** A master key in base64, another for each number. */
export const masterText = (n: number): string => Buffer.alloc(32, n).toString('base64')

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean()
})

export const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-keys-'))
  cleanUp.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Opens the store of a folder, as a process that has these master keys, newest first. */
export const storeIn = (dir: string, ...masters: readonly number[]): KeyStore =>
  opened({
    folder: dir,
    masters: () => masterKeysIn((masters.length === 0 ? [1] : masters).map(masterText).join('\n')),
  })

/** The same, which holds so many keys in memory. */
export const smallStoreIn = (dir: string, cachedMax: number): KeyStore =>
  opened({ folder: dir, masters: () => masterKeysIn(masterText(1)), cachedMax })

const opened = (options: KeyStoreOptions): KeyStore => {
  const store = new KeyStore(options)
  cleanUp.push(() => store.close())
  return store
}

export const encrypted = (log: EventLog, keys: KeyStore | undefined, encrypts = true): EventLog =>
  encryptedLog(log, { keys, covers: (stream) => stream !== 't.clock', encrypts })

export const event = (text: string): NewEvent => ({
  id: contentId(text),
  type: 'Seen',
  data: Buffer.from(text),
  metadata: Buffer.from('{"tenant":"t"}'),
})

export const put = async (log: EventLog, stream: string, ...texts: readonly string[]): Promise<void> => {
  const [answer] = await log.append([{ stream, expected: 'any', events: texts.map(event) }])
  if (answer?._tag !== 'Right') throw new Error(`not stored: ${JSON.stringify(answer)}`)
}

export const all = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of batches) events.push(...batch)
  return events
}

export const texts = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly string[]> =>
  (await all(batches)).map(({ data }) => Buffer.from(data).toString())
