import { expect, test, vi } from 'vitest'
import { lawRuns } from '../../support/law-runs.js'
import { Violation } from './invariants.js'
import { mutants } from './mutants.js'
import { runSeed, type Happened, type Mutant, type SeedOptions } from './run-seed.js'

vi.mock('node:timers/promises', async () => (await import('./virtual-time.js')).timersPromises)

const SEEDS = 10_000
const SEEDS_FOR_MUTANT = 2_000
const only = process.env['STREAMVANE_KAFKA_SEED']

/** Runs a seed; if it fails, once more, telling what happened. */
const check = async (seed: number, options: SeedOptions = {}): Promise<Happened> => {
  try {
    return await runSeed(seed, options)
  } catch (cause) {
    const lines: string[] = []
    await runSeed(seed, { ...options, tell: (line) => lines.push(line) }).catch(() => {})
    const how = `STREAMVANE_KAFKA_SEED=${seed} npx vitest run test/simulation/kafka-model`
    throw new Error(`seed ${seed}: ${(cause as Error).message}\n${lines.slice(-80).join('\n')}\nAgain: ${how}`, {
      cause,
    })
  }
}

test('under any schedule of crashes, lost answers, zombies and late markers every row arrives once, in order, with its progress', async () => {
  const first = only === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(only)
  const count = only === undefined ? lawRuns(SEEDS).numRuns : 1
  const total: Happened = { steps: 0, commits: 0, crashes: 0, superseded: 0, lost: 0, timedOut: 0 }
  for (let seed = first; seed < first + count; seed++) {
    const happened = await check(seed)
    for (const what of Object.keys(total) as (keyof Happened)[]) total[what] += happened[what]
  }
  console.log(`kafka model: ${count} seeds from ${first}: ${JSON.stringify(total)}`)
  for (const what of Object.keys(total) as (keyof Happened)[])
    if (count >= 100) expect(total[what], what).toBeGreaterThan(0)
}, 600_000)

test('without transactions, under any such schedule, every row arrives, first in order, and comes again as it was', async () => {
  const first = only === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(only)
  const count = only === undefined ? lawRuns(SEEDS / 4).numRuns : 1
  for (let seed = first; seed < first + count; seed++) await check(seed, { delivery: 'at-least-once' })
}, 600_000)

test('without transactions, a sink that does not wait until its rows are appended is found out', async () => {
  const mutant = (): Mutant => ({
    cluster: (cluster) => ({
      ...cluster,
      plainProducer: async (options) => {
        const producer = await cluster.plainProducer(options)
        return { ...producer, send: async (records) => (void producer.send(records).catch(() => {}), []) }
      },
    }),
  })
  const run = async (): Promise<void> => {
    for (let seed = 1; seed <= SEEDS_FOR_MUTANT; seed++) await runSeed(seed, { delivery: 'at-least-once', mutant })
  }
  await expect(run()).rejects.toBeInstanceOf(Violation)
})

test('a seed is the same schedule whenever it is run', async () => {
  const told = async (seed: number): Promise<readonly string[]> => {
    const lines: string[] = []
    await runSeed(seed, { tell: (line) => lines.push(line) })
    return lines
  }
  for (const seed of [1, 2, 3, 4, 5]) expect(await told(seed)).toEqual(await told(seed))
})

test.each(Object.entries(mutants))('a sink that %s is found out', async (_, mutant) => {
  for (let seed = 1; seed <= SEEDS_FOR_MUTANT; seed++)
    try {
      await runSeed(seed, { mutant })
    } catch (cause) {
      expect(cause).toBeInstanceOf(Violation)
      console.log(`found with seed ${seed}: ${(cause as Error).message}`)
      return
    }
  expect.fail(`${SEEDS_FOR_MUTANT} seeds did not find it`)
})
