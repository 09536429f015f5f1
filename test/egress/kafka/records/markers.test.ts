import { expect, test } from 'vitest'
import { statementCodec } from '../../../../src/contract/completeness-codec.js'
import type { IntervalComplete } from '../../../../src/domain/interval-complete.js'
import { cutIntoSends, jsonValues } from '../../../../src/egress/kafka/records/records.js'
import type { MarkerRecord } from '../../../../src/egress/sink.js'
import { defaultTopics, topicOf, type Markers } from '../../../../src/egress/topics.js'

const START = Date.UTC(2026, 0, 5, 10)
const interval = { tenant: 'acme', family: 'queue', granularity: 'PT15M', start: START, end: START + 900_000 } as const
const marker: IntervalComplete = { ...interval, zone: null, number: 3, rows: 2, digest: 7, closedAt: START + 1_200_000 }
const codec = statementCodec('interval-complete')
const record: MarkerRecord = {
  ...{ kind: 'interval-complete', marker, avro: codec.encode(marker), schema: codec.fingerprint },
  ...{ generation: 'g2', promotion: 5 },
}

const sent = (markers: Markers) => {
  const sends = cutIntoSends([record], { topics: defaultTopics, markers, partitionOf: () => 0 }, jsonValues)
  return typeof sends === 'string' ? expect.fail(sends) : sends.flat()
}

test('a marker goes to a topic of its own, among the rows of its family, or nowhere, as configured', () => {
  expect(sent({ kind: 'topic', name: 'markers' }).map(({ topic }) => topic)).toEqual(['markers'])
  expect(sent({ kind: 'inline' }).map(({ topic }) => topic)).toEqual([topicOf(defaultTopics, 'queue')])
  expect(sent({ kind: 'off' })).toEqual([])
})

test('a marker is keyed by family and length of interval, named by its number, and says generation and promotion', () => {
  const [message] = sent({ kind: 'topic', name: 'markers' })[0]?.messages ?? []
  expect(message).toMatchObject({
    key: 'queue/PT15M',
    headers: {
      ce_type: 'streamvane.kpi.interval-complete.v1',
      ce_id: 'g2/interval-complete/queue/PT15M/2026-01-05T10:00:00.000Z/3',
      ce_subject: 'queue/PT15M/2026-01-05T10:00:00.000Z',
      ce_time: '2026-01-05T10:00:00.000Z',
      'streamvane-generation': 'g2',
      'streamvane-promotion': '5',
    },
  })
  expect(JSON.parse(String(message?.value))).toEqual({
    ...{ tenant: 'acme', family: 'queue', granularity: 'PT15M' },
    ...{ intervalStart: '2026-01-05T10:00:00.000Z', intervalEnd: '2026-01-05T10:15:00.000Z' },
    ...{ number: 3, rows: 2, digest: 7, closedAt: '2026-01-05T10:20:00.000Z', generation: 'g2', promotion: 5 },
  })
})
