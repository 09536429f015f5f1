import { expect, test } from 'vitest'
import { projectionStatus } from '../../src/app/operations/generations/generation-status.js'
import { promoteGeneration } from '../../src/app/operations/generations/promotion.js'
import { rebuild, type RebuildOptions } from '../../src/app/operations/generations/rebuild.js'
import { readGenerations, type SavedScope } from '../../src/app/pipeline/generations.js'
import { singleLog } from '../../src/app/pipeline/logs/logs.js'
import { runLiveProjector } from '../../src/app/pipeline/projector/projector-stage.js'
import { latestRows } from '../../src/contract/kpi-stream/latest.js'
import { HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { appendTick } from '../../src/ingress/clock.js'
import type { EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { simulate } from '../../src/simulator/simulate.js'
import { chance } from '../support/chance.js'
import { Crash, Life } from '../support/mortal.js'
import { silent, take } from '../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const other: Profile = { ...defaultProfile, version: 2, quantiles: ['tAnswered', 'tHandle'] }
const lines = [
  ...simulate({ seed: 8, fromMs: FROM, hours: 1, queues: 2, agents: 10, callsPerHour: 10, reorder: 0.1 }),
].map(({ line }) => line)

const bytesOf = async (log: EventLog, name: string): Promise<ReadonlyMap<string, string>> =>
  new Map([...(await latestRows(log, 't', name))].map(([key, { avro }]) => [key, Buffer.from(avro).toString('base64')]))

const common = (log: EventLog, batchMax: number) => ({
  ...{ tenant: 't', logs: singleLog(log), data: undefined, raw: log, batchMax, untilCaughtUp: true },
  ...{ signal: new AbortController().signal, logger: silent, now: () => 0 },
})

/** Lives of processes that do the work, each until it dies, until one of them has done it. Answers how many died. */
const untilDone = async (
  log: EventLog,
  random: ReturnType<typeof chance>,
  work: (log: EventLog) => Promise<unknown>,
): Promise<number> => {
  for (let deaths = 0; deaths < 200; deaths++) {
    const life = new Life(1 + random.below(2), random.oneOf(['before', 'after']))
    try {
      await work(life.log(log))
      return deaths
    } catch (cause) {
      if (!(cause instanceof Crash)) throw cause
      await life.settled()
    }
  }
  throw new Error('it does not come to an end')
}

test.each<[number, SavedScope | undefined]>([
  [1, undefined],
  [2, { from: FROM + 15 * MINUTE_MS, families: ['queue', 'agent-state'] }],
  [3, { to: FROM + 30 * MINUTE_MS }],
])(
  'a rebuild and a promotion that die at any write go on in the next process, and end as in one that lives (seed %i)',
  async (seed, scope) => {
    const random = chance(seed)
    const log = memoryLog()
    await take(log, 't', lines.slice(0, 900))
    await appendTick(log, 't', FROM + 30 * MINUTE_MS)
    await runLiveProjector({ ...common(log, 100), profile: defaultProfile })
    const calm = await rebuild({ ...common(log, 100), profile: other, scope, promote: false })

    let deaths = await untilDone(log, random, async (mortal) => {
      const { generations } = await projectionStatus({ logs: singleLog(log), tenant: 't', data: undefined })
      const begun = generations.find(({ generation }) => generation.name === 'g3')
      const options: RebuildOptions = { ...common(mortal, random.oneOf([5, 20])), profile: other, promote: false }
      return rebuild(begun === undefined ? { ...options, scope } : { ...options, resume: 'g3' })
    })
    expect(await bytesOf(log, 'g3')).toEqual(await bytesOf(log, calm.generation.name))

    await take(log, 't', lines.slice(900))
    await appendTick(log, 't', FROM + 2 * HOUR_MS)
    deaths += await untilDone(log, random, async (mortal) => {
      if ((await readGenerations(log, 't')).live === 'g3') return // it died when that was noted
      await promoteGeneration({ ...common(mortal, 10), name: 'g3', publish: 'differences', told: {} })
    })
    expect(deaths).toBeGreaterThan(2)
    const state = await readGenerations(log, 't')
    expect(state).toMatchObject({ live: 'g3', promotions: 2 })
    await promoteGeneration({ ...common(log, 100), name: calm.generation.name, publish: 'all', told: {} })
    expect(await bytesOf(log, 'g3')).toEqual(await bytesOf(log, calm.generation.name))
  },
)
