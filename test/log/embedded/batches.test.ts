import { expect, test } from 'vitest'
import { ascendingIds } from '../../../src/log/content-id.js'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import { scratchDirectory } from './child-process.js'

test('a reader gets as many events in a batch as it asks for, of raw events too', async () => {
  const dir = await scratchDirectory()
  const log = await openEmbeddedLog({ dir, mode: 'writer' })
  const idAt = ascendingIds(1, 'a')
  const events = Array.from({ length: 6_000 }, (_, i) => ({
    ...{ id: idAt(i), type: 'Seen', metadata: Buffer.from('{}') },
    data: Buffer.alloc(1_100, `${i} `),
  }))
  await log.append([{ stream: 'a', expected: 'any', events }])
  const sizes = async (batches: AsyncIterable<readonly unknown[]>): Promise<readonly number[]> => {
    const found: number[] = []
    for await (const batch of batches) found.push(batch.length)
    return found
  }
  expect(await sizes(log.readAll({ batchMax: 5_000 }))).toEqual([5_000, 1_000])
  expect(await sizes(log.readStream('a', { batchMax: 5_000 }))).toEqual([5_000, 1_000])
  expect(await sizes(log.readAll())).toEqual(Array.from({ length: 6 }, () => 1_000))
  await log.close()
})
