import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  batchReader,
  ownReader,
  pooledReader,
  type BatchReader,
} from '../../../src/app/operations/imports/batch-reader.js'
import { importFile } from '../../../src/app/operations/imports/import-events.js'
import { WorkerDied } from '../../../src/app/workers/worker-pool.js'
import { contentId } from '../../../src/log/content-id.js'
import type { RecordedEvent } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { bodies, eventBridge } from '../../ingress/envelopes.js'
import { allEvents } from '../../ingress/log-content.js'
import { ofMany } from '../../ingress/wrapped.js'

const fromMs = Date.parse('2026-01-05T06:00:00Z')
const now = (): number => fromMs + 86_400_000
const running = new AbortController().signal

const { template, id, body } = bodies.metrics
const event = eventBridge(template, id, body)
/** Lines that are read otherwise than most, among those of a simulated morning. */
const unusual = [
  '{"broken": ',
  '{"topicName":"no topic at all","eventBody":{}}',
  JSON.stringify({ ...event, 'detail-type': 'v2.users.{id}.presence' }),
  JSON.stringify(eventBridge('v2.something.new.{id}.happened', id, { any: 'thing' })),
  JSON.stringify(eventBridge('v2.analytics.flow.{id}.metrics', '11112222-3333-4444-8555-666677778888', body)),
  JSON.stringify(eventBridge(template, id, { ...body, value: 'much' })),
  ofMany['SQS messages'](JSON.stringify(event), JSON.stringify(eventBridge(template, id, { ...body, recordId: 'x' }))),
  JSON.stringify(eventBridge(template, id, { ...body, remote: 'Müller "the\u0001second"' })),
]

/** Some batches of 2,000 events; every thousandth line is an unusual one. */
const lines = [...simulate({ seed: 3, fromMs, hours: 2, queues: 4, agents: 40, envelope: 'mixed', duplicates: 0.05 })]
  .map(({ line }) => line)
  .flatMap((line, i) => (i % 1_000 === 999 ? [line, unusual[(i - 999) / 1_000] ?? '[]'] : [line]))
  .concat(unusual)

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamvane-import-workers-'))
  file = join(folder, 'morning.ndjson.gz')
  writeFileSync(file, gzipSync(lines.join('\n')))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const readers: BatchReader[] = []
const withWorkers = (workers: number): BatchReader => {
  const reader = batchReader(workers)
  readers.push(reader)
  return reader
}
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.close()
})

const imported = async (reader: BatchReader, log = memoryLog(), signal = running) => {
  const { receipt } = await importFile({ log, tenant: 'acme', file, now, signal, reader })
  return { receipt, events: (await allEvents(log)).map(lineOf) }
}

/** All of an event in one line: lines are compared quickly. */
const lineOf = ({ stream, revision, id: eventId, type, data, metadata }: RecordedEvent): string =>
  `${stream} ${revision} ${eventId} ${type} ${contentId(data)} ${Buffer.from(metadata).toString()}`
const isTick = (line: string): boolean => line.includes(' ClockTicked ')

describe('an import with worker threads', () => {
  test(
    'stores the same events in the same order and reports the same, with any number of them',
    { timeout: 60_000 },
    async () => {
      expect(lines.length).toBeGreaterThan(4_000)
      const expected = await imported(ownReader)
      expect(expected.receipt.deadLettered).toBeGreaterThan(3)
      expect(expected.receipt.contradictory).toBeGreaterThan(0)
      for (const workers of [1, 3]) expect(await imported(withWorkers(workers))).toEqual(expected)
    },
  )

  test('goes on without a thread that died', async () => {
    const run = () => Promise.reject(new WorkerDied('a worker thread ended (exit code 9)'))
    const dying = pooledReader({ size: () => 1, run, close: () => Promise.resolve() })
    expect(await imported(dying)).toEqual(await imported(ownReader))
  })

  test('that is stopped has stored the beginning of the file, and takes the rest when it is run again', async () => {
    const stop = new AbortController()
    const log = memoryLog()
    const reader = withWorkers(2)
    const onProgress = (): void => stop.abort()
    await importFile({ log, tenant: 'acme', file, now, signal: stop.signal, reader, onProgress })
    const stored = (await allEvents(log)).map(lineOf).filter((line) => !isTick(line))
    const whole = await imported(ownReader)
    const raw = whole.events.filter((line) => !isTick(line))
    expect(stored.length).toBeGreaterThan(1_000)
    expect(stored.length).toBeLessThan(raw.length)
    expect(stored).toEqual(raw.slice(0, stored.length))
    const again = await imported(reader, log)
    expect(again.receipt).toMatchObject({ contradictory: whole.receipt.contradictory, erased: 0 })
    expect(again.events.filter((line) => !isTick(line))).toEqual(raw)
  })
})
