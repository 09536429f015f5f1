import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { LogUnavailable, NoLog, type EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { patientLog, type Patience } from '../../src/log/patient-log.js'
import { eventOf } from './eventstoredb/rig.js'

/** Every pause takes a second of a clock that only it moves. */
const waiting = (waitMs: number, atPause: (attempt: number) => void = () => undefined) => {
  let now = 0
  const told: string[] = []
  const patience: Patience = {
    waitMs,
    now: () => now,
    pause: async (attempt) => {
      now += 1_000
      atPause(attempt)
    },
    isStopped: () => false,
    away: (since) => void told.push(`away since ${since}`),
    back: () => void told.push('back'),
  }
  return { patience, told }
}

/** A log whose every call fails as long as there are failures left. With `applied`, appends are made all the same. */
const failing = (failures: unknown[], log = memoryLog(), applied = false): EventLog => {
  const unlessFailing = (): void => {
    const cause = failures.shift()
    if (cause !== undefined) throw cause as Error
  }
  return {
    ...log,
    append: async (appends) => {
      const cause = failures.shift()
      if (cause === undefined) return log.append(appends)
      if (applied) await log.append(appends)
      return appends.map(() => E.left({ tag: 'NotAvailable' as const, cause }))
    },
    head: async () => (unlessFailing(), log.head()),
    async *readAll(options) {
      for await (const batch of log.readAll({ ...options, batchMax: 1 })) {
        unlessFailing()
        yield batch
      }
    },
    async *readStreams(prefixes) {
      for (const stream of prefixes)
        for await (const batch of log.readStream(stream, { batchMax: 1 })) {
          unlessFailing()
          yield batch
        }
    },
    async *readStream(stream, options) {
      for await (const batch of log.readStream(stream, { ...options, batchMax: 1 })) {
        unlessFailing()
        yield batch
      }
    },
    erase: async (stream) => {
      const cause = failures.shift()
      return cause === undefined ? log.erase(stream) : E.left({ tag: 'NotAvailable', cause })
    },
  }
}

const away = (): LogUnavailable => new LogUnavailable('away')
const denied = (): LogUnavailable =>
  new LogUnavailable('denied', { cause: Object.assign(new Error('Access Denied'), { code: 7 }) })
const toA = (...texts: readonly string[]) => [{ stream: 'a', expected: 'any' as const, events: texts.map(eventOf) }]
const revisions = async (batches: ReturnType<EventLog['readAll']>): Promise<readonly number[]> => {
  const found: number[] = []
  for await (const batch of batches) found.push(...batch.map(({ revision }) => revision))
  return found
}

describe('a log that is waited for', () => {
  test('is told once it is away and once it is back, with its beginning', async () => {
    const { patience, told } = waiting(60_000)
    const log = patientLog(failing([away(), away()]), patience)
    expect(await log.append(toA('one'))).toEqual([E.right({ revision: 0, stored: [true] })])
    expect(told).toEqual(['away since 0', 'away since 0', 'back'])
  })

  test('appends, reads and erasures go on where they broke off', async () => {
    const held = memoryLog()
    await held.append(toA('0', '1', '2', '3', '4'))
    const broken = () => [undefined, away(), undefined, away(), away(), undefined]
    const read = (failures: unknown[]) => patientLog(failing(failures, held), waiting(60_000).patience)
    expect(await revisions(read(broken()).readAll())).toEqual([0, 1, 2, 3, 4])
    expect(await revisions(read(broken()).readStream('a'))).toEqual([0, 1, 2, 3, 4])
    expect(await revisions(read(broken()).readStream('a', { from: 1, max: 3 }))).toEqual([1, 2, 3])
    expect(await revisions(read(broken()).readStream('a', { backwards: true }))).toEqual([4, 3, 2, 1, 0])
    expect(await read([away()]).head()).toEqual(await held.head())
    expect(await read([away()]).erase('a')).toEqual(E.right({ events: 5 }))
  })

  test('streams that are read one behind the other go on where they broke off, each event once', async () => {
    const held = memoryLog()
    for (const text of ['0', '1', '2'])
      for (const stream of ['b', 'a']) await held.append([{ stream, expected: 'any', events: [eventOf(text)] }])
    const failures = [undefined, away(), undefined, undefined, undefined, away(), away()]
    const { patience, told } = waiting(60_000)
    expect(await revisions(patientLog(failing(failures, held), patience).readStreams(['a', 'b']))).toEqual([
      0, 1, 2, 0, 1, 2,
    ])
    expect(told).toHaveLength(5)
  })

  test('an append whose outcome was unknown is stored once', async () => {
    const held = memoryLog()
    const log = patientLog(failing([away()], held, true), waiting(60_000).patience)
    expect(await log.append(toA('one'))).toEqual([E.right({ revision: 0, stored: [false] })])
    expect(await revisions(held.readAll())).toEqual([0])
  })

  test('no longer than was asked for: then the failure is told as without waiting', async () => {
    const pauses: number[] = []
    const { patience } = waiting(3_000, (attempt) => pauses.push(attempt))
    const log = patientLog(failing(Array.from({ length: 100 }, away)), patience)
    expect(await log.append(toA('one'))).toMatchObject([{ left: { tag: 'NotAvailable' } }])
    expect(pauses).toEqual([0, 1, 2])
    await expect(log.head()).rejects.toThrow('away')
    expect(pauses).toEqual([0, 1, 2])
  })

  test.each([
    ['refused credentials or rights', denied],
    ['a log that does not exist', () => new NoLog('nothing there')],
    ['another error', () => new TypeError('a bug')],
  ])('not for %s: these are told at once', async (_, cause) => {
    const { patience, told } = waiting(60_000)
    await expect(patientLog(failing([cause()]), patience).head()).rejects.toThrow()
    expect(told).toEqual([])
  })

  test('not for an append that is denied or refused', async () => {
    const { patience, told } = waiting(60_000)
    expect(await patientLog(failing([denied()]), patience).append(toA('one'))).toMatchObject([
      { left: { tag: 'NotAvailable' } },
    ])
    expect(
      await patientLog(memoryLog(), patience).append([{ stream: '$a', expected: 'any', events: [] }]),
    ).toMatchObject([{ left: { tag: 'Refused' } }])
    expect(told).toEqual([])
  })

  test('not once the command is stopped', async () => {
    const { patience } = waiting(60_000)
    const log = patientLog(failing([away(), away()]), { ...patience, isStopped: () => true })
    await expect(log.head()).rejects.toThrow('away')
  })
})
