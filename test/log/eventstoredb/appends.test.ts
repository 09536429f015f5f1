import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { append, contents, eventOf, failure, flatten, logOn, server, stored } from './rig.js'

/** Long enough for an append that is answered, also on a machine that does other things. */
const PATIENCE = { deadlineMs: 1_000 }

describe('appends to a faulty server', () => {
  test('a lost answer is an unknown outcome, and the repeat stores nothing twice', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'a', 'one'))
    on.faults.loseAnswers = 1
    expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    expect(stored(await append(log, 'a', 'two', 'three'))).toEqual({ revision: 2, stored: [false, true] })
    expect(contents(await on.data.streamOf('a'))).toEqual(['one', 'two', 'three'])
  })

  test('an append that is neither stored nor answered fails after the deadline; the repeat stores it', async () => {
    const on = await server()
    const log = logOn(on, PATIENCE)
    stored(await append(log, 'a', 'one'))
    on.faults.swallow = 1
    expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    expect(stored(await append(log, 'a', 'two'))).toEqual({ revision: 1, stored: [true] })
  })

  test('an answer after the deadline is an unknown outcome; one before it is not', async () => {
    const on = await server()
    const log = logOn(on, PATIENCE)
    on.faults.lateMs = 20
    expect(stored(await append(log, 'a', 'one')).revision).toBe(0)
    on.faults.lateMs = PATIENCE.deadlineMs + 200
    expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    on.faults.lateMs = 0
    expect(stored(await append(log, 'a', 'two'))).toEqual({ revision: 1, stored: [false] })
  })

  test('a read-only server answers NotAvailable, and stores the repeat once it may write', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'a', 'one'))
    on.faults.readOnly = true
    for (const each of ['two', 'three']) expect(failure(await append(log, 'a', each)).tag).toBe('NotAvailable')
    on.faults.readOnly = false
    expect(stored(await append(log, 'a', 'two')).revision).toBe(1)
  })

  test('refused credentials are NotAvailable, so no event is dropped', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'a', 'one'))
    on.faults.denies = true
    expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    on.faults.denies = false
    expect(stored(await append(log, 'a', 'two')).revision).toBe(1)
  })

  test('an append to an erased stream is Refused', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'b', 'one'))
    await on.data.tombstone('b')
    expect(failure(await append(log, 'b', 'two'))).toMatchObject({ tag: 'Refused', isErased: true })
    expect(await flatten(log.readStream('b'))).toEqual([])
    expect(stored(await append(log, 'c', 'one')).revision).toBe(0)
  })

  test('a stream whose events a policy has removed is appended to after its last revision', async () => {
    const on = await server()
    stored(await append(logOn(on), 'a', 'one', 'two'))
    await on.data.expire('a')
    expect(stored(await append(logOn(on), 'a', 'three'))).toEqual({ revision: 2, stored: [true] })
  })

  test('a change of leader fails one attempt, and the next goes to the new leader', async () => {
    const first = await server()
    const second = await server({ data: first.data })
    const log = logOn(first)
    stored(await append(log, 'a', 'one'))
    first.faults.leader = second.at
    expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    expect(stored(await append(log, 'a', 'two'))).toEqual({ revision: 1, stored: [true] })
    expect(second.calls.batch).toBeGreaterThan(0)
    expect(contents(await flatten(log.readAll({ prefixes: ['a'] })))).toEqual(['one', 'two'])
  })

  test('after a read has found a new leader, no append fails', async () => {
    const first = await server()
    const second = await server({ data: first.data })
    const log = logOn(first)
    stored(await append(log, 'a', 'one'))
    first.faults.leader = second.at
    await expect(log.head()).rejects.toThrow('Leader info available')
    expect(stored(await append(log, 'new', 'two'))).toEqual({ revision: 0, stored: [true] })
    await log.close()
    await first.idle()
  })

  test('a leader that is named without its address does not end the process', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'a', 'one'))
    Object.assign(on.faults, { leader: on.at, hidesLeader: true })
    for (let i = 0; i < 3; i++) expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    await expect(log.head()).rejects.toThrow('Leader info available')
    on.faults.leader = undefined
    expect(stored(await append(log, 'a', 'two')).revision).toBe(1)
  })

  test('without a leader nothing is written; then the new leader is discovered', async () => {
    const first = await server()
    const second = await server({ data: first.data })
    const log = logOn({ connectionString: `esdb+discover://127.0.0.1:${first.at.port}?tls=false` })
    stored(await append(log, 'a', 'one'))
    for (const each of [first, second]) each.faults.leader = 'nobody'
    expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
    // The first server still claims to lead; only gossip names the new leader.
    first.faults.gossips = second.at
    second.faults.leader = undefined
    let answer = await append(log, 'a', 'two')
    for (let tries = 0; E.isLeft(answer) && tries < 5; tries++) answer = await append(log, 'a', 'two')
    expect(stored(answer).revision).toBe(1)
    expect(second.calls.batch).toBeGreaterThan(0)
  })
})

