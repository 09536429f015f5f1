import { expect, test } from 'vitest'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { runProjector } from '../../../../src/app/pipeline/projector/projector.js'
import { eventStoreDbStore } from '../../../support/eventstoredb/store.js'
import { memorySnapshots } from '../../../support/memory-snapshots.js'
import { generationOf, project, silent, take } from '../../../support/pipeline.js'
import { logOn, memoryServer } from '../../../log/eventstoredb/rig.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const OTHERS = 200_000
const BYTES = 1_000
const PAGE = 1_024
const lines = [...simulate({ seed: 4, fromMs: FROM, hours: 1, queues: 2, agents: 10, emit: 'metric-records' })].map(
  ({ line }) => line,
)

/** A tenant whose log was projected, on a server that tells how much of the log it looks through. */
const projected = async () => {
  const store = eventStoreDbStore()
  const on = await memoryServer({}, store)
  const log = logOn(on)
  await take(log, 't', lines)
  const snapshots = memorySnapshots()
  const run = () => project({ log, tenant: 't', profile: defaultProfile, snapshots })
  await run()
  let pages = 0
  on.faults.scan = {
    records: PAGE,
    turn: () => {
      pages += 1
      return new Promise((resolve) => void setImmediate(resolve))
    },
  }
  const pagesOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = pages
    await work()
    return pages - before
  }
  return { log, store, snapshots, run, pagesOf }
}

test('a restart does not look again through what others have written behind the last event', async () => {
  const { store, run, pagesOf } = await projected()
  store.addOthers('other', OTHERS, BYTES)
  expect(await pagesOf(run)).toBeGreaterThanOrEqual(OTHERS / PAGE)
  expect(await pagesOf(run), 'the second time').toBeLessThan(10)
})

test('how far the log was looked through is kept while nothing is folded, so a crash looks through little again', async () => {
  const { log, store, snapshots, run, pagesOf } = await projected()
  const stop = new AbortController()
  let now = 0
  let kept = (): void => undefined
  const isKept = new Promise<void>((resolve) => (kept = resolve))
  const mostOfIt = (await log.head())! + BigInt(OTHERS * BYTES * 0.75)
  const running = runProjector({
    ...{ tenant: 't', generation: { ...generationOf(defaultProfile), historyThrough: null }, raw: log, kpi: log },
    ...{ snapshots, batchMax: 1_000, untilCaughtUp: false, signal: stop.signal, logger: silent },
    now: () => (now += 30_000),
    onProgress: ({ position }) => {
      if (position > mostOfIt) kept()
    },
  })
  store.addOthers('other', OTHERS, BYTES)
  await isKept
  // What a crash leaves is what the log held at that moment; stopping only adds to it.
  stop.abort()
  await running
  expect(await pagesOf(run)).toBeLessThan(OTHERS / PAGE)
})
