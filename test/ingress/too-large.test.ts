import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { conversationStream } from '../../src/domain/stream-name.js'
import { ingest } from '../../src/ingress/ingest.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { RAW_BYTES_MAX } from '../../src/ingress/raw-event.js'
import { bytesOf } from '../../src/log/append-batches.js'
import type { EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { bodies, bytes, changed, conversationId, eventBridge } from './envelopes.js'
import { eventsOf } from './log-content.js'

const origin = { tenant: 'acme', source: 'test', receivedAt: Date.parse('2026-01-05T10:01:00Z') }
const { template, body } = bodies.metrics
const events = Array.from({ length: 50 }, (_, n) =>
  bytes(eventBridge(template, conversationId, changed(body, { recordId: `record-${n}` }))),
)
/** Another event, padded to this many bytes. */
const large = (size: number): Buffer => {
  const event = { ...eventBridge(template, conversationId, changed(body, { recordId: 'large' })), padding: '' }
  return bytes({ ...event, padding: 'x'.repeat(size - bytes(event).length) })
}
const sha256 = (raw: Uint8Array): string => createHash('sha256').update(raw).digest('hex')

/** A log whose appends hold at most so many bytes. */
const capped = (log: EventLog, bytesMax: number): EventLog => ({
  ...log,
  append: async (appends) => {
    const fits = appends.map(({ events }) => events.reduce((sum, event) => sum + bytesOf(event), 0) <= bytesMax)
    const answers = await log.append(appends.filter((_, i) => fits[i]))
    let next = 0
    return fits.map((isFit) => {
      if (!isFit) return E.left({ tag: 'TooLarge' as const, reason: `more than ${bytesMax} bytes` })
      return answers[next++] as (typeof answers)[number]
    })
  },
})

describe('an event that is larger than the log can hold', () => {
  test.each([
    ['among 49 others of its stream', events.slice(0, 49)],
    ['alone', []],
  ])('%s becomes a dead letter with its size and digest, and all others are stored', async (_, others) => {
    const held = memoryLog()
    const log = capped(held, 100_000)
    const raw = large(200_000)
    const raws = others.toSpliced(7, 0, raw)
    const index = raws.indexOf(raw)
    const lines = raws.map((__, i) => i + 1)
    expect(await ingest(log, raws, origin, { lines })).toMatchObject({
      stored: others.length,
      duplicate: 0,
      deadLettered: 1,
      problems: [
        { index, line: index + 1, reason: 'too-large', detail: expect.stringContaining(sha256(raw)) as string },
      ],
    })
    expect(await eventsOf(held, conversationStream('acme', conversationId))).toHaveLength(others.length)
    const [letter] = await eventsOf(held, 'acme.deadletter')
    expect(JSON.parse(Buffer.from(letter!.metadata).toString())).toMatchObject({
      reason: 'too-large',
      bytes: 200_000,
      sha256: sha256(raw),
    })
    expect(raw.subarray(0, letter!.data.length).equals(letter!.data)).toBe(true)
    // Delivered again, nothing changes.
    expect(await ingest(log, raws, origin)).toMatchObject({ stored: 0, duplicate: others.length, deadLettered: 1 })
    expect(await eventsOf(held, 'acme.deadletter')).toHaveLength(1)
  })

  test('is a dead letter in any log if it exceeds what an event may have, also where the source refuses its input', async () => {
    for (const unusable of [undefined, { reason: 'malformed-gzip' as const, detail: 'cut short' }]) {
      const held = memoryLog()
      const raw = large(RAW_BYTES_MAX + 1)
      const delivery = unusable === undefined ? {} : { unusable }
      expect(await ingest(held, [raw], origin, delivery)).toMatchObject({
        stored: 0,
        deadLettered: 1,
        problems: [{ index: 0, reason: 'too-large', detail: expect.stringContaining(sha256(raw)) as string }],
      })
    }
  })

  test('and cannot be used either is one dead letter, not two', async () => {
    const held = memoryLog()
    const raw = bytes('?'.repeat(200_000))
    expect(await ingest(capped(held, 100_000), [raw], origin)).toMatchObject({
      stored: 0,
      duplicate: 0,
      deadLettered: 1,
    })
    expect(await eventsOf(held, 'acme.deadletter')).toHaveLength(1)
  })

  test('is not acknowledged by a log that cannot even hold its dead letter, and is no invitation to repeat', async () => {
    const refused = await ingest(capped(memoryLog(), 100), [large(200_000)], origin).catch((cause: unknown) => cause)
    expect(refused).toBeInstanceOf(NotIngested)
    expect(refused).toMatchObject({ retryable: false, reason: 'more than 100 bytes' })
  })
})
