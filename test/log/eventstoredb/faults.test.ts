import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eventStoreDbStore } from '../../support/eventstoredb/store.js'
import { LogUnavailable } from '../../../src/log/event-log.js'
import type { Position } from '../../../src/log/event-log.js'
import {
  append,
  contents,
  eventOf,
  failure,
  flatten,
  follow,
  fresh,
  logOn,
  memoryServer,
  never,
  server,
  stored,
} from './rig.js'

describe('faults of the client that the adapter mends', () => {
  test('the successor of the client is not installed: loaded together, both break', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, unknown> }
    const names = Object.keys(packages)
    expect(names).toContain('node_modules/@eventstore/db-client')
    expect(names.filter((name) => name.includes('kurrent'))).toEqual([])
  })

  test('a consumer that throws on a checkpoint gets its error, and the subscription ends on the server', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'other', 'one'))
    const reading = (async () => {
      for await (const message of log.subscribe({ prefixes: ['mine'], signal: never() }))
        if (message.kind === 'checkpoint') throw new Error('the checkpoint could not be stored')
    })()
    await expect(reading).rejects.toThrow('the checkpoint could not be stored')
    await log.close()
    await on.idle()
  })

  test('a subscription resumes after every kind of disconnect, without gap or repeat', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'a', 'before'))
    const breaks = [
      () => on.drop(),
      async () => {
        on.away()
        await on.back()
      },
      () => Object.assign(on.faults, { breakReads: 5, breakAfter: 1 }),
      () => on.drop(),
    ]
    let round = 0
    const seen = await follow(log.subscribe({ prefixes: ['a'], signal: never() }), 'after 3', async (message) => {
      if (message.kind !== 'caught-up' || round >= breaks.length) return
      await Promise.resolve(breaks[round]!())
      while (failedToStore(await append(log, 'a', `after ${round}`)));
      round += 1
    })
    expect(seen).toEqual(['before', 'after 0', 'after 1', 'after 2', 'after 3'])
    expect(on.calls.subscribe).toBeGreaterThan(1)
  })

  test('a wrong expected revision is answered with the actual one', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'a', '0', '1', '2', '3', '4', '5'))
    const [answer] = await log.append([{ stream: 'a', expected: 2, events: [eventOf('6')] }])
    expect(failure(answer!)).toEqual({ tag: 'WrongExpectedRevision', stream: 'a', expected: 2, actual: 5 })
  })

  test('a broken call fails no append of another log in the process', async () => {
    const [one, other] = [await server(), await server()]
    const [log, bystander] = [logOn(one), logOn(other)]
    stored(await append(log, 'a', 'first'))
    stored(await append(bystander, 'a', 'first'))
    other.faults.lateMs = 50
    one.faults.loseAnswers = 1
    const [broken, unharmed] = await Promise.all([append(log, 'a', 'second'), append(bystander, 'a', 'second')])
    expect(failure(broken).tag).toBe('NotAvailable')
    expect(stored(unharmed)).toEqual({ revision: 1, stored: [true] })
  })

  test('if nothing matches there are checkpoints, and a subscription can resume from each', async () => {
    const on = await server()
    const log = logOn(on)
    for (let i = 0; i < 3; i++) {
      const events = Array.from({ length: 700 }, (_, j) => eventOf(`${i} ${j}`))
      await log.append([{ stream: `other-${i}`, expected: 'any', events }])
    }
    const checkpoints: Position[] = []
    for await (const message of log.subscribe({ prefixes: ['mine'], signal: never() })) {
      if (message.kind === 'checkpoint') checkpoints.push(message.position)
      if (message.kind === 'caught-up') break
    }
    expect(checkpoints.at(-1)).toBe(await log.head())
    stored(await append(log, 'mine', 'at last'))
    for (const after of checkpoints)
      expect(await follow(log.subscribe({ prefixes: ['mine'], after, signal: never() }), 'at last')).toEqual([
        'at last',
      ])
  })

  test('events that share a position (TCP transactions) end the read with an error instead of being lost', async () => {
    const store = eventStoreDbStore()
    const on = await memoryServer({}, store)
    const log = logOn(on, { giveUpMs: 0 })
    const proposed = (content: string) => ({
      ...eventOf(content),
      metadata: new Map([['type', 'Seen']]),
      customMetadata: new Uint8Array(),
    })
    store.appendTransaction('a', proposed('one'), proposed('two'))
    await expect(flatten(log.readAll({ prefixes: ['a'] }))).rejects.toThrow(/transaction of a TCP client/)
    await expect(follow(log.subscribe({ prefixes: ['a'], signal: never() }), 'two')).rejects.toBeInstanceOf(
      LogUnavailable,
    )
  })
})

