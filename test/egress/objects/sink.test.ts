import * as E from 'fp-ts/lib/Either.js'
import { beforeEach, describe, expect, test } from 'vitest'
import { objectsSink, type ObjectsSinkOptions } from '../../../src/egress/objects/sink.js'
import type { Progress, RowRecord, Sink, SinkRecord } from '../../../src/egress/sink.js'
import { queueRow, sinkRecord, START } from '../../contract/some-rows.js'
import { memoryObjectStore, type MemoryBucket } from '../../support/objects/memory-object-store.js'
import { listedIn, manifestIn, rowsOf } from '../../support/objects/read-objects.js'
import { KpiLog } from './kpi-log.js'

const running = new AbortController().signal
let bucket: MemoryBucket
let log: KpiLog
beforeEach(() => {
  bucket = new Map()
  log = new KpiLog()
})

const sinkOf = (more: Partial<ObjectsSinkOptions> = {}): Sink =>
  objectsSink({
    ...{ name: 'lake', tenant: 'acme', store: memoryObjectStore(bucket), intervalRows: log.intervalRows },
    ...more,
  })
const connectedSink = async (more: Partial<ObjectsSinkOptions> = {}): Promise<Sink> => {
  const sink = sinkOf(more)
  expect(await sink.connect(running)()).toMatchObject({ _tag: 'Right' })
  return sink
}
const publish = async (sink: Sink, records: readonly SinkRecord[], progress: Progress): Promise<void> =>
  expect(await sink.write({ records, progress }, running)()).toMatchObject({ _tag: 'Right' })
const row = (revision: number, queueId = 'sales', as: Parameters<typeof sinkRecord>[1] = {}): RowRecord =>
  sinkRecord(queueRow({ queueId, revision }), as)
const reader = () => memoryObjectStore(bucket)
const objectKeys = (): readonly string[] => [...bucket.keys()].filter((key) => key.endsWith('.parquet')).sort()

describe('a complete interval', () => {
  test('is one object below table, length and day; its key names start, generation, number and content', async () => {
    await publish(await connectedSink(), log.appended([row(3), row(4, 'support')]), { generation: 'g1', revision: 2 })
    const [key, ...others] = objectKeys()
    expect(others).toEqual([])
    expect(key).toMatch(/^queue_metrics\/length=PT15M\/day=2026-01-05\/20260105T100000Z\.g1\.1\.[0-9a-f]{16}\.parquet$/)
    const [listed] = await listedIn(reader())
    expect(listed).toMatchObject({
      ...{ family: 'queue', granularity: 'PT15M', intervalStart: '2026-01-05T10:00:00.000Z' },
      ...{ generation: 'g1', promotion: 1, number: 1, rows: 2, current: true, object: { key } },
    })
  })

  test('that is corrected gets another object; the first stays as it is and is not current any more', async () => {
    const sink = await connectedSink()
    await publish(sink, log.appended([row(3)]), { generation: 'g1', revision: 2 })
    const before = new Map(bucket)
    await publish(sink, log.appended([row(5)]), { generation: 'g1', revision: 4 })
    for (const key of objectKeys()) if (before.has(key)) expect(bucket.get(key)).toBe(before.get(key))
    const listed = await listedIn(reader())
    expect(listed.map(({ number, current }) => ({ number, current }))).toEqual([
      { number: 1, current: false },
      { number: 2, current: true },
    ])
    expect((await rowsOf(reader(), listed[1]!)).map(({ revision }) => revision)).toEqual([5])
  })

  test('two corrections of one batch are two objects: which objects there are does not depend on batches', async () => {
    const records = [...log.appended([row(3)]), ...log.appended([row(4)]), ...log.appended([row(5)])]
    await publish(await connectedSink(), records, { generation: 'g1', revision: 6 })
    expect((await listedIn(reader())).map(({ number }) => number)).toEqual([1, 2, 3])
  })

  test('has the same bytes and key from every machine that writes it', async () => {
    const records = log.appended([row(3), row(4, 'support')])
    await publish(await connectedSink(), records, { generation: 'g1', revision: 2 })
    const [key] = objectKeys()
    const first = bucket.get(key!)?.bytes
    bucket = new Map()
    await publish(await connectedSink(), records, { generation: 'g1', revision: 2 })
    expect(objectKeys()).toEqual([key])
    expect(bucket.get(key!)?.bytes).toEqual(first)
  })

  test('whose rows the log does not hold as the marker counts them is refused', async () => {
    const sink = await connectedSink({
      intervalRows: async (...asked) =>
        new Map([...(await log.intervalRows(...asked))].map(([name, found]) => [name, { ...found, rows: [] }])),
    })
    const written = sink.write(
      { records: log.appended([row(3)]), progress: { generation: 'g1', revision: 2 } },
      running,
    )
    expect(await written()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('streamvane intervals --check') },
    })
    expect((await manifestIn(reader()))?.progress).toBeNull()
  })

  test('rows of open intervals put no object', async () => {
    await publish(await connectedSink(), [row(1)], { generation: 'g1', revision: 1 })
    expect(objectKeys()).toEqual([])
    expect((await manifestIn(reader()))?.progress).toEqual({ generation: 'g1', revision: 1 })
  })
})

