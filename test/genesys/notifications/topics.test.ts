import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assignTopics, standingTopics, templateFault } from '../../../src/genesys/notifications/topics.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(200)
const anyTopics = fc.uniqueArray(
  fc.nat({ max: 60 }).map((number) => `v2.users.${number}.presence`),
  { maxLength: 40 },
)

describe('topics of the notification service', () => {
  test('templates give a topic for each queue or user, each once; those of conversations come later', () => {
    const templates = [
      'v2.users.{user}.presence',
      'v2.routing.queues.{queue}.conversations',
      'v2.analytics.conversation.{conversation}.metrics',
      'v2.users.u1.presence',
    ]
    expect(standingTopics(templates, { queues: ['q1'], users: ['u1', 'u2'] })).toEqual([
      'v2.users.u1.presence',
      'v2.users.u2.presence',
      'v2.routing.queues.q1.conversations',
    ])
  })

  test.each([
    ['v2.users.{agent}.presence', /\{agent\} is none of/],
    ['v2.users.{user}.x.{queue}', /more than one kind/],
    ['users.{user}', /begin with v2/],
  ])('%s is no template', (template, why) => {
    expect(templateFault(template)).toMatch(why)
  })

  test('each topic is on one channel, no channel has too many, and what does not fit is told', () => {
    fc.assert(
      fc.property(
        fc.array(anyTopics, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, perChannel, channelsMax) => {
          let before: readonly (readonly string[])[] = []
          for (const topics of steps) {
            const { channels, left } = assignTopics(topics, before, { perChannel, channelsMax })
            expect([...channels.flat(), ...left].sort()).toEqual([...topics].sort())
            expect(channels.length).toBeLessThanOrEqual(channelsMax)
            for (const channel of channels) expect(channel.length).toBeLessThanOrEqual(perChannel)
            if (left.length > 0) expect(channels.every(({ length }) => length === perChannel)).toBe(true)
            // What stays wanted stays where it is.
            for (const [index, channel] of before.entries())
              for (const topic of channel) if (topics.includes(topic)) expect(channels[index]).toContain(topic)
            before = channels
          }
        },
      ),
      runs,
    )
  })
})
