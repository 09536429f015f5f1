import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StreamAppend } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { append, contents, eventOf, failure, flatten, logOn, server, stored } from './rig.js'

/** An append to each of this many streams that were never written. */
const toNew = (
  prefix: string,
  count: number,
  expected: StreamAppend['expected'] = 'no-stream',
): readonly StreamAppend[] =>
  Array.from({ length: count }, (_, i) => ({ stream: `${prefix}${i}`, expected, events: [eventOf(`${prefix}${i}`)] }))

const toAny = (stream: string, ...texts: string[]): StreamAppend => ({
  stream,
  expected: 'any',
  events: texts.map((text) => eventOf(text)),
})

describe('streams that may be new', () => {
  test('are not read first: one request for the head serves all entries of a call', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'first', 'one'))
    for (const expected of ['any', 'no-stream', -1] as const) {
      const before = on.calls.read
      const answers = await log.append(toNew(`new ${expected} `, 40, expected))
      expect(answers.map(stored)).toEqual(Array.from({ length: 40 }, () => ({ revision: 0, stored: [true] })))
      expect(on.calls.read - before).toBe(1)
    }
    // The answers have told their heads.
    expect(stored(await append(log, 'new -1 7', 'new -1 7', 'more'))).toEqual({ revision: 1, stored: [false, true] })
  })

  test('may hold the same events already: then nothing is reported as new, whoever stored them', async () => {
    const on = await server()
    const [log, other] = [logOn(on), logOn(on)]
    stored(await append(log, 'first', 'one'))
    ;(await other.append(toNew('s', 10))).forEach(stored)
    const old = Array.from({ length: 10 }, () => false)
    expect((await log.append(toNew('s', 11))).map((answer) => stored(answer).stored[0])).toEqual([...old, true])
    const third = logOn(on)
    stored(await append(third, 'first', 'two'))
    expect((await third.append(toNew('s', 12, 'any'))).map((answer) => stored(answer).stored[0])).toEqual([
      ...old,
      false,
      true,
    ])
    expect((await on.data.all()).filter(({ stream }) => stream.startsWith('s'))).toHaveLength(12)
  })

  test('may hold other events: with any revision, new events are stored after them', async () => {
    const on = await server()
    const [log, other] = [logOn(on), logOn(on)]
    stored(await append(log, 'first', 'one'))
    stored(await append(other, 's', 'theirs', 'too'))
    const appends = [toAny('s', 'theirs', 'mine'), toAny('next', 'mine too')]
    expect((await log.append(appends)).map(stored)).toEqual([
      { revision: 2, stored: [false, true] },
      { revision: 0, stored: [true] },
    ])
    expect(contents(await flatten(log.readAll()))).toEqual(['one', 'theirs', 'too', 'mine too', 'mine'])
  })

  test('may hold other events: with no-stream, the append fails and stores nothing', async () => {
    const on = await server()
    const [log, other] = [logOn(on), logOn(on)]
    stored(await append(log, 'first', 'one'))
    stored(await append(other, 's', 'theirs', 'too'))
    const [answer] = await log.append([{ stream: 's', expected: 'no-stream', events: [eventOf('mine')] }])
    expect(failure(answer!)).toEqual({ tag: 'WrongExpectedRevision', stream: 's', expected: 'no-stream', actual: 1 })
    expect(contents(await on.data.streamOf('s'))).toEqual(['theirs', 'too'])
  })

  test('may have held events that a policy has removed, or be erased', async () => {
    const on = await server()
    const [log, other] = [logOn(on), logOn(on)]
    stored(await append(log, 'first', 'one'))
    for (const stream of ['old', 'erased']) stored(await append(other, stream, 'one', 'two'))
    await on.data.expire('old')
    await on.data.tombstone('erased')
    const [old, erased] = await log.append(
      ['old', 'erased'].map((stream) => ({ stream, expected: -1, events: [eventOf('new')] })),
    )
    expect(failure(old!)).toMatchObject({ tag: 'WrongExpectedRevision', actual: 1 })
    expect(failure(erased!)).toMatchObject({ tag: 'Refused', isErased: true })
    const [oldToo, erasedToo] = await log.append([toAny('old', 'new'), toAny('erased', 'new')])
    expect(stored(oldToo!)).toEqual({ revision: 2, stored: [true] })
    expect(failure(erasedToo!)).toMatchObject({ tag: 'Refused', isErased: true })
  })

  test('are read first if the user may not read $all', async () => {
    const on = await server()
    on.faults.deniesAll = true
    const [log, other] = [logOn(on), logOn(on)]
    stored(await append(log, 'first', 'one'))
    stored(await append(other, 's', 's'))
    expect((await log.append([toAny('s', 's'), toAny('t', 't')])).map((answer) => stored(answer).stored)).toEqual([
      [false],
      [true],
    ])
    await expect(log.head()).rejects.toThrow('Access Denied')
  })

  test('after a lost answer the repeat is not reported as new', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'first', 'one'))
    on.faults.loseAnswers = 1
    expect(failure((await log.append(toNew('s', 1)))[0]!).tag).toBe('NotAvailable')
    expect(stored((await log.append(toNew('s', 1)))[0]!)).toEqual({ revision: 0, stored: [false] })
  })
})

test('several writers get the answers of one memory log; a single writer also gets its order', async () => {
  const entry = fc.record({
    stream: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    expected: fc.constantFrom('any', 'any', 'no-stream', 'no-stream', -1, 0, 1, 2),
    facts: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
  })
  const call = fc.record({ by: fc.constantFrom(0, 1, 2), entries: fc.array(entry, { minLength: 1, maxLength: 5 }) })
  const calls = fc.record({ made: fc.array(call, { maxLength: 25 }), isAlone: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(calls, async ({ made, isAlone }) => {
      const on = await server()
      const model = memoryLog()
      const logs = [logOn(on), logOn(on, { idsMax: 3 }), logOn(on, { idsMax: 1, idsPerStream: 100 })]
      for (const { by, entries } of made) {
        const appends = entries.map(({ stream, expected, facts }): StreamAppend => {
          return {
            stream,
            expected: expected as StreamAppend['expected'],
            events: facts.map((fact) => eventOf(`${fact}`)),
          }
        })
        expect(await logs[isAlone ? 0 : by]!.append(appends)).toEqual(await model.append(appends))
      }
      const told = async (log: (typeof logs)[number]) => {
        const events = (await flatten(log.readAll())).map(
          ({ stream, revision, data }) => `${stream} ${revision} ${Buffer.from(data).toString()}`,
        )
        return isAlone ? events : events.sort()
      }
      expect(await told(logs[0]!)).toEqual(await told(model))
      await Promise.all(logs.map((log) => log.close()))
      on.stop()
    }),
    { numRuns: 60 },
  )
}, 120_000)