describe('a promotion', () => {
  test('lists the intervals of the promoted generation as current, and after a rollback those of before without a new object', async () => {
    const sink = await connectedSink()
    const first = log.appended([row(3)])
    await publish(sink, first, { generation: 'g1', revision: 2 })
    const second = log.appended([row(7, 'sales', { generation: 'g2', promotion: 2 })])
    await publish(sink, second, { generation: 'g2', revision: 2 })
    const currents = async () => (await listedIn(reader())).filter(({ current }) => current)
    expect(await currents()).toMatchObject([{ generation: 'g2', promotion: 2, number: 1 }])
    const objects = objectKeys()
    await publish(
      sink,
      first.map((record) => ({ ...record, promotion: 3 })),
      { generation: 'g1', revision: 2 },
    )
    expect(await currents()).toMatchObject([{ generation: 'g1', promotion: 3, number: 1 }])
    expect(objectKeys()).toEqual(objects)
  })

  test('withdraws an interval that only the generation before had', async () => {
    const sink = await connectedSink()
    await publish(sink, log.appended([row(3)]), { generation: 'g1', revision: 2 })
    const withdrawn: RowRecord = { ...row(0, 'sales', { generation: 'g2', promotion: 2 }), withdrawn: true }
    await publish(sink, [withdrawn], { generation: 'g2', revision: 0 })
    const [current, ...others] = (await listedIn(reader())).filter((each) => each.current)
    expect(others).toEqual([])
    expect(current).toMatchObject({ generation: 'g2', promotion: 2, number: 0, rows: 0, digest: 0 })
    expect(current).not.toHaveProperty('object')
  })

  test('withdraws no interval of which the promoted generation has a marker', async () => {
    const sink = await connectedSink()
    await publish(sink, log.appended([row(3), row(3, 'support')]), { generation: 'g1', revision: 2 })
    const as = { generation: 'g2', promotion: 2 }
    log.appended([row(3, 'sales', as)]) // published with the differences, or not: the log has it
    await publish(sink, [{ ...row(0, 'support', as), withdrawn: true }], { generation: 'g2', revision: 4 })
    const current = (await listedIn(reader())).filter((each) => each.current)
    expect(current).toMatchObject([{ generation: 'g2', number: 1, rows: 1 }])
  })
})

describe('a replay', () => {
  const replayed = [row(3, 'sales', { replay: true })]

  test('stores an object again that was deleted, with the same bytes, and takes over from nobody', async () => {
    const sink = await connectedSink()
    await publish(sink, log.appended([row(3)]), { generation: 'g1', revision: 2 })
    const [key] = objectKeys()
    const lost = bucket.get(key!)?.bytes
    bucket.delete(key!)
    const replay = await connectedSink({ replay: true })
    expect(replay.name).toBe('lake.replay')
    expect(await replay.write({ records: replayed }, running)()).toMatchObject({ _tag: 'Right' })
    expect(bucket.get(key!)?.bytes).toEqual(lost)
    await publish(sink, log.appended([row(4)]), { generation: 'g1', revision: 4 })
  })

  test('lists an interval that a filter had left out, and the running sink goes on behind it', async () => {
    const sink = await connectedSink()
    log.appended([row(3)]) // not published
    const replay = await connectedSink({ replay: true })
    expect(await replay.write({ records: replayed }, running)()).toMatchObject({ _tag: 'Right' })
    await publish(sink, log.appended([row(4)]), { generation: 'g1', revision: 4 })
    expect((await listedIn(reader())).map(({ number }) => number)).toEqual([1, 2])
    expect((await manifestIn(reader()))?.progress).toEqual({ generation: 'g1', revision: 4 })
  })
})

describe('a destination is refused', () => {
  test('whose store ignores the conditions of puts', async () => {
    const store = memoryObjectStore(bucket)
    const ignoring = {
      ...store,
      put: async (...[object, , signal]: Parameters<typeof store.put>) => {
        bucket.delete(object.key)
        return store.put(object, 'absent', signal)
      },
    }
    expect(await sinkOf({ store: ignoring }).connect(running)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('ignores the condition of a put') },
    })
  })

  test.each([{ tenant: 'other' }, { name: 'other' }])('that is of another tenant or sink: %o', async (other) => {
    await connectedSink()
    expect(await sinkOf(other).connect(running)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('the objects are those of sink lake of tenant acme') },
    })
  })

  test('whose manifest is damaged', async () => {
    await connectedSink()
    bucket.set('_manifest.json', { bytes: Buffer.from('{"format":1'), etag: '"x"' })
    expect(await sinkOf().connect(running)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('the manifest is damaged') },
    })
  })

  test('in which a list was changed or deleted', async () => {
    const sink = await connectedSink()
    await publish(sink, log.appended([row(3)]), { generation: 'g1', revision: 2 })
    const [list] = [...bucket.keys()].filter((key) => key.startsWith('_lists/'))
    const other = await connectedSink()
    bucket.delete(list!)
    const written = await other.write(
      { records: log.appended([row(4)]), progress: { generation: 'g1', revision: 4 } },
      running,
    )()
    expect(E.isLeft(written) && written.left).toMatchObject({ tag: 'Refused', reason: expect.stringContaining(list!) })
  })
})

test('an interval that starts on another day has a list and a folder of its own', async () => {
  const next = sinkRecord(queueRow({ start: START + 86_400_000, revision: 1 }))
  await publish(await connectedSink(), log.appended([row(3), next]), { generation: 'g1', revision: 4 })
  expect(Object.keys((await manifestIn(reader()))?.days ?? {}).sort()).toEqual([
    'queue_metrics/length=PT15M/day=2026-01-05',
    'queue_metrics/length=PT15M/day=2026-01-06',
  ])
})
