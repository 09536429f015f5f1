import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ascendingContentId, ascendingIds } from '../../../src/log/content-id.js'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { openStore } from '../../../src/log/embedded/lmdb/store.js'
import type { NewEvent } from '../../../src/log/event-log.js'
import { uuidText } from '../../../src/log/embedded/format/uuid.js'
import { scratchDirectory } from './child-process.js'

const eventWith = (id: string): NewEvent => ({
  ...{ id, type: 'Row.queue', metadata: Buffer.from('{}') },
  data: Buffer.from(id),
})

/** Batches of rows as a projector makes them: the ids of a batch ascend, and follow those of the batch before. */
const batchOf = (batch: number, events: number): readonly NewEvent[] => {
  const idAt = ascendingIds(batch, 'rows', 'acme', 'g1')
  return Array.from({ length: events }, (_, i) => eventWith(idAt(i)))
}

const randomlyNamed = (events: number): readonly NewEvent[] =>
  Array.from({ length: events }, (_, i) => eventWith(uuidText(createHash('sha256').update(`${i}`).digest(), 0)))

const overflowKeys = async (dir: string): Promise<number> => {
  const store = openStore(dir, 'read')
  const keys = store.overflow.getKeysCount({})
  await store.env.close()
  return keys
}

test('a stream whose ids ascend has two index keys a block beyond its entry, and every repeat is recognised', async () => {
  const dir = await scratchDirectory()
  const batches = [1, 2, 3, 5].map((batch) => batchOf(batch, 500))
  let log = await openEmbeddedLog({ dir, mode: 'writer' })
  const append = (events: readonly NewEvent[]) => log.append([{ stream: 'rows', expected: 'any', events }])
  for (const batch of batches) await append(batch)
  for (const reopened of [false, true]) {
    if (reopened) {
      await log.close()
      expect(await overflowKeys(dir)).toBe(2 * batches.length)
      log = await openEmbeddedLog({ dir, mode: 'writer' })
    }
    for (const batch of batches)
      expect(await append(batch)).toMatchObject([{ right: { revision: 1_999, stored: batch.map(() => false) } }])
  }
  // Ids between those of two batches are new, and so are those beyond a batch's last.
  expect(await append([...batchOf(4, 3), ...batchOf(3, 502)])).toMatchObject([
    { right: { revision: 2_004, stored: [true, true, true, ...batches[2]!.map(() => false), true, true] } },
  ])
  await log.close()
})

test('a stream whose ids ascend but for the checkpoints of its batches has a key for these and not for each row', async () => {
  const dir = await scratchDirectory()
  const mark = (batch: number, what: string): NewEvent => eventWith(ascendingContentId(batch, what, `${batch}`))
  const batches = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => [mark(n, 'began'), ...batchOf(n, 300), mark(n, 'checkpoint')])
  let log = await openEmbeddedLog({ dir, mode: 'writer' })
  const append = (events: readonly NewEvent[]) => log.append([{ stream: 'rows', expected: 'any', events }])
  for (const batch of batches) await append(batch)
  await log.close()
  expect(await overflowKeys(dir)).toBeLessThanOrEqual(6 * batches.length)
  log = await openEmbeddedLog({ dir, mode: 'writer' })
  for (const batch of batches)
    expect(await append(batch)).toMatchObject([{ right: { revision: 2_415, stored: batch.map(() => false) } }])
  await log.close()
})

test('a stream whose ids are in no order recognises every repeat, also after it is opened again', async () => {
  const dir = await scratchDirectory()
  const events = randomlyNamed(300)
  let log = await openEmbeddedLog({ dir, mode: 'writer' })
  const append = (some: readonly NewEvent[]) => log.append([{ stream: 'user', expected: 'any', events: some }])
  await append(events.slice(0, 200))
  await append(batchOf(9, 50))
  await log.close()
  log = await openEmbeddedLog({ dir, mode: 'writer' })
  expect(await append(events)).toMatchObject([{ right: { revision: 349, stored: events.map((_, i) => i >= 200) } }])
  expect(await append(batchOf(9, 50))).toMatchObject([{ right: { revision: 349 } }])
  await log.close()
})

test('a few random ids that ascend by chance have a key each: a run of them would be as wide as all ids', async () => {
  const dir = await scratchDirectory()
  const log = await openEmbeddedLog({ dir, mode: 'writer' })
  const append = (some: readonly NewEvent[]) => log.append([{ stream: 'user', expected: 'any', events: some }])
  const inEntry = 64
  await append(randomlyNamed(inEntry))
  const ascending = randomlyNamed(100)
    .slice(inEntry)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  await append(ascending)
  expect(await append(ascending)).toMatchObject([{ right: { stored: ascending.map(() => false) } }])
  await log.close()
  expect(await overflowKeys(dir)).toBe(1 + ascending.length)
})
