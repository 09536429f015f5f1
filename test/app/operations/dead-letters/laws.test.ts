import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { letterStates } from '../../../../src/app/operations/dead-letters/decisions.js'
import { discardDeadLetters } from '../../../../src/app/operations/dead-letters/discard.js'
import { exportedLetter } from '../../../../src/app/operations/dead-letters/export.js'
import { countLetters, listLetters, type DecidedLetter } from '../../../../src/app/operations/dead-letters/listing.js'
import { reasons, remedyOf } from '../../../../src/app/operations/dead-letters/remedies.js'
import { retryDeadLetters } from '../../../../src/app/operations/dead-letters/retry.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { HOUR_MS } from '../../../../src/domain/interval.js'
import { deadLetterStream } from '../../../../src/domain/stream-name.js'
import { deadLetter } from '../../../../src/ingress/dead-letter.js'
import { ingest } from '../../../../src/ingress/ingest.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { lawRuns } from '../../../support/law-runs.js'
import { Life } from '../../../support/mortal.js'

const T = 't'
const AT = Date.parse('2026-01-05T06:00:00Z')
const usable = [...simulate({ seed: 3, fromMs: AT, hours: 1, queues: 1, agents: 3 })]
  .slice(0, 12)
  .map(({ line }) => line)
const junk = ['not json', '{"a": 1}', '[', '{"topicName": 7}']

/** Letters that this version can use (an earlier one could not), and letters that nobody can. */
const withLetters = async (log: EventLog): Promise<void> => {
  const origin = { tenant: T, source: 'test', receivedAt: AT }
  const events = usable.map(
    (line) =>
      deadLetter(Buffer.from(line), { reason: 'unknown-topic', detail: 'not known yet' }, origin, 'ingress').event,
  )
  await log.append([{ stream: deadLetterStream(T), expected: 'any', events }])
  await ingest(
    log,
    junk.map((text) => Buffer.from(text)),
    origin,
  )
}

const all = async (log: EventLog): Promise<readonly DecidedLetter[]> => {
  const letters: DecidedLetter[] = []
  for await (const letter of listLetters(singleLog(log), T)) letters.push(letter)
  return letters
}

const storedEvents = async (log: EventLog): Promise<number> => {
  let events = 0
  for await (const batch of log.readAll({ prefixes: [`${T}.0`, `${T}.1`, `${T}.2`, `${T}.3`] })) events += batch.length
  return events
}

type Step = Readonly<{ kind: 'retry' | 'discard'; reason: string | undefined; nth: number | undefined; writes: number }>

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('retry', 'discard'),
  reason: fc.constantFrom(undefined, 'unknown-topic', 'malformed-json'),
  nth: fc.option(fc.nat(15), { nil: undefined }),
  writes: fc.constantFrom(1, 2, 3, 100),
})

const take = async (log: EventLog, { kind, reason, nth, writes }: Step): Promise<void> => {
  const life = new Life(writes, writes % 2 === 0 ? 'before' : 'after')
  const mortal = life.log(log)
  const ids = nth === undefined ? undefined : (await all(log)).map(({ id }) => id).slice(nth, nth + 1)
  const filter = { reason, ...(ids !== undefined && ids.length > 0 && { ids }) }
  const common = { logs: singleLog(mortal), tenant: T, filter, by: 'ana', now: () => AT }
  const working: Promise<unknown> =
    kind === 'retry'
      ? retryDeadLetters({ ...common, log: mortal })
      : discardDeadLetters({ ...common, why: 'not needed', dryRun: false })
  // A process may die in the middle of it.
  await working.catch(() => undefined)
}

