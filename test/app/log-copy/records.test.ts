import { expect, test } from 'vitest'
import { journaled } from '../../../src/app/operations/journal/journaled.js'
import { readOperations } from '../../../src/app/operations/journal/read-operations.js'
import type { Logs } from '../../../src/app/pipeline/logs/logs.js'
import { operationsStream } from '../../../src/domain/stream-name.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { take } from '../../support/pipeline.js'
import { copied, copiedInto, embedded, lines, T } from './fixtures.js'

const operated = (logs: Logs, operation: string): Promise<void> =>
  journaled(logs, { tenant: T, operation, by: 'ana', via: 'cli' }, () => Promise.resolve())
const operations = async (logs: Logs): Promise<readonly string[]> =>
  (await readOperations(await logs.control('reader'), T)).map(({ operation, result }) => `${operation} ${result}`)

test('a copy takes the journal along, between folder and server, and keeps what the target has recorded itself', async () => {
  const [source, server, back] = [await embedded(), singleLog(memoryLog()), await embedded()]
  await take(await source.raw('writer'), T, lines.slice(0, 20))
  await operated(source, 'clock tick')
  await operated(server, 'log copy')
  expect(await copied(source, server)).toMatchObject({ kind: 'copied', differences: [] })
  expect(await operations(server)).toEqual(['log copy done', 'clock tick done'])
  await operated(source, 'erase')
  const again = await copied(source, server)
  expect(again).toMatchObject({ kind: 'copied', differences: [], copied: { events: 2 } })
  expect(again.digests.map(({ what }) => what)).toContain(operationsStream(T))
  expect(await copiedInto(server, back)).toMatchObject({ kind: 'copied', differences: [] })
  expect(await operations(back)).toEqual(['log copy done', 'clock tick done', 'erase done'])
  const streams = new Set<string>()
  for await (const batch of (await back.raw('reader')).readAll()) for (const { stream } of batch) streams.add(stream)
  expect([...streams]).not.toContain(operationsStream(T))
})
