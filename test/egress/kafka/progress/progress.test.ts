import { describe, expect, test } from 'vitest'
import { classifyKafkaError } from '../../../../src/egress/kafka/failures.js'
import { decodeProgress, encodeProgress, UnreadableProgress } from '../../../../src/egress/kafka/progress/progress.js'
import { compareProgress, type Destination } from '../../../../src/egress/kafka/progress/progress-check.js'
import { refusalOf } from '../../../../src/egress/progress-mismatch.js'
import {
  findProgress,
  foreignClaimPending,
  readProgress,
} from '../../../../src/egress/kafka/progress/progress-reader.js'
import type { ProgressRecord } from '../../../../src/egress/kafka/progress/progress.js'
import type { FetchedRecord } from '../../../../src/egress/kafka/cluster.js'

const owner = { id: 'one', host: 'here', pid: 1 }
const place = { tenant: 'acme', clusterId: 'c1', topics: { rows: 'id-1', progress: 'id-2' } }
const progress = { generation: 'g1', revision: 7, logId: 'log-1', eventId: 'event-7' }
const never = new AbortController().signal

describe('the progress record', () => {
  test('comes back as it was written, with progress or without', () => {
    for (const before of [undefined, progress, { generation: 'g2', revision: 9_007_199_254_740_991 }])
      expect(decodeProgress(encodeProgress({ progress: before, owner, place }))).toEqual({
        progress: before,
        owner,
        place,
      })
  })

  test('of version 1 says neither which log it is about nor where the rows were published', () => {
    const record = { version: 1, generation: 'g1', revision: 7, owner }
    expect(decodeProgress(Buffer.from(JSON.stringify(record)))).toEqual({
      progress: { generation: 'g1', revision: 7 },
      owner,
      place: undefined,
    })
  })

  test.each([
    ['of a later version', JSON.stringify({ version: 3, owner })],
    ['that is no JSON', 'hello'],
    ['that is JSON of something else', '{"version":2}'],
    ['that is null', 'null'],
  ])('%s is refused, and not tried again', (_, text) => {
    let cause: unknown
    try {
      decodeProgress(Buffer.from(text))
    } catch (error) {
      cause = error
    }
    expect(cause).toBeInstanceOf(UnreadableProgress)
    expect(classifyKafkaError(cause)).toMatchObject({ tag: 'Refused' })
  })
})

describe('a progress record is compared with the destination', () => {
  const record: ProgressRecord = { progress, owner, place }
  const here: Destination = { place, transactionalId: 'streamvane.acme.kafka', progressTopic: 'progress' }
  const codes = (...args: Parameters<typeof compareProgress>): string[] =>
    compareProgress(...args).map(({ code }) => code)

  test('the same tenant, cluster and topics match, and so does a destination without rows and without progress', () => {
    expect(codes(record, here)).toEqual([])
    expect(codes(undefined, here)).toEqual([])
    expect(codes({ ...record, place: undefined }, here)).toEqual([])
  })

  test.each<[code: string, destination: Partial<Destination>]>([
    ['other-tenant', { place: { ...place, tenant: 'emea' } }],
    ['other-cluster', { place: { ...place, clusterId: 'c2' } }],
    ['topic-recreated', { place: { ...place, topics: { ...place.topics, rows: 'id-9' } } }],
  ])('%s', (code, destination) => {
    expect(codes(record, { ...here, ...destination })).toEqual([code])
  })

  test('a missing progress is refused where a topic holds rows', () => {
    expect(codes(undefined, { ...here, holdsRows: 'rows holds rows of tenant acme' })).toEqual(['progress-missing'])
    expect(codes({ ...record, progress: undefined }, { ...here, holdsRows: 'rows holds rows of tenant acme' })).toEqual(
      ['progress-missing'],
    )
    expect(codes(record, { ...here, holdsRows: 'rows holds rows of tenant acme' })).toEqual([])
  })

  test('topics that are new, or that the broker tells no ids of, are not compared', () => {
    expect(codes(record, { ...here, place: { ...place, topics: { ...place.topics, more: 'id-3' } } })).toEqual([])
    expect(codes(record, { ...here, place: { ...place, topics: undefined } })).toEqual([])
  })

  test('a refusal names the code that accepts it; what the operator accepted is not refused', () => {
    const mismatches = compareProgress(record, {
      ...here,
      place: { tenant: 'emea', clusterId: 'c2', topics: place.topics },
    })
    expect(refusalOf(mismatches, [])).toMatch(/--accept-progress other-tenant.*--accept-progress other-cluster/s)
    expect(refusalOf(mismatches, ['other-tenant'])).toMatch(/^(?!.*other-tenant).*--accept-progress other-cluster/s)
    expect(refusalOf(mismatches, ['other-tenant', 'other-cluster'])).toBeUndefined()
  })
})

