import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { conversationStream } from '../../../src/domain/stream-name.js'
import { ingest } from '../../../src/ingress/ingest.js'
import { LogDamaged, type Live, type NewEvent, type RecordedEvent } from '../../../src/log/event-log.js'
import { partsStreamOf } from '../../../src/log/eventstoredb/large/form.js'
import { bodies, bytes, changed, conversationId, eventBridge } from '../../ingress/envelopes.js'
import { eventStoreDbStore, type Store, type Stored } from '../../support/eventstoredb/store.js'
import { noise } from '../../support/noise.js'
import { append, contents, eventOf, failure, flatten, logOn, memoryServer, never, server, stored } from './rig.js'

const MIB = 1024 * 1024
const large = (name: string, size = 3 * MIB): NewEvent => ({ ...eventOf(name), data: noise(name, size) })
const sizes = (events: readonly RecordedEvent[]): readonly number[] => events.map(({ data }) => data.byteLength)
/** Digests, so that a failure does not print megabytes. */
const digests = (events: readonly Readonly<{ data: Uint8Array }>[]): readonly string[] =>
  events.map(({ data }) => createHash('sha256').update(data).digest('hex'))
const toAny = (stream: string, ...events: readonly NewEvent[]) => [{ stream, expected: 'any' as const, events }]

test('one raw event above MaxAppendSize holds up nothing: it is stored, and so are the 49 others of its batch', async () => {
  const { template, body } = bodies.metrics
  const raws = Array.from({ length: 50 }, (_, n) => {
    const event = eventBridge(template, conversationId, changed(body, { recordId: `record-${n}` }))
    return bytes(n === 17 ? { ...event, padding: Buffer.from(noise('padding', 2 * MIB)).toString('base64') } : event)
  })
  const origin = { tenant: 't', source: 'test', receivedAt: 0 }
  const log = logOn(await server())
  expect(await ingest(log, raws, origin)).toMatchObject({ stored: 50, deadLettered: 0 })
  expect(await ingest(log, raws, origin)).toMatchObject({ stored: 0, duplicate: 50 })
  const held = await flatten(log.readStream(conversationStream('t', conversationId)))
  expect(digests(held)).toEqual(digests(raws.map((data) => ({ data }))))
})

describe('what the server takes', () => {
  test.each([
    ['a larger MaxAppendSize', { appendBytesMax: 8 * MIB }],
    ['a smaller MaxAppendSize', { appendBytesMax: 100_000 }],
    ['a limit of one event', { eventBytesMax: 50_000 }],
    ['both', { appendBytesMax: 100_000, eventBytesMax: 30_000 }],
    ['a version that counts the data alone', { appendBytesMax: 100_000, countsDataAlone: true }],
  ])('%s: large events are stored whole, and so are appends of many events', async (_, setting) => {
    const on = await memoryServer(setting)
    const log = logOn(on)
    const events = [eventOf('small'), large('a', 400_000), large('b', 60_000), large('c', 2_000_000)]
    const many = Array.from({ length: 100 }, (__, i) => large(`${i}`, 5_000))
    expect(stored((await log.append(toAny('s', ...events)))[0]!).stored).toEqual([true, true, true, true])
    expect(stored((await log.append(toAny('many', ...many)))[0]!).revision).toBe(99)
    expect(stored((await log.append(toAny('many', ...many)))[0]!).stored).toEqual(many.map(() => false))
    for (const [stream, given] of [
      ['s', events],
      ['many', many],
    ] as const)
      expect(digests(await flatten(log.readStream(stream)))).toEqual(digests(given))
  })

  test('so little that parts do not fit: the append is TooLarge, and others are stored', async () => {
    const on = await memoryServer({ appendBytesMax: 1_000 })
    const log = logOn(on)
    const answers = await log.append([...toAny('a', large('a', 5_000)), ...toAny('b', eventOf('b'))])
    expect(failure(answers[0]!)).toMatchObject({ tag: 'TooLarge', reason: expect.stringContaining('1000') as string })
    expect(stored(answers[1]!).revision).toBe(0)
    expect((await on.data.all()).map(({ stream }) => stream)).toEqual(['b'])
  })

  test('more after it was configured anew: it is asked anew', async () => {
    const first = await memoryServer({ appendBytesMax: 1_000 })
    const second = await memoryServer({ data: first.data })
    const log = logOn(first)
    expect(failure((await log.append(toAny('a', large('a', 5_000))))[0]!).tag).toBe('TooLarge')
    first.faults.leader = second.at
    expect(failure(await append(log, 'b', 'b')).tag).toBe('NotAvailable')
    expect(stored((await log.append(toAny('a', large('a', 5_000))))[0]!).revision).toBe(0)
  })
})

