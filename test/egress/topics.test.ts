import { describe, expect, test } from 'vitest'
import {
  defaultTopics,
  keyOf,
  sharedTopics,
  timeSeries,
  topicFaults,
  type TopicRoute,
} from '../../src/egress/topics.js'

const latest = (topic: string, key: TopicRoute['key']): TopicRoute => ({ topic, key, records: 'latest' })

describe('topics that contradict one another are reported', () => {
  test.each<[string, TopicRoute[], TopicRoute[], string | undefined]>([
    ['a time series and the latest state beside it', [timeSeries('q'), latest('q-now', 'series')], [], undefined],
    ['a topic that a family has twice', [timeSeries('q'), latest('q', 'row')], [], 'twice'],
    ['the latest state of one family by entity', [latest('q-now', 'entity')], [], undefined],
    [
      'the latest state of two families by entity on one topic',
      [latest('now', 'entity')],
      [latest('now', 'entity')],
      'overwrite',
    ],
    [
      'the latest state of two families by series on one topic',
      [latest('now', 'series')],
      [latest('now', 'series')],
      undefined,
    ],
    [
      'two cleanup settings of one topic',
      [{ ...timeSeries('t'), cleanup: 'compact' }],
      [timeSeries('t')],
      'cleanup settings',
    ],
  ])('%s', (_, queue, agent, words) => {
    const topics = { ...defaultTopics, queue, agent: agent.length === 0 ? defaultTopics.agent : agent }
    const faults = topicFaults(topics).join()
    if (words === undefined) expect(faults).toBe('')
    else expect(faults).toContain(words)
  })

  test('one time series for all families is none of them', () => {
    expect(topicFaults(sharedTopics([timeSeries('everything')]))).toEqual([])
  })
})

test('a record is keyed by its queue or agent, by its row without the interval, or by its row', () => {
  const key = 'queue/sales/voice/-/-/PT15M/2026-01-05T10:00:00.000Z'
  const header = { key, family: 'queue', dimensions: ['sales', 'voice', null, null] } as const
  expect((['entity', 'series', 'row'] as const).map((by) => keyOf(header, by))).toEqual([
    'sales',
    'queue/sales/voice/-/-/PT15M',
    key,
  ])
})
