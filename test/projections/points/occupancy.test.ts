import { describe, expect, test } from 'vitest'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { addMeasures, noMeasure } from '../../../src/domain/measure.js'
import { measureIn } from '../../../src/domain/row.js'
import { entered, ticked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const occupancy = { families: ['agent-occupancy'] as const }
const ann = (state: string, time: string) => entered('ann', state, time)
const presence = (state: string, time: string) => entered('ann', state, time, 'systemPresence')

describe("an agent's routing statuses side by side", () => {
  test('each has its time in the interval, clipped to it', () => {
    given(occupancy)
      .facts(
        ...[
          ann('IDLE', '10:00'),
          ann('INTERACTING', '10:02'),
          ann('COMMUNICATING', '10:07'),
          ann('NOT_RESPONDING', '10:10'),
        ],
        ...[ann('OFF_QUEUE', '10:14'), ann('IDLE', '10:20')],
      )
      .emits(
        'agent-occupancy ann 10:00 provisional 5: tRoutingStatusIdle 120000, tRoutingStatusInteracting 300000, tRoutingStatusCommunicating 180000, tRoutingStatusNotResponding 240000, tRoutingStatusOffQueue 60000',
        'agent-occupancy ann 10:15 provisional 1: tRoutingStatusOffQueue 300000',
      )
  })

  test('an unknown status and presences have no metric of their own', () => {
    given(occupancy)
      .facts(ann('DREAMING', '10:00'), ann('IDLE', '10:05'), presence('AVAILABLE', '10:00'), presence('BREAK', '10:05'))
      .emitsNothing()
  })

  test('add up over agents and intervals to those of all together', () => {
    const rows = given(occupancy)
      .facts(ann('INTERACTING', '10:00'), ann('IDLE', '10:20'), entered('bob', 'INTERACTING', '10:01'), ticked('10:50'))
      .look()
    const total = rows
      .map((row) => measureIn(row, 'tRoutingStatusInteracting') ?? noMeasure)
      .reduce(addMeasures, noMeasure)
    expect(total.sum).toBe(1_200_000 + 44 * 60_000)
  })
})

describe('occupancy', () => {
  const day = [
    ...[
      ann('INTERACTING', '10:00'),
      ann('COMMUNICATING', '10:06'),
      ann('IDLE', '10:08'),
      ann('NOT_RESPONDING', '10:11'),
    ],
    ...[ann('OFF_QUEUE', '10:12'), ann('IDLE', '10:15')],
  ]
  const kpiOf = (overrides: Partial<Profile> = {}) =>
    given({ ...occupancy, ...overrides })
      .facts(...day)
      .lookAtOne().kpis['occupancy']

  test('is time interacting, of interacting, communicating and idle', () => {
    expect(kpiOf()).toEqual({ numerator: 360_000, denominator: 360_000 + 120_000 + 180_000 })
  })

  test('and of not responding where the profile counts that', () => {
    expect(kpiOf({ occupancyCountsNotResponding: true })).toEqual({ numerator: 360_000, denominator: 720_000 })
  })

  test('has no value for an agent who was off queue all the time', () => {
    const row = given(occupancy).facts(ann('OFF_QUEUE', '10:00'), ann('IDLE', '10:15')).lookAtOne()
    expect(row.kpis).toEqual({})
  })
})

describe('an agent who goes offline', () => {
  test('is off queue from then on, if nothing said so', () => {
    given({ families: ['agent-state'] })
      .facts(ann('IDLE', '10:00'), presence('OFFLINE', '10:05'), ticked('10:20'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 final 2: tAgentRoutingStatus 300000',
        'agent-state ann routingStatus OFF_QUEUE 10:00 final 2: tAgentRoutingStatus 600000',
        'agent-state ann systemPresence OFFLINE 10:00 final 2: tSystemPresence 600000',
      )
  })

  test('whichever was heard of first, the status or the presence, in the same instant too', () => {
    const lines = [
      'agent-state ann routingStatus OFF_QUEUE 10:00 provisional 1: tAgentRoutingStatus 300000',
      'agent-state ann systemPresence OFFLINE 10:00 provisional 1: tSystemPresence 300000',
    ]
    const after = [ann('IDLE', '10:10'), presence('AVAILABLE', '10:10')]
    given({ families: ['agent-state'] })
      .facts(ann('INTERACTING', '10:05'), presence('OFFLINE', '10:05'), ...after)
      .emits(...lines)
    given({ families: ['agent-state'] })
      .facts(...after, presence('OFFLINE', '10:05'), ann('INTERACTING', '10:05'))
      .emits(...lines)
  })

  test('by another presence does not leave the queues: who goes to break amid a call stays interacting', () => {
    given({ families: ['agent-state'] })
      .facts(ann('INTERACTING', '10:00'), presence('BREAK', '10:05'), ann('IDLE', '10:10'))
      .emits('agent-state ann routingStatus INTERACTING 10:00 provisional 1: tAgentRoutingStatus 600000')
  })

  test('by presences that the profile names, or by none', () => {
    const ends = (...endsRoutingStatus: readonly string[]) =>
      given({ families: ['agent-occupancy'], agentState: { ...defaultProfile.agentState, endsRoutingStatus } }).facts(
        ...[ann('IDLE', '10:00'), presence('AWAY', '10:05'), presence('OFFLINE', '10:10'), ann('IDLE', '10:15')],
      )
    ends('AWAY').emits(
      'agent-occupancy ann 10:00 provisional 2: tRoutingStatusIdle 300000, tRoutingStatusOffQueue 600000',
    )
    ends().emits('agent-occupancy ann 10:00 provisional 1: tRoutingStatusIdle 900000')
  })

  test('organisation presences have their own time and end nothing', () => {
    given({ families: ['agent-state'] })
      .facts(ann('IDLE', '10:00'), entered('ann', 'OFFLINE', '10:00', 'organizationPresence'))
      .then(entered('ann', 'lunch', '10:05', 'organizationPresence'), ann('OFF_QUEUE', '10:10'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 600000',
        'agent-state ann organizationPresence OFFLINE 10:00 provisional 1: tOrganizationPresence 300000',
      )
  })
})
