import { describe, expect, test } from 'vitest'
import { claimWatch, withoutTransactions } from '../../../src/egress/kafka/at-least-once.js'
import type { FetchedRecord, TopicRecords } from '../../../src/egress/kafka/cluster.js'
import { encodeProgress, type Owner } from '../../../src/egress/kafka/progress/progress.js'

const row: TopicRecords = { topic: 'rows', messages: [{ key: 'k', value: Buffer.from('1'), partition: 0 }] }
const mark: TopicRecords = { topic: 'progress', messages: [{ key: 'us', value: Buffer.from('2'), partition: 0 }] }

const recording = () => {
  const did: string[] = []
  const producer = withoutTransactions(
    {
      send: async (records) => (did.push(records.map(({ topic }) => topic).join(' ')), []),
      disconnect: async () => {},
    },
    'progress',
    async () => void did.push('asked'),
  )
  return { did, producer }
}

describe('a producer without transactions', () => {
  test('appends the rows first and the progress last, and asks before both whether the claim is still ours', async () => {
    const { did, producer } = recording()
    await producer.begin()
    await producer.send([row, mark])
    await producer.send([row])
    await producer.commit()
    expect(did).toEqual(['asked', 'rows', 'rows', 'asked', 'progress'])
  })

  test('writes no progress of a batch that was aborted', async () => {
    const { did, producer } = recording()
    await producer.begin()
    await producer.send([row, mark])
    await producer.abort()
    await producer.begin()
    await producer.commit()
    expect(did).toEqual(['asked', 'rows', 'asked'])
  })
})

describe('the claim that counts', () => {
  const ours: Owner = { id: 'us', host: 'here', pid: 1, claim: 4 }
  const watching = (...owners: readonly (readonly [key: string, owner: Partial<Owner>])[]) => {
    const records = owners.map(([key, owner], index): FetchedRecord => ({
      key: Buffer.from(key),
      value: encodeProgress({ progress: undefined, owner: { ...ours, ...owner }, place: undefined }),
      headers: {},
      offset: BigInt(index),
    }))
    return claimWatch(
      {
        bounds: async () => ({ first: 0n, end: BigInt(records.length) }),
        fetch: async (_, __, from) => ({
          records: records.slice(Number(from), Number(from) + 2),
          next: from + BigInt(Math.min(2, records.length - Number(from))),
          stable: BigInt(records.length),
        }),
      },
      { topic: 'progress', partition: 0, key: 'id' },
      ours,
      0n,
    )
  }

  test.each<[string, readonly (readonly [string, Partial<Owner>])[]]>([
    ['nobody wrote', []],
    ['we wrote', [['id', {}]]],
    ['another transactional id was claimed', [['else', { id: 'them', claim: 9 }]]],
    [
      'a zombie wrote with an older claim',
      [
        ['id', {}],
        ['id', { id: 'zombie', claim: 3 }],
      ],
    ],
    [
      'another claimed the same number before us',
      [
        ['id', { id: 'them' }],
        ['id', {}],
      ],
    ],
  ])('is ours where %s', async (_, owners) => {
    await expect(watching(...owners)()).resolves.toBeUndefined()
  })

  test.each<[string, readonly (readonly [string, Partial<Owner>])[]]>([
    [
      'with a higher number',
      [
        ['id', {}],
        ['id', { id: 'them', claim: 5 }],
        ['id', {}],
      ],
    ],
    [
      'with the same number behind ours',
      [
        ['id', {}],
        ['id', { id: 'them' }],
      ],
    ],
    ['of a version that does not count claims', [['id', { id: 'them', claim: undefined as never }]]],
  ])('is that of another %s', async (_, owners) => {
    await expect(watching(...owners)()).rejects.toMatchObject({ protocolError: 'PRODUCER_FENCED' })
  })
})
