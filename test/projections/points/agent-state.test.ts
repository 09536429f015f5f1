import { describe, expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { AgentTimeline } from '../../../src/projections/points/agent-timeline.js'
import { entered, minutes, ticked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const ann = (state: string, time: string) => entered('ann', state, time)

describe('time in a state', () => {
  test('is clipped at interval boundaries and known when the next state begins', () => {
    given()
      .facts(ann('IDLE', '10:05'))
      .emitsNothing()
      .then(ann('INTERACTING', '10:35'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 600000',
        'agent-state ann routingStatus IDLE 10:15 provisional 1: tAgentRoutingStatus 900000',
        'agent-state ann routingStatus IDLE 10:30 provisional 1: tAgentRoutingStatus 300000',
      )
  })

  test('that ends on an edge leaves the next interval alone', () => {
    given()
      .facts(ann('IDLE', '10:00'), ann('INTERACTING', '10:15'))
      .emits('agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 900000')
  })

  test('that has not ended is counted as intervals close', () => {
    given()
      .facts(ann('IDLE', '10:05'), ticked('10:20'))
      .emits('agent-state ann routingStatus IDLE 10:00 final 2: tAgentRoutingStatus 600000')
      .then(ticked('10:49'))
      .emits('agent-state ann routingStatus IDLE 10:15 final 2: tAgentRoutingStatus 900000')
      .then(ticked('10:50'))
      .emits('agent-state ann routingStatus IDLE 10:30 final 2: tAgentRoutingStatus 900000')
      .then(ann('OFF_QUEUE', '10:50'))
      .emits('agent-state ann routingStatus IDLE 10:45 provisional 1: tAgentRoutingStatus 300000')
  })

  test('returned to within an interval adds up', () => {
    given()
      .facts(ann('IDLE', '10:00'), ann('INTERACTING', '10:02'), ann('IDLE', '10:05'), ann('INTERACTING', '10:06'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 provisional 2: tAgentRoutingStatus 180000',
        'agent-state ann routingStatus INTERACTING 10:00 provisional 1: tAgentRoutingStatus 180000',
      )
  })

  test('is kept apart for routing status and presence, and for each agent', () => {
    given()
      .facts(
        ann('IDLE', '10:00'),
        entered('ann', 'ON_QUEUE', '10:00', 'systemPresence'),
        entered('bob', 'IDLE', '10:00'),
        ann('INTERACTING', '10:01'),
        entered('ann', 'BREAK', '10:02', 'systemPresence'),
        entered('bob', 'INTERACTING', '10:03'),
      )
      .emits(
        'agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 60000',
        'agent-state ann systemPresence ON_QUEUE 10:00 provisional 1: tSystemPresence 120000',
        'agent-state bob routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 180000',
      )
  })
})

describe('entries out of order', () => {
  test('a late entry takes its time from the state before it', () => {
    given()
      .facts(ann('IDLE', '10:00'), ann('OFF_QUEUE', '10:10'))
      .emits('agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 600000')
      .then(ann('INTERACTING', '10:04'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 provisional 2: tAgentRoutingStatus 240000',
        'agent-state ann routingStatus INTERACTING 10:00 provisional 1: tAgentRoutingStatus 360000',
      )
  })

  test('a late entry corrects intervals that were closed with the state before it', () => {
    given()
      .facts(ann('IDLE', '10:00'), ticked('10:35'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 final 2: tAgentRoutingStatus 900000',
        'agent-state ann routingStatus IDLE 10:15 final 2: tAgentRoutingStatus 900000',
      )
      .then(ann('OFF_QUEUE', '10:10'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 corrected 3: tAgentRoutingStatus 600000',
        'agent-state ann routingStatus IDLE 10:15 corrected 3: tAgentRoutingStatus 0',
        'agent-state ann routingStatus OFF_QUEUE 10:00 corrected 1: tAgentRoutingStatus 300000',
        'agent-state ann routingStatus OFF_QUEUE 10:15 corrected 1: tAgentRoutingStatus 900000',
      )
  })

  test('an entry before all others lasts until the first of them', () => {
    given()
      .facts(ann('IDLE', '10:10'), ann('OFF_QUEUE', '10:05'))
      .emits('agent-state ann routingStatus OFF_QUEUE 10:00 provisional 1: tAgentRoutingStatus 300000')
  })

  test('the same entry again changes nothing, early or late', () => {
    given()
      .facts(
        ann('IDLE', '10:00'),
        ann('IDLE', '10:00'),
        ann('OFF_QUEUE', '10:05'),
        ann('IDLE', '10:00'),
        ann('OFF_QUEUE', '10:05'),
      )
      .emits('agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 300000')
  })

  test('and takes no memory', () => {
    const timeline = new AgentTimeline({ stateMaxMs: minutes(60), intervalMs: minutes(15) })
    const entries = [ann('IDLE', '10:00'), ann('OFF_QUEUE', '10:05'), ann('IDLE', '10:00'), ann('OFF_QUEUE', '10:05')]
    for (const entry of entries) timeline.enter(entry, null)
    expect(timeline.save()).toHaveLength(2)
  })

  test('of two states entered at the same instant the first by name lasts no time, whichever came first', () => {
    const line = 'agent-state ann routingStatus INTERACTING 10:00 provisional 1: tAgentRoutingStatus 300000'
    given().facts(ann('IDLE', '10:00'), ann('INTERACTING', '10:00'), ann('OFF_QUEUE', '10:05')).emits(line)
    given().facts(ann('INTERACTING', '10:00'), ann('IDLE', '10:00'), ann('OFF_QUEUE', '10:05')).emits(line)
  })
})

describe('a state is believed for at most so long', () => {
  const agentState = { ...defaultProfile.agentState, stateMaxMs: minutes(20) }

  test('while nothing else is heard of the agent', () => {
    given({ agentState })
      .facts(ann('IDLE', '10:00'), ticked('12:00'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 final 2: tAgentRoutingStatus 900000',
        'agent-state ann routingStatus IDLE 10:15 final 2: tAgentRoutingStatus 300000',
      )
      .then(ticked('13:00'))
      .emitsNothing()
  })

  test('and also where the next state comes later than that', () => {
    given({ agentState })
      .facts(ann('IDLE', '10:00'), ann('OFF_QUEUE', '11:00'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 900000',
        'agent-state ann routingStatus IDLE 10:15 provisional 1: tAgentRoutingStatus 300000',
      )
  })
})

describe('states that ended longer ago than the restate horizon are forgotten', () => {
  const short = {
    correlation: { ...defaultProfile.correlation, restateHorizonMs: minutes(60), acwHorizonMs: minutes(60) },
  }

  test('what was counted stands', () => {
    given(short)
      .facts(ann('IDLE', '10:00'), ann('OFF_QUEUE', '10:05'), ticked('11:20'))
      .emitsIn(
        'agent-state',
        'agent-state ann routingStatus IDLE 10:00 final 2: tAgentRoutingStatus 300000',
        'agent-state ann routingStatus OFF_QUEUE 10:00 final 2: tAgentRoutingStatus 600000',
        ...['10:15', '10:30', '10:45', '11:00'].map(
          (time) => `agent-state ann routingStatus OFF_QUEUE ${time} final 2: tAgentRoutingStatus 900000`,
        ),
      )
  })

  test('the state that is still open is not, however long ago it began', () => {
    given({ ...short, agentState: { ...defaultProfile.agentState, stateMaxMs: minutes(24 * 60) } })
      .facts(ann('IDLE', '08:00'), ticked('12:20'), ann('OFF_QUEUE', '12:16'), ticked('12:35'))
      .emitsIn(
        'agent-state',
        ...[
          '08:00',
          '08:15',
          '08:30',
          '08:45',
          '09:00',
          '09:15',
          '09:30',
          '09:45',
          '10:00',
          '10:15',
          '10:30',
          '10:45',
          '11:00',
          '11:15',
          '11:30',
          '11:45',
          '12:00',
        ].map((time) => `agent-state ann routingStatus IDLE ${time} final 2: tAgentRoutingStatus 900000`),
        'agent-state ann routingStatus IDLE 12:15 final 2: tAgentRoutingStatus 60000',
        'agent-state ann routingStatus OFF_QUEUE 12:15 final 2: tAgentRoutingStatus 840000',
      )
  })
})
