import { expect, test } from 'vitest'
import type { KpiWriter } from '../../../../src/app/pipeline/projector/kpi-writer.js'
import type { ProjectorRun } from '../../../../src/app/pipeline/projector/projector-options.js'
import { RowPublisher, type PublishedFold } from '../../../../src/app/pipeline/projector/row-publisher.js'
import { noSnapshots } from '../../../../src/app/pipeline/projector/snapshots.js'
import type { PublishedRevisions } from '../../../../src/contract/published-revisions.js'

/** How often a batch that ends with so much folded and in memory saves a snapshot. */
const savesAfter = async (
  state: Pick<PublishedFold, 'eventsSinceSave' | 'closedInMemory'>,
  keepsColdStore = true,
): Promise<number> => {
  let saves = 0
  const fold: PublishedFold = {
    ...{ position: 5n, mark: { position: 5n, origin: undefined }, events: state.eventsSinceSave, ...state },
    drain: () => [],
    wasPublished: () => {},
    saveTo: async () => void saves++,
  }
  const run = { snapshots: { ...noSnapshots, keepsColdStore }, now: () => 0, batchMax: 1 } as unknown as ProjectorRun
  const encode = () => ({ events: [] })
  const writer = {
    encode,
    checkpoint: 5n,
    settled: async () => {},
    appendBehind: async () => {},
  } as unknown as KpiWriter
  const published = { rest: async () => new Map(), through: async () => new Map() } as unknown as PublishedRevisions
  await new RowPublisher(run, fold, writer, published).endBatch('settled')
  return saves
}

test('a snapshot is saved after so many events', async () => {
  expect(await savesAfter({ eventsSinceSave: 199_999, closedInMemory: 0 })).toBe(0)
  expect(await savesAfter({ eventsSinceSave: 200_000, closedInMemory: 0 })).toBe(1)
})

test('a snapshot is saved earlier where so many closed cells wait in memory that it would not stay bounded', async () => {
  expect(await savesAfter({ eventsSinceSave: 20_000, closedInMemory: 99_999 })).toBe(0)
  expect(await savesAfter({ eventsSinceSave: 20_000, closedInMemory: 100_000 })).toBe(1)
})

test('closed cells that a snapshot does not release from memory do not make one follow the other', async () => {
  expect(await savesAfter({ eventsSinceSave: 2_000, closedInMemory: 150_000 })).toBe(0)
  expect(await savesAfter({ eventsSinceSave: 20_000, closedInMemory: 150_000 }, false)).toBe(0)
})