test('an event of the type that stands for large ones is read back as it was', async () => {
  const log = logOn(await server())
  const odd = { ...eventOf('odd'), type: 'streamvane.large' }
  stored((await log.append(toAny('a', odd)))[0]!)
  expect(await flatten(log.readStream('a'))).toMatchObject([{ id: odd.id, type: 'streamvane.large' }])
  expect(contents(await flatten(log.readStream('a')))).toEqual(['odd'])
})

test('a stream that is named like the parts of large events can neither be written nor read', async () => {
  const log = logOn(await server())
  expect(failure(await append(log, partsStreamOf('a'), 'x')).tag).toBe('Refused')
  stored((await log.append(toAny('a', large('l'))))[0]!)
  expect(await flatten(log.readStream(partsStreamOf('a')))).toEqual([])
  expect(sizes(await flatten(log.readAll({ prefixes: ['a', 'streamvane.'] })))).toEqual([3 * MIB])
})

describe('a writer that dies between parts', () => {
  test('leaves nothing that counts, wherever it dies; a repeat stores the event once', async () => {
    // Three parts and the event itself are four appends, and each is the last one that another round stores.
    for (let dies = 0; dies <= 4; dies++) {
      const on = await server()
      const other = logOn(on)
      stored(await append(other, 'a', 'before'))
      // Where nothing is swallowed, nothing may take too long either, however busy the machine is.
      let writer = logOn(on, dies === 4 ? {} : { deadlineMs: 100 })
      on.faults.swallowsAfter = dies
      const answer = (await writer.append(toAny('a', large('l', 2.5 * MIB))))[0]!
      expect(E.isRight(answer), `${dies}`).toBe(dies === 4)
      on.faults.swallowsAfter = undefined
      await writer.close()
      expect(sizes(await flatten(other.readAll())).slice(1)).toEqual(dies === 4 ? [2.5 * MIB] : [])
      expect(await other.streamRevision('a')).toBe(dies === 4 ? 1 : 0)
      writer = logOn(on)
      expect(stored((await writer.append(toAny('a', large('l', 2.5 * MIB))))[0]!)).toEqual({
        revision: 1,
        stored: [dies < 4],
      })
      expect(sizes(await flatten(other.readAll()))).toEqual([6, 2.5 * MIB])
    }
  })

  test('or loses its answers: two processes store the event once', async () => {
    const on = await server()
    const logs = [logOn(on), logOn(on)]
    for (let losing = 0; losing < 4; losing++) {
      const event = large(`lost ${losing}`, 1.5 * MIB)
      on.faults.loseAnswers = losing
      await Promise.all(
        logs.map(async (log) => {
          for (;;) if (E.isRight((await log.append(toAny('a', event)))[0]!)) return
        }),
      )
    }
    expect(sizes(await flatten(logs[0]!.readAll()))).toEqual(Array.from({ length: 4 }, () => 1.5 * MIB))
  })
})

describe('a subscription passes parts by', () => {
  test('its checkpoint goes on behind parts that nothing names', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'a', 'one'))
    on.faults.swallowsAfter = 2
    const dying = logOn(on, { deadlineMs: 100 })
    await dying.append(toAny('a', large('l', 2.5 * MIB)))
    await dying.close()
    on.faults.swallowsAfter = undefined
    const seen: Live[] = []
    for await (const message of log.subscribe({ signal: never() })) {
      seen.push(message)
      if (message.kind === 'caught-up') break
    }
    const events = seen.flatMap((message) => (message.kind === 'events' ? message.events : []))
    expect(contents(events)).toEqual(['one'])
    expect(seen.at(-1)).toEqual({ kind: 'caught-up', position: await log.head() })
  })
})

