import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { headOf } from '../../../src/log/encryption/envelope.js'
import { isEncrypted } from '../../../src/log/encryption/encryption-mark.js'
import { LogDamaged, type EventLog, type RecordedEvent } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { all, encrypted, event, folder, put, smallStoreIn, storeIn, texts } from './rig.js'

const A = 't.00.conversation-a'
const B = 't.00.conversation-b'

describe('an encrypted log', () => {
  test('stores no word of an event, and leaves streams that are not covered as they are', async () => {
    const plain = memoryLog()
    const log = encrypted(plain, storeIn(folder()))
    await put(log, A, 'a caller named Jürgen')
    await put(log, 't.clock', 'tick')
    const [stored, tick] = await all(plain.readAll())
    expect(isEncrypted(stored!)).toBe(true)
    expect(Buffer.from(stored!.data).includes('caller')).toBe(false)
    expect(stored).toMatchObject({ id: event('a caller named Jürgen').id, type: 'Seen', stream: A })
    expect(Buffer.from(tick!.data).toString()).toBe('tick')
    expect(await texts(log.readAll())).toEqual(['a caller named Jürgen', 'tick'])
  })

  test('an event that comes again is stored once, although its bytes would be others', async () => {
    const plain = memoryLog()
    const dir = folder()
    await put(encrypted(plain, storeIn(dir)), A, 'one')
    const answer = await encrypted(plain, storeIn(dir)).append([
      { stream: A, expected: 'any', events: [event('one'), event('two')] },
    ])
    expect(answer).toMatchObject([{ right: { revision: 1, stored: [false, true] } }])
    expect(await texts(encrypted(plain, storeIn(dir)).readStream(A))).toEqual(['one', 'two'])
  })

  test('a stream whose key is put out of memory by the others of its batch is encrypted all the same', async () => {
    const plain = memoryLog()
    const log = encrypted(plain, smallStoreIn(folder(), 2))
    await put(log, A, 'one')
    await put(log, B, 'two')
    const streams = [A, 't.00.conversation-c', B, 't.00.conversation-d', A]
    await log.append(streams.map((stream, n) => ({ stream, expected: 'any', events: [event(`more ${n}`)] })))
    expect((await all(plain.readAll())).map(isEncrypted)).toEqual(Array(7).fill(true))
    expect(await texts(log.readAll())).toEqual(['one', 'two', ...streams.map((_, n) => `more ${n}`)])
  })

  test('events of before it was encrypted stay readable, and so do all when it is no longer', async () => {
    const plain = memoryLog()
    const dir = folder()
    await put(plain, A, 'before')
    await put(encrypted(plain, storeIn(dir)), A, 'within')
    const after = encrypted(plain, storeIn(dir), false)
    await put(after, A, 'after')
    expect((await all(plain.readAll())).map(isEncrypted)).toEqual([false, true, false])
    expect(await texts(after.readAll())).toEqual(['before', 'within', 'after'])
  })

  test('without keys a read ends at the first encrypted event, and says what is missing', async () => {
    const plain = memoryLog()
    await put(encrypted(plain, storeIn(folder())), A, 'one')
    const read = texts(encrypted(plain, undefined).readAll())
    await expect(read).rejects.toThrow(LogDamaged)
    await expect(read).rejects.toThrow(/conversation-a, revision 0\) cannot be decrypted: set log\.encryption\.key/)
  })

  test('erasing a stream makes what is still stored of it unreadable at once, and takes no more of it', async () => {
    const plain = unscavenged(memoryLog())
    const log = encrypted(plain, storeIn(folder()))
    await put(log, A, 'gone', 'gone too')
    await put(log, B, 'stays')
    await log.erase(A)
    expect(await texts(plain.readAll())).toHaveLength(3)
    expect(await texts(log.readAll())).toEqual(['stays'])
    expect(await texts(log.readStream(A))).toEqual([])
    expect(await log.streamRevision(A)).toBeUndefined()
    expect(await log.append([{ stream: A, expected: 'any', events: [event('more')] }])).toMatchObject([
      { left: { tag: 'Refused', isErased: true } },
    ])
  })

  test('a reader in another process, which had the key in memory, loses it with the next batch', async () => {
    const plain = unscavenged(memoryLog())
    const dir = folder()
    const [log, reader] = [encrypted(plain, storeIn(dir)), encrypted(plain, storeIn(dir), false)]
    await put(log, A, 'gone')
    expect(await texts(reader.readAll())).toEqual(['gone'])
    await log.erase(A)
    expect(await texts(reader.readAll())).toEqual([])
  })

  test('a subscription passes over what was destroyed by a checkpoint', async () => {
    const plain = unscavenged(memoryLog())
    const log = encrypted(plain, storeIn(folder()))
    await put(log, A, 'gone')
    await log.erase(A)
    const seen: string[] = []
    for await (const { kind } of log.subscribe({ signal: new AbortController().signal })) {
      seen.push(kind)
      if (kind === 'caught-up') break
    }
    expect(seen).toEqual(['checkpoint', 'caught-up'])
  })
})