describe('dead letters', () => {
  test('law: whatever is retried and discarded, and whoever dies meanwhile, each is in one state and none is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 6 }), async (steps) => {
        const log = memoryLog()
        await withLetters(log)
        const before = await all(log)
        for (const step of steps) await take(log, step)
        const letters = await all(log)
        expect(letters.map(({ id, raw }) => [id, Buffer.from(raw).toString()])).toEqual(
          before.map(({ id, raw }) => [id, Buffer.from(raw).toString()]),
        )
        const counts = await countLetters(singleLog(log), T)
        expect(counts.reduce((sum, { letters: own }) => sum + own, 0)).toBe(letters.length)
        const retried = letters.filter(({ state }) => state === 'retried')
        for (const { note } of retried) expect(note.reason).toBe('unknown-topic')
        // What is marked as retried is in the log; what is in the log besides comes from a retry that died.
        expect(await storedEvents(log)).toBeGreaterThanOrEqual(retried.length)
        const discarded = letters.filter(({ state }) => state === 'discarded').map(({ id }) => id)
        await retryDeadLetters({ logs: singleLog(log), tenant: T, log, by: 'ben', now: () => AT })
        if (discarded.length > 0)
          await retryDeadLetters({
            ...{ logs: singleLog(log), tenant: T, log, by: 'ben', now: () => AT },
            filter: { ids: discarded },
          })
        const states = new Map((await all(log)).map(({ note, id, state }) => [id, `${note.reason} ${state}`]))
        expect([...states.values()].filter((each) => each === 'unknown-topic retried')).toHaveLength(usable.length)
        expect(await storedEvents(log)).toBe(usable.length)
        await log.close()
      }),
      lawRuns(60),
    )
  })

  test('an export goes in elsewhere with the identity of its first delivery', async () => {
    const [log, elsewhere] = [memoryLog(), memoryLog()]
    await withLetters(log)
    const origin = { tenant: T, source: 'file', receivedAt: AT + HOUR_MS }
    const letters = (await all(log)).filter(({ note }) => note.reason === 'unknown-topic')
    const lines = letters.map((letter) => Buffer.from(JSON.stringify(exportedLetter(letter, T))))
    expect(await ingest(elsewhere, lines, origin)).toMatchObject({ stored: usable.length, deadLettered: 0 })
    const again = await ingest(
      elsewhere,
      usable.map((line) => Buffer.from(line)),
      origin,
    )
    expect(again).toMatchObject({ stored: 0, duplicate: usable.length })
  })

  test('a discarded one says by whom and why, and comes back only by its id', async () => {
    const log = memoryLog()
    await withLetters(log)
    const common = { logs: singleLog(log), tenant: T, now: () => AT }
    const discarding = { ...common, filter: { reason: 'unknown-topic' }, by: 'ana', why: 'a test', dryRun: false }
    expect(await discardDeadLetters({ ...discarding, dryRun: true })).toMatchObject({ discarded: usable.length })
    expect((await all(log)).every(({ state }) => state === 'open')).toBe(true)
    await discardDeadLetters(discarding)
    const [letter] = (await all(log)).filter(({ state }) => state === 'discarded')
    expect(letter?.decision).toEqual({ state: 'discarded', by: 'ana', why: 'a test', at: '2026-01-05T06:00:00.000Z' })
    expect(await retryDeadLetters({ ...common, log, by: 'ben' })).toMatchObject({ usable: 0, stored: 0 })
    const named = { ids: [letter?.id.slice(0, 13) ?? ''] }
    expect(await retryDeadLetters({ ...common, log, by: 'ben', filter: named })).toMatchObject({ usable: 1, stored: 1 })
    // It is in the log now, so it cannot be discarded any more.
    expect(await discardDeadLetters({ ...discarding, filter: named })).toMatchObject({ discarded: 0, retried: 1 })
  })

  test('every reason says what it means and what to do; no letter of a projector is retried', () => {
    for (const reason of reasons) {
      expect(remedyOf(reason, 'ingress').remedy).not.toBe('')
      expect(remedyOf(reason, 'projector').retry).toBe(false)
    }
    expect(remedyOf('of-a-later-version', 'ingress')).toMatchObject({ retry: true })
    expect(letterStates).toEqual(['open', 'retried', 'discarded'])
  })
})
