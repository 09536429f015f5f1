import { describe, expect, test } from 'vitest'
import type { SnapshotStore } from '../../src/app/pipeline/projector/snapshots.js'
import { HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { allBuckets } from '../../src/domain/stream-name.js'
import { appendTick } from '../../src/ingress/clock.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { simulate } from '../../src/simulator/simulate.js'
import { chance, type Chance } from '../support/chance.js'
import { memorySnapshots } from '../support/memory-snapshots.js'
import { Crash, Life } from '../support/mortal.js'
import { bookOfLog, everyRevision, expectSameRows } from '../support/pipeline-life.js'
import { generationOf, take } from '../support/pipeline.js'
import { findPointsOnce, mergeOnce } from '../support/shards.js'
import { expectVerified } from '../support/verified.js'

const TENANT = 't'
const FROM = Date.parse('2026-01-05T06:00:00Z')

const simulation = simulate({
  ...{ seed: 9, fromMs: FROM, hours: 1, queues: 2, agents: 25, callsPerHour: 40, envelope: 'mixed' },
  ...{ duplicates: 0.05, reorder: 0.1, lateness: { share: 0.05, maxMs: HOUR_MS } },
})
const deliveries = [...simulation]
const end = Date.parse(simulation.truth().through) + HOUR_MS

/** A machine that runs one process after the other on its own data folder. */
class Machine {
  private lives = 0
  private readonly name: string
  private readonly folders = new Map<string, SnapshotStore>()

  constructor(name: string) {
    this.name = name
  }

  /** Another process: no other has its name. */
  owner(): string {
    return `${this.name}-${(this.lives += 1)}`
  }

  snapshots(bucket: string): SnapshotStore {
    let store = this.folders.get(bucket)
    if (store === undefined) this.folders.set(bucket, (store = memorySnapshots()))
    return store
  }
}

class Cluster {
  readonly log = memoryLog()
  readonly merger = new Machine('merger')
  private readonly machines = ['a', 'b', 'c'].map((name) => new Machine(name))
  private readonly random: Chance
  private readonly profile: Profile
  sent = 0
  deaths = 0

  constructor(random: Chance, profile: Profile) {
    this.random = random
    this.profile = profile
  }

  async feed(): Promise<void> {
    const size = this.random.oneOf([20, 80, 300])
    const batch = deliveries.slice(this.sent, this.sent + size)
    if (batch.length === 0) return
    this.sent += batch.length
    await take(
      this.log,
      TENANT,
      batch.map(({ line }) => line),
    )
    const tick = Math.floor((batch.at(-1)?.deliverAtMs as number) / MINUTE_MS) * MINUTE_MS
    if (this.random.below(3) > 0) await appendTick(this.log, TENANT, tick)
  }

  /** Two processes at once, of which some buckets may be both's. Each may die. */
  async find(): Promise<void> {
    const first = this.random.below(this.machines.length)
    const second = (first + 1) % this.machines.length
    const cut = this.random.below(65)
    const overlap = this.random.oneOf([0, 0, 8, 64])
    await Promise.all([
      this.live((life) => this.work(life, first, allBuckets.slice(0, cut))),
      this.live((life) => this.work(life, second, allBuckets.slice(Math.max(0, cut - overlap)))),
    ])
  }

  async merge(): Promise<void> {
    const snapshots = this.merger.snapshots('')
    await this.live(async (life) => {
      const ended = await mergeOnce(life.log(this.log), {
        ...{ tenant: TENANT, generation: generationOf(this.profile), snapshots: life.snapshots(snapshots) },
      })
      expect(ended).toMatchObject({ kind: 'caught-up' })
    })
  }

  /** Everything is worked off by processes that do not die. */
  async settle(): Promise<void> {
    await appendTick(this.log, TENANT, end)
    const calm = new Life(Infinity, 'after')
    await this.work(calm, 0, allBuckets)
    await this.merge()
  }

  private work(life: Life, machine: number, buckets: readonly string[]): Promise<void> {
    const at = this.machines[machine] as Machine
    return findPointsOnce(life.log(this.log), {
      ...{ tenant: TENANT, generation: generationOf(this.profile), owner: at.owner(), buckets },
      batchMax: this.random.oneOf([7, 60, 1_000]),
      snapshotsOf: (bucket) => life.snapshots(at.snapshots(bucket)),
    })
  }

  private async live(work: (life: Life) => Promise<void>): Promise<void> {
    const life = new Life(1 + this.random.below(this.random.oneOf([3, 30])), this.random.oneOf(['before', 'after']))
    try {
      await work(life)
    } catch (cause) {
      if (!(cause instanceof Crash)) throw cause
      this.deaths += 1
      await life.settled()
    }
  }
}

describe('owners of buckets that die, and that take each other for dead, with a merger that dies', () => {
  test.each(Array.from({ length: 8 }, (_, index) => index + 1))(
    'give the rows of one projector: seed %i',
    async (seed) => {
      const profile: Profile = { ...defaultProfile, points: seed % 2 === 0 ? 'metric-records' : 'detail-events' }
      const random = chance(seed)
      const cluster = new Cluster(random, profile)
      while (cluster.sent < deliveries.length || cluster.deaths < 10)
        await random.oneOf([() => cluster.feed(), () => cluster.find(), () => cluster.find(), () => cluster.merge()])()
      await cluster.settle()
      expectSameRows(await bookOfLog(cluster.log, TENANT, 'g1'), await everyRevision(cluster.log, TENANT, profile))
      await expectVerified(cluster.log, TENANT, generationOf(profile))
    },
  )
})