const failedToStore = (answer: Awaited<ReturnType<typeof append>>): boolean => answer._tag === 'Left'

describe('reads from a faulty server', () => {
  test('a read that breaks off throws, and can continue after its last event', async () => {
    const on = await server()
    const log = logOn(on)
    const names = Array.from({ length: 100 }, (_, i) => `${i}`)
    stored(await append(log, 'a', ...names))
    // The first call requests the head.
    Object.assign(on.faults, { breakReads: 2, breakAfter: 40 })
    const seen: string[] = []
    let after: Position | undefined
    const read = async () => {
      for await (const batch of log.readAll({ prefixes: ['a'], after, batchMax: 10 })) {
        seen.push(...contents(batch))
        after = batch.at(-1)!.position
      }
    }
    await expect(read()).rejects.toBeInstanceOf(LogUnavailable)
    while (on.faults.breakReads > 0) await read().catch(() => undefined)
    await read()
    expect(seen).toEqual(names)
  })

  test('a read that hangs fails after the deadline', async () => {
    const on = await server()
    stored(await append(logOn(on), 'a', 'one'))
    const log = logOn(on, { deadlineMs: 1_000 })
    await log.head()
    Object.assign(on.faults, { hangs: true, silent: true })
    await expect(flatten(log.readAll())).rejects.toThrow(/no answer for 1000 ms/)
    await expect(flatten(log.readStream('a'))).rejects.toBeInstanceOf(LogUnavailable)
  })

  test('a stream that was never written is empty', async () => {
    const log = logOn(await server())
    expect(await flatten(log.readStream(fresh()))).toEqual([])
    expect(await log.streamRevision(fresh())).toBeUndefined()
  })

  test('more than one page is read whole, once and in order, from any position', async () => {
    const on = await server()
    const log = logOn(on)
    const names = Array.from({ length: 5_000 }, (_, i) => `${i}`)
    for (let i = 0; i < names.length; i += 1_000)
      stored(await append(log, `a${i % 2_000}`, ...names.slice(i, i + 1_000)))
    const events = await flatten(log.readAll({ prefixes: ['a'] }))
    expect(contents(events)).toEqual(names)
    const after = events[4_300]!.position
    expect(contents(await flatten(log.readAll({ prefixes: ['a'], after })))).toEqual(names.slice(4_301))
    expect(contents(await flatten(log.readAll({ prefixes: ['a'], after: after + 1n })))).toEqual(names.slice(4_301))
  })

  test('without a server a read fails after the deadline, and closing does not wait', async () => {
    const on = await server()
    on.away()
    const log = logOn(on)
    await expect(log.head()).rejects.toBeInstanceOf(LogUnavailable)
    const lost = logOn({ connectionString: `esdb+discover://127.0.0.1:${on.at.port}?tls=false` }, { deadlineMs: 200 })
    await expect(lost.head()).rejects.toThrow(/connecting took longer than 200 ms/)
    await lost.close()
  })

  test('a log that was never used is closed without a search for a server', async () => {
    const on = await server()
    const log = logOn({ connectionString: on.connectionString.replace('esdb://', 'esdb+discover://') })
    await log.close()
    expect(on.calls.gossip).toBe(0)
  })
})
