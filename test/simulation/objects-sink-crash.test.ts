import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { objectsSink } from '../../src/egress/objects/sink.js'
import type { Sink, SinkBatch } from '../../src/egress/sink.js'
import { recordsAt } from '../egress/batches.js'
import { KpiLog } from '../egress/objects/kpi-log.js'
import { lawRuns } from '../support/law-runs.js'
import { memoryObjectStore, type MemoryBucket } from '../support/objects/memory-object-store.js'
import { listedIn, manifestIn, rowsOf } from '../support/objects/read-objects.js'

const BATCHES = 4
const running = new AbortController().signal

/** Batches as the egress cuts them: rows, and behind them the markers of their intervals. */
const batchesOf = (log: KpiLog): readonly SinkBatch[] =>
  Array.from({ length: BATCHES }, (_, index) => ({
    records: log.appended(recordsAt(index + 1)),
    progress: { generation: 'g1', revision: (index + 1) * 10 },
  }))

/** A fault at the n-th request from here: before it is done, or, of a put, when it is done and the answer is lost. */
const fault = fc.record({ after: fc.integer({ min: 0, max: 40 }), isDone: fc.boolean() })

/** Of a sink that connects again the answer to its claim is lost: the manifest names it, and it must know itself. */
const LOST_CLAIM = [
  { after: 6, isDone: false },
  { after: 0, isDone: false },
  { after: 0, isDone: true },
]

test('whatever requests fail, and whoever takes over, each version of each interval is listed once, with its object', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 6 }),
      fc.array(fc.integer({ min: 0, max: BATCHES - 1 }), { maxLength: 3 }),
      async (faults, takeOvers) => {
        const [bucket, log]: [MemoryBucket, KpiLog] = [new Map(), new KpiLog()]
        const batches = batchesOf(log)
        const planned = [...faults]
        let requests = 0
        const store = () =>
          memoryObjectStore(bucket, (_, isDone) => {
            if (!isDone) requests += 1
            const [next] = planned
            if (next === undefined || next.after > requests || next.isDone !== isDone) return
            planned.shift()
            requests = 0
            throw new Error('the connection broke')
          })
        const newSink = (): Sink =>
          objectsSink({ name: 'lake', tenant: 'acme', store: store(), intervalRows: log.intervalRows })

        let sink = newSink()
        const left = [...takeOvers]
        for (;;) {
          const connected = await sink.connect(running)()
          if (E.isLeft(connected)) {
            expect(connected.left.tag).toBe('NotConnected')
            continue
          }
          let at = (connected.right?.revision ?? 0) / 10
          for (; at < BATCHES; at++) {
            const taken = left.indexOf(at)
            if (taken >= 0) {
              left.splice(taken, 1)
              const older = sink
              sink = newSink()
              if (E.isLeft(await sink.connect(running)())) break
              const refused = await older.write(batches[at] as SinkBatch, running)()
              expect(E.isLeft(refused) && refused.left.tag).toMatch(/Fenced|NotConnected/)
            }
            if (E.isLeft(await sink.write(batches[at] as SinkBatch, running)())) break
          }
          if (at === BATCHES) break
        }

        const reader = memoryObjectStore(bucket)
        const listed = await listedIn(reader)
        const versions = batches.flatMap(({ records }) =>
          records.flatMap((record) => (record.kind === 'interval-complete' ? [record.marker] : [])),
        )
        const named = (each: Readonly<{ family: string; number: number; digest: number }>): string =>
          `${each.family} ${each.number} ${each.digest}`
        expect(listed.map(named).sort()).toEqual(versions.map(named).sort())
        for (const each of listed) {
          expect((await rowsOf(reader, each)).every(({ revision }) => revision === each.number)).toBe(true)
          expect(each.current).toBe(each.number === BATCHES)
        }
        expect((await manifestIn(reader))?.progress).toEqual(batches.at(-1)?.progress)
        const stored = [...bucket.keys()].filter((key) => key.endsWith('.parquet'))
        expect(stored.sort()).toEqual(listed.map(({ object }) => object?.key).sort())
      },
    ),
    { ...lawRuns(25), examples: [[LOST_CLAIM, []]] },
  )
})
