import { describe, expect, test } from 'vitest'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import type { Fact } from '../../../src/domain/fact.js'
import { entered, minutes, ticked } from '../../support/fact-builders.js'
import { given, lastValues, rowsOf } from '../../support/given.js'

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

  test('that are known already take no memory', () => {
    const projection = new KpiProjection('acme', defaultProfile)
    for (const entry of [ann('IDLE', '10:00'), ann('OFF_QUEUE', '10:05'), ann('IDLE', '10:00')]) projection.apply(entry)
    projection.drainEvents()
    const periods = projection.save().spilled.filter(({ key }) => key.startsWith('states/'))
    expect(periods.map(({ data }) => (data as readonly unknown[]).length)).toEqual([2])
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

describe('states of long ago', () => {
  const short = {
    correlation: { ...defaultProfile.correlation, restateHorizonMs: minutes(60), acwHorizonMs: minutes(60) },
  }

  test('stay counted', () => {
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

  test('last while they are open, however long ago they began', () => {
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

describe('in history', () => {
  const hour: Profile = {
    ...defaultProfile,
    lateHorizonMs: minutes(60),
    families: ['agent-state', 'agent-occupancy'],
  }
  const day = [ann('IDLE', '08:00'), ann('INTERACTING', '08:20'), ann('IDLE', '08:50'), ann('OFF_QUEUE', '11:00')]
  const [first, second, ...others] = day as [Fact, Fact, ...Fact[]]
  const end = ticked('13:00')

  test.each([
    ['all of them after the clock', [ticked('12:00'), ...day, end]],
    ['one of them between two that were counted', [first, ...others, ticked('12:00'), second, end]],
  ])('states count whatever their age, and no time twice: %s', (_, facts) => {
    for (const stateMaxMs of [minutes(45), minutes(24 * 60)]) {
      const profile = { ...hour, agentState: { ...hour.agentState, stateMaxMs } }
      const known = lastValues(rowsOf([...day, end], profile))
      expect(known.filter((line) => line.startsWith('agent-state/ann/routingStatus/INTERACTING'))).toHaveLength(3)
      expect(lastValues(rowsOf(facts, profile, [2, 4], { inHistory: true }))).toEqual(known)
    }
  })

  test('a state older than the late horizon is refused once history has ended', () => {
    given(hour, { inHistory: true })
      .facts(ticked('12:00'), ann('IDLE', '08:00'))
      .endHistory()
      .refuses(ann('OFF_QUEUE', '08:10'), 'too-late', /08:10/)
  })
})