/** A log that goes on delivering the events of erased streams, as a server does until it is scavenged. */
const unscavenged = (log: EventLog): EventLog => ({
  ...log,
  erase: async () => ({ _tag: 'Right', right: { events: 1 } }),
})

describe('an encrypted event that was changed', () => {
  const stored = async (): Promise<Readonly<{ events: readonly RecordedEvent[]; read: ReadAs }>> => {
    const plain = memoryLog()
    const keys = storeIn(folder())
    const log = encrypted(plain, keys)
    await put(log, A, 'the first event of this conversation', 'the second')
    await put(log, B, 'the only one of another')
    const events = await all(plain.readAll())
    return { events, read: (...as) => texts(encrypted({ ...plain, readAll: () => batch(as) }, keys).readAll()) }
  }
  type ReadAs = (...events: readonly RecordedEvent[]) => Promise<readonly string[]>
  async function* batch(events: readonly RecordedEvent[]): AsyncGenerator<readonly RecordedEvent[]> {
    yield events
  }

  test('in any bit of its head or ciphertext, or cut anywhere, is found and named by its place', async () => {
    const { events, read } = await stored()
    const [first] = events as [RecordedEvent]
    const located = { name: 'LogDamaged', message: expect.stringContaining('(t.00.conversation-a, revision 0)') }
    const size = first.metadata.length + first.data.length
    await fc.assert(
      fc.asyncProperty(fc.nat(size * 8 - 1), async (bit) => {
        const [metadata, data] = [Buffer.from(first.metadata), Buffer.from(first.data)]
        const byte = bit >> 3
        if (byte < metadata.length) metadata[byte]! ^= 1 << (bit & 7)
        else data[byte - metadata.length]! ^= 1 << (bit & 7)
        await expect(read({ ...first, metadata, data })).rejects.toMatchObject(located)
      }),
      { numRuns: 200 },
    )
    for (const length of [0, 1, 15, 16, first.data.length - 1])
      await expect(read({ ...first, data: first.data.subarray(0, length) })).rejects.toMatchObject(located)
    for (const length of [1, 3, 30])
      await expect(read({ ...first, metadata: first.metadata.subarray(0, length) })).rejects.toMatchObject(located)
  })

  test('by taking the bytes of another event of its stream, of another stream, or its type, is found', async () => {
    const { events, read } = await stored()
    const [first, second, other] = events as [RecordedEvent, RecordedEvent, RecordedEvent]
    expect(await read(...events)).toHaveLength(3)
    const { metadata, data } = second
    await expect(read({ ...first, metadata, data })).rejects.toThrow(/moved here from another event/)
    await expect(read({ ...first, stream: B })).rejects.toThrow(/moved here/)
    await expect(read({ ...other, stream: A })).rejects.toThrow(/moved here/)
    await expect(read({ ...first, type: 'Other' })).rejects.toThrow(/moved here/)
    await expect(read({ ...first, id: other.id })).rejects.toThrow(/moved here/)
  })
})

test('no key meets a nonce twice, over a life of writers that die, repeat and begin again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ stream: fc.constantFrom(A, B), n: fc.nat(5), dies: fc.boolean() }), { maxLength: 40 }),
      async (steps) => {
        const plain = memoryLog()
        const sent: RecordedEvent[] = []
        // Everything that leaves the encryption counts, also what is never stored because the log has it already.
        const watched: EventLog = {
          ...plain,
          append: (appends) => {
            for (const { stream, events } of appends)
              for (const each of events) sent.push({ ...each, stream, revision: 0, position: 0n })
            return plain.append(appends)
          },
        }
        const dir = folder()
        let log = encrypted(watched, storeIn(dir))
        for (const { stream, n, dies } of steps) {
          await put(log, stream, `event ${n}`)
          if (dies) log = encrypted(watched, storeIn(dir))
        }
        const used = sent.map((each) => {
          const { number, session, count } = headOf(each)
          return `${number} ${session.toString('hex')} ${count}`
        })
        expect(new Set(used).size).toBe(used.length)
      },
    ),
    { numRuns: 15 },
  )
})