/** Another server with the records of `from`, some of them changed, or left out. */
const tampered = async (from: Store, change: (record: Stored) => Stored | undefined) => {
  const store = eventStoreDbStore()
  for (const record of from.all.slice(1)) {
    const kept = change(record)
    if (kept !== undefined) store.append(kept.stream, 'any', [kept])
  }
  return memoryServer({}, store)
}

describe('parts that are not as they were written', () => {
  const written = async (): Promise<Store> => {
    const store = eventStoreDbStore()
    const log = logOn(await memoryServer({}, store))
    stored(await append(log, 'a', 'before'))
    stored((await log.append(toAny('a', large('l', 2.5 * MIB))))[0]!)
    stored(await append(log, 'b', 'other'))
    return store
  }
  const isPart = ({ stream }: Stored): boolean => stream === partsStreamOf('a')
  const parts = (store: Store): readonly Stored[] => store.all.filter(isPart)

  test.each<[string, (store: Store) => (record: Stored) => Stored | undefined, RegExp]>([
    [
      'in another order',
      (store) => (record) => (isPart(record) ? parts(store)[2 - record.revision] : record),
      /part 1 of 3 \(revision 0 of streamvane\.parts\.a\) is another one/,
    ],
    [
      'one missing',
      () => (record) => (isPart(record) && record.revision === 2 ? undefined : record),
      /part 3 of 3 .* is not there/,
    ],
    [
      'of another event',
      () => (record) =>
        isPart(record)
          ? { ...record, customMetadata: Buffer.from(JSON.stringify({ of: eventOf('x').id, nth: 0 })) }
          : record,
      /is another one/,
    ],
    [
      'cut short',
      () => (record) => (isPart(record) ? { ...record, data: record.data.subarray(0, 100_000) } : record),
      /its bytes are not compressed data/,
    ],
    [
      'named by a header that is none',
      () => (record) =>
        record.revision === 1 && !isPart(record) ? { ...record, customMetadata: Buffer.from('[') } : record,
      /its metadata is not what Streamvane writes/,
    ],
  ])('%s: LogDamaged with the place, and everything else is read', async (_, change, message) => {
    const store = await written()
    const log = logOn(await tampered(store, change(store)))
    for (const read of [log.readStream('a'), log.readAll(), log.subscribe({ signal: never() })]) {
      const failed = (async () => {
        for await (const _message of read);
      })()
      await expect(failed).rejects.toThrow(LogDamaged)
      await expect(failed).rejects.toThrow(message)
      await expect(failed).rejects.toThrow(/revision 1 of a \(position \d+\)/)
    }
    expect(contents(await flatten(log.readStream('a', { max: 1 })))).toEqual(['before'])
    expect(contents(await flatten(log.readAll({ prefixes: ['b'] })))).toEqual(['other'])
  })

  test('the head erased, and neither scavenged: read as never written, by stream and in the whole log', async () => {
    const on = await memoryServer({}, await written())
    const log = logOn(on)
    expect(await log.erase('a')).toMatchObject({ right: { events: 2 } })
    expect(await flatten(log.readStream('a'))).toEqual([])
    expect(contents(await flatten(log.readAll({ prefixes: ['b'] })))).toEqual(['other'])
    expect(sizes(await flatten(log.readAll()))).not.toContain(2.5 * MIB)
    expect(await on.data.streamOf(partsStreamOf('a'))).toEqual([])
  })

  test('left when an erasure was cut short: erasing again removes them', async () => {
    const on = await memoryServer({}, await written())
    const log = logOn(on)
    await on.data.tombstone('a')
    expect(await on.data.streamOf(partsStreamOf('a'))).toHaveLength(3)
    expect(await log.erase('a')).toMatchObject({ right: { events: 0 } })
    expect(await on.data.streamOf(partsStreamOf('a'))).toEqual([])
  })

  test('missing on a server that does not know the end of the log: the read fails and may be tried again', async () => {
    const store = await written()
    const on = await memoryServer({}, store)
    const log = logOn(on)
    const position = (await flatten(log.readStream('a', { from: 1, max: 1 })))[0]!.position
    // The head of the log is asked for first; the server behind the connection is another one from then on.
    on.faults.knowsThrough = position - 1n
    await on.data.tombstone(partsStreamOf('a'))
    await expect(flatten(log.readStream('a', { from: 1, max: 1 }))).rejects.toThrow('this server knows the log through')
  })
})
