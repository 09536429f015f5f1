import { expect, test } from 'vitest'
import { journaled } from '../../../src/app/operations/journal/journaled.js'
import { readOperations } from '../../../src/app/operations/journal/read-operations.js'
import type { Logs } from '../../../src/app/pipeline/logs/logs.js'
import { publicationEvent } from '../../../src/app/pipeline/egress/publications/publication.js'
import { operationsStream, publicationsStream } from '../../../src/domain/stream-name.js'
import { logProgress } from '../../../src/egress/at-least-once/progress-store.js'
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

test('a copy takes the progress along that a sink keeps in the log, between folder and server', async () => {
  const [source, server, back] = [await embedded(), singleLog(memoryLog()), await embedded()]
  await take(await source.raw('writer'), T, lines.slice(0, 20))
  const stream = publicationsStream(T, 'queue')
  const began = { type: 'RecordingBegan', generation: 'g1', through: 41, at: '2026-01-05T06:00:00.000Z' } as const
  const published = await source.publications('queue', 'writer')
  await published.append([{ stream, expected: 'any', events: [publicationEvent(stream, began)] }])
  const progressIn = (logs: Logs) =>
    logProgress({
      ...{ tenant: T, sink: 'queue', reading: () => logs.control('reader') },
      changing: (work) => logs.changingControl(work),
    })
  const owner = { id: 'an instance', host: 'here', pid: 1 }
  for (const revision of [40, 41]) {
    const { revision: expected } = revision === 40 ? { revision: -1 } : await progressIn(source).last()
    await progressIn(source).append(expected, { owner, place: 'a queue', progress: { generation: 'g1', revision } })
  }
  expect(await copied(source, server)).toMatchObject({ kind: 'copied', differences: [] })
  expect(await copiedInto(server, back)).toMatchObject({ kind: 'copied', differences: [] })
  const there = { revision: 1, entry: { owner, place: 'a queue', progress: { generation: 'g1', revision: 41 } } }
  expect(await progressIn(server).last()).toEqual(there)
  expect(await progressIn(back).last()).toEqual(there)
})
