import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { openStore } from '../../../src/log/embedded/lmdb/store.js'
import type { EmbeddedStore } from '../../../src/log/embedded/lmdb/store.js'
import { EmbeddedWriter } from '../../../src/log/embedded/write/writer.js'
import { LogLocked } from '../../../src/log/event-log.js'
import { startHeartbeat } from '../../../src/log/embedded/lock/heartbeat.js'
import { livenessOf, thisProcess } from '../../../src/log/embedded/lock/process-identity.js'
import type { ProcessIdentity } from '../../../src/log/embedded/lock/process-identity.js'
import { takeLease } from '../../../src/log/embedded/lock/writer-lease.js'
import { runChild, scratchDirectory } from './child-process.js'

const append = (stream: string) => [
  {
    stream,
    expected: 'any' as const,
    events: [{ id: randomUUID(), type: 'Seen', data: Buffer.from('x'), metadata: Buffer.from('{}') }],
  },
]

const storeIn = async (dir: string): Promise<EmbeddedStore> => {
  const store = openStore(dir, 'write')
  onTestFinished(() => store.env.close())
  return store
}

/** Makes another process the holder, as if it had taken the lease just now. */
const leaveHolder = (store: EmbeddedStore, holder: ProcessIdentity, epoch: number): void =>
  void store.meta.putSync('writer', { ...holder, owner: 'somebody', since: '2026-01-01T00:00:00.000Z' }, epoch)

const elsewhere: ProcessIdentity = { ...thisProcess(), pid: 1, pidSpace: 'pid:[1]', host: 'another-container' }

describe('one writer at a time', () => {
  test('a second process is refused and told who writes; after kill -9 it can write at once', async () => {
    const dir = await scratchDirectory()
    const writer = runChild('appender', [dir])
    await writer.said('acknowledged ')
    const refused = await openEmbeddedLog({ dir, mode: 'writer' }).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    expect(refused).toBeInstanceOf(LogLocked)
    expect((refused as LogLocked).message).toContain(`being written by the appender, pid ${writer.pid} on `)
    expect((refused as LogLocked).message).toMatch(/since \d{4}-.*appender\.ts.*stop that process first/)
    await writer.said('acknowledged ')

    await writer.kill9()
    const log = await openEmbeddedLog({ dir, mode: 'writer' })
    expect((await log.append(append('after'))).every(E.isRight)).toBe(true)
    await log.close()
  }, 60_000)

  test('a second writer in the same process is refused until the first is closed', async () => {
    const dir = await scratchDirectory()
    const first = await openEmbeddedLog({ dir, mode: 'writer', owner: 'first' })
    await expect(openEmbeddedLog({ dir, mode: 'writer' })).rejects.toThrow(/being written by first, pid/)
    expect((await first.append(append('a'))).every(E.isRight)).toBe(true)
    await first.close()
    const second = await openEmbeddedLog({ dir, mode: 'writer' })
    expect((await second.append(append('a'))).every(E.isRight)).toBe(true)
    await second.close()
  })

  test('of several writers that open at the same time one gets the lease', async () => {
    const dir = await scratchDirectory()
    const answers = await Promise.allSettled([1, 2, 3].map(() => openEmbeddedLog({ dir, mode: 'writer' })))
    const logs = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    expect(logs).toHaveLength(1)
    for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toBeInstanceOf(LogLocked)
    for (const log of logs) await log.close()
  })

  test('a pid that another process uses now, or that is from an earlier boot, does not hold the lease', () => {
    const self = thisProcess()
    expect(livenessOf(self)).toBe('alive')
    expect(livenessOf({ ...self, started: '1' })).toBe('gone')
    expect(livenessOf({ ...self, pid: 0x3fffff })).toBe('gone')
    expect(livenessOf({ ...self, boot: 'an earlier one' })).toBe('unknown')
    expect(livenessOf(elsewhere)).toBe('unknown')
  })

  test('a holder in another container keeps the lease as long as its heartbeat comes', async () => {
    const dir = await scratchDirectory()
    const store = await storeIn(dir)
    leaveHolder(store, elsewhere, 7)
    const heartbeat = startHeartbeat(dir)
    onTestFinished(() => heartbeat.stop())
    await expect(takeLease(store, dir, 'me')).rejects.toThrow(/somebody, pid 1 on another-container/)
    heartbeat.stop()
    const lease = await takeLease(store, dir, 'me', 300)
    expect(store.meta.getEntry('writer')).toMatchObject({ version: 8, value: { owner: 'me' } })
    await lease.release()
  })

  test('a writer that was replaced while it was suspended can commit nothing more, and says so', async () => {
    const dir = await scratchDirectory()
    const store = await storeIn(dir)
    const lease = await takeLease(store, dir, 'sleeper')
    const writer = new EmbeddedWriter(store, lease, { dir, committed: () => undefined })
    expect((await writer.append(append('a'))).every(E.isRight)).toBe(true)
    const { version } = store.meta.getEntry('writer')!
    leaveHolder(store, elsewhere, version! + 1)

    for (let i = 0; i < 2; i++)
      expect(await writer.append(append('b'))).toEqual([
        E.left({
          tag: 'Refused',
          reason: expect.stringContaining('taken over by somebody, pid 1 on another-container') as string,
        }),
      ])
    expect(store.streams.get(Buffer.from('b'))).toBeUndefined()
    expect([...store.blocks.getKeys({})]).toHaveLength(1)
    await lease.release()
    expect(store.meta.getEntry('writer')).toMatchObject({ version: version! + 1, value: { owner: 'somebody' } })
  })
})
