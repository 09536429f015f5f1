import { expect, test } from 'vitest'
import { ClusterError } from '../../../../src/egress/kafka/cluster.js'
import { topicWithRows } from '../../../../src/egress/kafka/progress/published-rows.js'

const never = new AbortController().signal
type Headers = Readonly<Record<string, string>>
const row: Headers = { ce_source: '/streamvane/acme' }

/** Topics by name: the headers of their records, all in one partition; `secret` may not be read. */
const readerOf = (topics: Readonly<Record<string, readonly Headers[] | 'secret'>>) => ({
  partitions: async () => 1,
  bounds: async (topic: string) => ({ first: 0n, end: BigInt(topics[topic]?.length ?? 0) }),
  fetch: async (topic: string, _: number, from: bigint) => {
    const held = topics[topic]
    if (held === 'secret') throw new ClusterError('no', 'TOPIC_AUTHORIZATION_FAILED')
    const records = (held ?? []).map((headers, n) => ({ key: null, value: null, headers, offset: BigInt(n) }))
    const some = records.slice(Number(from), Number(from) + 300)
    return { records: some, next: from + BigInt(some.length), stable: BigInt(records.length) }
  },
})

const many = (headers: Headers): readonly Headers[] => Array.from({ length: 1_000 }, () => headers)

test('a topic with rows of the tenant is found by its first or its last records', async () => {
  const others = many({ ce_source: '/streamvane/emea' })
  for (const held of [
    [row, ...others],
    [...others, row, ...others.slice(0, 50)],
  ])
    expect(await topicWithRows(readerOf({ empty: [], rows: held }), ['empty', 'rows'], 'acme', never)).toBe(
      'rows holds rows of tenant acme',
    )
})

test('records of other tenants, of other programs and of replays are not rows of the tenant', async () => {
  const held = [{}, { ce_source: '/streamvane/emea' }, { ...row, 'streamvane-replay': 'true' }]
  expect(await topicWithRows(readerOf({ rows: held }), ['rows'], 'acme', never)).toBeUndefined()
})

test('a topic that this user may not read is taken to hold rows', async () => {
  expect(await topicWithRows(readerOf({ rows: 'secret' }), ['rows'], 'acme', never)).toMatch(/may not read.*READ/)
})
