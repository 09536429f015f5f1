import { describe, expect, test } from 'vitest'
import { loadOf, rawEventBytes, recordsOf } from '../../src/app/plan/load.js'
import { media, onDisk, RECORD_OVERHEAD_BYTES, records, simulated, type Medium } from '../../src/app/plan/measured.js'
import { questionOf } from '../../src/app/plan/question.js'
import { familyNames } from '../../src/domain/family.js'
import { recordHeaders } from '../../src/egress/kafka/records/headers.js'
import type { RowRecord } from '../../src/egress/sink.js'
import { simulate } from '../../src/simulator/simulate.js'
import { bytesOfPublication, bytesOfRawEvent, bytesOfRecord } from '../support/plan/bytes-on-disk.js'
import { DAY, eventsOfDay, recordsOfDay, type EventCounts } from '../support/plan/simulated-day.js'

/** How far a constant may be from what is measured: 1 is not at all. */
const near = (measured: number, constant: number, share: number): void => {
  expect(measured / constant).toBeGreaterThan(1 - share)
  expect(measured / constant).toBeLessThan(1 + share)
}

const conversationsOf = ({ conversations }: EventCounts): number =>
  [...conversations.values()].reduce((all, count) => all + count, 0)

describe('the constants of the capacity plan', () => {
  const day = eventsOfDay()
  const { ofFamilies, deliveries } = recordsOfDay(15 * 60_000)
  const conversations = conversationsOf(day)

  test.each(media)('events of a conversation by %s are those of the simulated day', (medium: Medium) => {
    const of = day.ofConversations.get(medium)
    const count = day.conversations.get(medium) ?? NaN
    for (const [surface, constants] of [
      ['metric-records', simulated.metricRecords],
      ['detail-events', simulated.detailEvents],
    ] as const) {
      const sum = of?.[surface] ?? { count: NaN, bytes: NaN }
      near(sum.count / count, constants[medium].perConversation, 0.05)
      near(sum.bytes / sum.count, constants[medium].bytes, 0.05)
    }
    near(count / conversations, simulated.mix[medium], 0.1)
  })

  test('events of agents and the busiest hour are those of the simulated day', () => {
    const { agentStates, agentSegments, peakFactor } = simulated
    const { states, segments } = day.ofAgents
    near(states.count, DAY.agents * agentStates.perAgent + conversations * agentStates.perConversation, 0.05)
    near(states.bytes / states.count, agentStates.bytes, 0.05)
    near(segments.count, conversations * agentSegments.perConversation, 0.05)
    near(segments.bytes / segments.count, agentSegments.bytes, 0.05)
    near(day.busiestHourShare * 24, peakFactor, 0.05)
  })

  test('states of agents follow the number of conversations: a day with half of them is met, too', () => {
    const found = new Set<string>()
    let states = 0
    for (const { line } of simulate({ ...DAY, callsPerHour: 120, emit: 'metric-records' })) {
      const { topicName, eventBody } = (JSON.parse(line) as { detail: { topicName: string; eventBody: object } }).detail
      if (topicName.startsWith('v2.users.')) states += 1
      else found.add((eventBody as { conversationId: string }).conversationId)
    }
    const { agentStates } = simulated
    near(states, DAY.agents * agentStates.perAgent + found.size * agentStates.perConversation, 0.1)
  })

  test.each(familyNames)('published records of %s are those of the simulated day, as it happens', (family) => {
    const measured = ofFamilies.get(family)
    const { agents, queues } = DAY
    const planned = recordsOf(family, questionOf({ agents, queues, conversationsPerDay: conversations }))
    near(measured?.records ?? NaN, planned.perDay, 0.1)
    near((measured?.valueBytes ?? NaN) / (measured?.records ?? NaN), records[family].bytes, 0.05)
  })

  test('records of agents at the ends of longer intervals are fewer, as planned', () => {
    const families = ['agent-state', 'agent-occupancy', 'queue', 'agent'] as const
    const hourly = recordsOfDay(60 * 60_000, families).ofFamilies
    for (const family of families) {
      const { agents, queues } = DAY
      const question = questionOf({ agents, queues, conversationsPerDay: conversations, intervalMinutes: 60 })
      near(hourly.get(family)?.records ?? NaN, recordsOf(family, question).perDay, 0.15)
    }
  })

  test('a record on a topic has as many bytes beside its value', () => {
    const id = '53c54e59-2f0c-4b1e-9d3a-000000000000'
    const row = (family: 'queue' | 'agent', key: string): number => {
      const of = { kind: 'row', generation: 'g1', promotion: 1, replay: false } as const
      const record = { ...of, header: { family, key, tenant: 'default', revision: 12 } } as RowRecord
      const headers = recordHeaders(record, 'application/avro')
      const text = Object.entries(headers).reduce((all, [name, value]) => all + name.length + value.length + 2, 0)
      return text + id.length + 5 + 8
    }
    const start = 'PT15M/2026-01-05T10:00:00.000Z'
    const [ofQueue, ofAgent] = [
      row('queue', `queue/${id}/voice/-/-/${start}`),
      row('agent', `agent/${id}/${id}/voice/-/-/${start}`),
    ]
    near((ofQueue + ofAgent) / 2, RECORD_OVERHEAD_BYTES, 0.1)
  })

  test.each(onDisk.rawEvent)(
    'a raw event takes its room on disk where %i come in a request',
    async (perRequest, bytes) => {
      near(await bytesOfRawEvent(perRequest, perRequest === 1 ? 600 : 3_000), bytes, 0.15)
    },
  )

  test('a record takes its room in the KPI log', async () => {
    near(await bytesOfRecord(deliveries.slice(0, 600)), onDisk.kpiRecord, 0.15)
  })

  test('a record of what was published takes its room', async () => {
    near(await bytesOfPublication(1_000), onDisk.publication, 0.15)
  })

  test('the whole day is planned within a tenth: events, bytes and records', () => {
    const question = questionOf({ agents: DAY.agents, queues: DAY.queues, conversationsPerDay: conversations })
    const planned = loadOf(question)
    let [events, bytes, all] = [day.ofAgents.states.count, day.ofAgents.states.bytes, 0]
    for (const of of day.ofConversations.values()) {
      events += of['metric-records'].count
      bytes += of['metric-records'].bytes
    }
    for (const family of question.families) all += ofFamilies.get(family)?.records ?? NaN
    near(events, planned.events.perDay, 0.1)
    near(bytes, planned.events.bytesPerDay, 0.1)
    near(all, planned.published.perDay, 0.1)
    expect(rawEventBytes(1)).toBe(onDisk.rawEvent[0][1])
  })
})