test('answers in another order are matched with their appends', async () => {
  const on = await server()
  on.faults.reorder = 8
  const entries = Array.from({ length: 8 }, (_, i) => ({
    stream: `s${i}`,
    expected: 'any' as const,
    events: Array.from({ length: i + 1 }, (_, j) => eventOf(`${i} ${j}`)),
  }))
  expect((await logOn(on).append(entries)).map((answer) => stored(answer).revision)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('a call that answers nothing any more is replaced by another', async () => {
  const on = await server()
  const log = logOn(on, PATIENCE)
  stored(await append(log, 'a', 'one'))
  on.faults.stuck = true
  expect(failure(await append(log, 'a', 'two')).tag).toBe('NotAvailable')
  on.faults.stuck = false
  expect(stored(await append(log, 'a', 'two'))).toEqual({ revision: 1, stored: [true] })
  expect(on.calls.batch).toBe(2)
})

test('no more appends are in flight than the limit allows', async () => {
  const entries = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ stream: `s${i}`, expected: 'any' as const, events: [eventOf('x')] }))
  const on = await server()
  on.faults.reorder = 4
  expect((await logOn(on, { inFlightMax: 4 }).append(entries(12))).every(E.isRight)).toBe(true)
  const strict = await server()
  // The server waits for a fifth append before it answers any, and there is none.
  strict.faults.reorder = 5
  expect((await logOn(strict, { inFlightMax: 4, deadlineMs: 150 }).append(entries(4))).every(E.isLeft)).toBe(true)
})

test('facts that two processes store at once, over lost answers and broken calls, are stored once', async () => {
  const delivery = fc.record({
    by: fc.nat({ max: 1 }),
    stream: fc.nat({ max: 2 }),
    facts: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 4 }),
  })
  const fault = fc.constantFrom('none', 'none', 'loseAnswers', 'drop', 'breakReads')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(delivery, fault), { maxLength: 30 }), async (deliveries) => {
      const on = await server()
      const logs = [logOn(on, { idsMax: 12 }), logOn(on, { idsMax: 12 })]
      const until = async ({ by, stream, facts }: (typeof deliveries)[number][0]): Promise<void> => {
        for (let tries = 0; tries < 50; tries++)
          if (E.isRight(await append(logs[by]!, `s${stream}`, ...facts.map(String)))) return
        throw new Error('never stored')
      }
      const underWay: Promise<void>[] = []
      for (const [each, what] of deliveries) {
        if (what === 'loseAnswers') on.faults.loseAnswers += 1
        if (what === 'breakReads') on.faults.breakReads += 1
        if (what === 'drop') on.drop()
        underWay.push(until(each))
        if (underWay.length % 4 === 0) await underWay.at(-1)
      }
      await Promise.all(underWay)
      for (const stream of [0, 1, 2]) {
        const wanted = new Set(deliveries.flatMap(([each]) => (each.stream === stream ? each.facts.map(String) : [])))
        expect([...contents(await on.data.streamOf(`s${stream}`))].sort()).toEqual([...wanted].sort())
      }
      await Promise.all(logs.map((log) => log.close()))
      on.stop()
    }),
    { numRuns: 25 },
  )
}, 60_000)

test('repeats are recognised although hardly any ids are kept', async () => {
  const on = await server()
  const log = logOn(on, { idsMax: 6, idsPerStream: 3 })
  for (let i = 0; i < 20; i++) stored(await append(log, `s${i}`, 'one', 'two'))
  for (let i = 0; i < 20; i++) expect(stored(await append(log, `s${i}`, 'two', 'three')).stored).toEqual([false, true])
})
