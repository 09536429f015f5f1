import { pino } from 'pino'
import { expect, test } from 'vitest'
import { GaveUp, retrying, type Lost, type RetryOptions } from '../../../src/app/pipeline/retry.js'
import { LogDamaged, LogUnavailable } from '../../../src/log/event-log.js'

const NEVER = new AbortController().signal

/** Runs attempts one after the other; the lines of the log at level info and above. */
const attempts = async (...all: readonly ((works: () => void) => Promise<{ kind: 'done' } | Lost>)[]) => {
  const lines: { level: number; msg: string; since?: string; lostMs?: number }[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  let time = 0
  let at = 0
  const end = await retrying<{ kind: 'done' }>(
    { what: 'egress kafka', backoff: { firstMs: 1, maxMs: 1 }, signal: NEVER, logger, now: () => (time += 1_000) },
    (works) => (all[at++] as (typeof all)[number])(works),
  )
  return { end, lines }
}

const lost = (): Promise<Lost> => Promise.resolve({ kind: 'lost', cause: new Error('away') })
const done = (works: () => void): Promise<{ kind: 'done' }> => (works(), Promise.resolve({ kind: 'done' }))

test('what is lost and comes back is told in one line each, with since when, however many attempts it took', async () => {
  const { end, lines } = await attempts(lost, lost, lost, lost, done)
  expect(end).toEqual({ kind: 'done' })
  expect(lines.map(({ msg }) => msg)).toEqual([
    'egress kafka: lost, trying again until it is back',
    'egress kafka: back',
  ])
  expect(lines[1]).toMatchObject({ since: new Date(1_000).toISOString(), lostMs: 1_000 })
})

test('an attempt that worked and is lost later is told of again', async () => {
  const works = (report: () => void): Promise<Lost> => (report(), lost())
  const { lines } = await attempts(lost, works, done)
  expect(lines.map(({ msg }) => msg.replace('egress kafka: ', '').replace(/,.*/, ''))).toEqual([
    'lost',
    'back',
    'lost',
    'back',
  ])
})

test('a log that is unavailable is tried again; one that is damaged is refused with its message', async () => {
  const unavailable = (): Promise<never> => Promise.reject(new LogUnavailable('away'))
  expect((await attempts(unavailable, done)).end).toEqual({ kind: 'done' })
  const damaged = (): Promise<never> => Promise.reject(new LogDamaged('restore block 7'))
  expect((await attempts(damaged)).end).toEqual({ kind: 'refused', reason: 'restore block 7' })
})

test('an error that nobody expected is thrown', async () => {
  await expect(attempts(() => Promise.reject(new Error('a mistake')))).rejects.toThrow('a mistake')
})

test('pauses double up to their limit, with jitter from the generator that is handed in', async () => {
  const lines: { delayMs?: number }[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const chances = [0, 1, 0.5, 0, 1]
  let at = 0
  await retrying<{ kind: 'done' }>(
    {
      ...{ what: 'egress', signal: NEVER, logger, now: () => 0 },
      backoff: { firstMs: 4, maxMs: 16 },
      random: () => chances[at++] ?? 0,
    },
    (works) => (at < chances.length ? lost() : done(works)),
  )
  expect(lines.flatMap(({ delayMs }) => delayMs ?? [])).toEqual([2, 8, 12, 8, 16])
})

test('a destination that says when to come back is not tried before', async () => {
  const lines: { delayMs?: number }[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const waits = [30, 0]
  await retrying<{ kind: 'done' }>(
    { what: 'egress', signal: NEVER, logger, now: () => 0, backoff: { firstMs: 4, maxMs: 16 }, random: () => 1 },
    async (works) => {
      const retryAfterMs = waits.shift()
      return retryAfterMs === undefined ? done(works) : { ...(await lost()), retryAfterMs }
    },
  )
  expect(lines.flatMap(({ delayMs }) => delayMs ?? [])).toEqual([30, 8])
})

test('where a limit is given it gives up, with how long it was lost and the last cause', async () => {
  let time = 0
  const options: RetryOptions = {
    ...{ what: 'egress kafka', signal: NEVER, now: () => (time += 1_000) },
    backoff: { firstMs: 1, maxMs: 1, giveUpAfterMs: 3_000 },
    logger: pino({ level: 'silent' }),
  }
  const ended = retrying<{ kind: 'done' }>(options, lost)
  await expect(ended).rejects.toBeInstanceOf(GaveUp)
  await expect(ended).rejects.toThrow(/egress kafka: given up after \d+ ms: away/)
})
