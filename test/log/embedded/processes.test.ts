import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import type { EmbeddedLogOptions } from '../../../src/log/embedded/log.js'
import type { EventLog, NewEvent, RecordedEvent } from '../../../src/log/event-log.js'
import { runChild, scratchDirectory } from './child-process.js'
import { EVENTS_A_CALL } from '../eventstoredb/numbered-calls.js'

const opened = async (options: EmbeddedLogOptions): Promise<EventLog> => {
  const log = await openEmbeddedLog(options)
  onTestFinished(() => log.close())
  return log
}

const event = (bytes = 100): NewEvent => ({
  id: randomUUID(),
  type: 'Seen',
  data: Buffer.alloc(bytes, 'x'),
  metadata: Buffer.from('{}'),
})

/** Follows a log until so many events have come. */
const follow = async (log: EventLog, count: number, after?: bigint): Promise<readonly RecordedEvent[]> => {
  const seen: RecordedEvent[] = []
  const stop = new AbortController()
  for await (const message of log.subscribe({ after, signal: stop.signal })) {
    if (message.kind === 'events') seen.push(...message.events)
    if (seen.length >= count) stop.abort()
  }
  return seen
}

describe('readers and writers in several processes', () => {
  test('a reader sees the appends of a writer in another process while the file grows a hundredfold', async () => {
    const dir = await scratchDirectory()
    const writer = runChild('appender', [dir, '0', '10000'])
    await writer.said('open')
    const reader = await opened({ dir, mode: 'reader' })
    const seen = await follow(reader, 1_500)
    await writer.kill9()
    expect(seen.map(({ position }) => position)).toEqual(seen.map((_, i) => BigInt(i + 1)))
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    expect(seen.length % EVENTS_A_CALL).toBe(0)
  }, 60_000)

  test('a reader in the same process sees an append at once, without a notice of the file system', async () => {
    const dir = await scratchDirectory()
    const writer = await opened({ dir, mode: 'writer' })
    const reader = await opened({ dir, mode: 'reader' })
    const live = reader.subscribe({ signal: new AbortController().signal })[Symbol.asyncIterator]()
    expect((await live.next()).value).toEqual({ kind: 'caught-up', position: undefined })
    const next = live.next()
    await writer.append([{ stream: 'a', expected: 'any', events: [event()] }])
    expect((await next).value).toMatchObject({ kind: 'events', events: [{ stream: 'a', revision: 0 }] })
  })

  test('a reader refuses to append', async () => {
    const dir = await scratchDirectory()
    await opened({ dir, mode: 'writer' })
    const reader = await opened({ dir, mode: 'reader' })
    const [answer] = await reader.append([{ stream: 'a', expected: 'any', events: [event()] }])
    expect(answer).toEqual(E.left({ tag: 'Refused', reason: 'the log was opened for reading' }))
  })

  test('the order of opening and closing within a process does not matter', async () => {
    const dir = await scratchDirectory()
    await (await openEmbeddedLog({ dir, mode: 'writer' })).close()
    const reader = await openEmbeddedLog({ dir, mode: 'reader' })
    const writer = await openEmbeddedLog({ dir, mode: 'writer' })
    await writer.append([{ stream: 'a', expected: 'any', events: [event()] }])
    await reader.close()
    await writer.append([{ stream: 'a', expected: 0, events: [event()] }])
    const closing = writer.close()
    const again = await openEmbeddedLog({ dir, mode: 'reader' })
    expect(await again.streamRevision('a')).toBe(1)
    await closing
    expect(await again.streamRevision('a')).toBe(1)
    await again.close()
  })

  test('of two stages that write two parts, one that is killed continues where its output ends', async () => {
    const dir = await scratchDirectory()
    const [rawDir, outDir] = [join(dir, 'raw'), join(dir, 'kpi-g1')]
    const raw = await opened({ dir: rawDir, mode: 'writer', owner: 'ingress' })
    const ids: string[] = []
    const feed = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const [mine, other] = [event(), event()]
        ids.push(mine.id)
        const answers = await raw.append([
          { stream: `acme.${i % 5}`, expected: 'any', events: [mine] },
          { stream: 'elsewhere', expected: 'any', events: [other] },
        ])
        expect(answers.every(E.isRight)).toBe(true)
      }
    }
    await feed(60)
    const first = runChild('copying-stage', [rawDir, outDir])
    await first.said('copied ')
    const feeding = feed(60)
    await first.said('copied ')
    await first.kill9()
    await feeding

    const second = runChild('copying-stage', [rawDir, outDir])
    expect(Number(await second.said('resumed '))).toBeGreaterThan(0)
    const out = await opened({ dir: outDir, mode: 'reader' })
    expect((await follow(out, ids.length)).map(({ id }) => id)).toEqual(ids)
    await feed(20)
    expect((await follow(out, ids.length)).map(({ id }) => id)).toEqual(ids)
    await second.kill9()
  }, 60_000)
})