/** A partition of records with a key; those from `stable` on belong to an open transaction. */
const partitions = (
  ...contents: readonly { records: readonly (readonly [key: string, owner: string])[]; stable?: number }[]
) => ({
  bounds: async (_: string, partition: number) => ({
    first: 0n,
    end: BigInt(contents[partition]?.records.length ?? 0),
  }),
  fetch: async (_: string, partition: number, from: bigint, isolation = 'committed') => {
    const { records, stable = records.length } = contents[partition] ?? { records: [] }
    const end = isolation === 'committed' ? stable : records.length
    const some = records
      .slice(Number(from), Math.min(end, Number(from) + 3))
      .map(([key, id], index): FetchedRecord => ({
        key: Buffer.from(key),
        value: encodeProgress({ progress, owner: { ...owner, id }, place }),
        headers: {},
        offset: from + BigInt(index),
      }))
    return { records: some, next: from + BigInt(some.length), stable: BigInt(stable) }
  },
})

describe('the progress is read', () => {
  const place = { topic: 'progress', partition: 0, key: 'us' }
  const many = Array.from({ length: 2_000 }, (_, n) => ['them', `other-${n}`] as const)

  test('as the last record of the key, however many records of others stand behind it', async () => {
    const reader = partitions({ records: [['us', 'first'], ['us', 'last'], ...many] })
    expect((await readProgress(reader, place, 'wait', never))?.owner.id).toBe('last')
  })

  test('also where compaction removes the record for one that was written after the bounds were told', async () => {
    const now = partitions({ records: [...many.slice(0, 5), ['us', 'later']] })
    let asked = 0
    const reader = { ...now, bounds: async () => ({ first: 0n, end: asked++ === 0 ? 5n : 6n }) }
    expect((await readProgress(reader, place, 'wait', never))?.owner.id).toBe('later')
  })

  test('also where an older record stands before the one that compaction removes meanwhile', async () => {
    const reader = partitions({ records: [['us', 'first'], ...many.slice(0, 2), ['them', 'removed'], ['us', 'later']] })
    const bounds = async () => ({ first: 0n, end: 4n })
    expect((await readProgress({ ...reader, bounds }, place, 'wait', never))?.owner.id).toBe('later')
  })

  test('up to an open transaction where it must not be waited for', async () => {
    const reader = partitions({
      records: [
        ['us', 'first'],
        ['us', 'open'],
      ],
      stable: 1,
    })
    expect((await readProgress(reader, place, 'stop', never))?.owner.id).toBe('first')
  })

  test('and a claim of another instance behind an open transaction is seen', async () => {
    const hidden = partitions({
      records: [
        ['us', 'first'],
        ['them', 'x'],
        ['us', 'other'],
      ],
      stable: 1,
    })
    expect(await foreignClaimPending(hidden, place, 'first', never)).toBe(true)
    const own = partitions({
      records: [
        ['us', 'first'],
        ['them', 'x'],
        ['us', 'first'],
      ],
      stable: 1,
    })
    expect(await foreignClaimPending(own, place, 'first', never)).toBe(false)
  })

  test('from another partition where partitions were added to the topic after it was written', async () => {
    const reader = partitions(
      {
        records: [
          ['them', 'x'],
          ['us', 'old'],
        ],
      },
      { records: [['them', 'y']] },
      { records: [] },
    )
    const home = { topic: 'progress', key: 'us', preferred: 2, partitions: 3 }
    const found = await findProgress(reader, home, 'wait', never)
    expect(found).toMatchObject({ partition: 0, record: { owner: { id: 'old' } } })
    expect(await findProgress(reader, { ...home, key: 'nobody' }, 'wait', never)).toEqual({
      record: undefined,
      partition: 2,
    })
  })
})
