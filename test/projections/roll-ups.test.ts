import { describe, expect, test } from 'vitest'
import type { EpochMs } from '../../src/domain/interval.js'
import type { Row } from '../../src/domain/row.js'
import type { Zone } from '../../src/domain/zone.js'
import { at, emitted, entered, minutes, nowhere, ticked } from '../support/fact-builders.js'
import { given } from '../support/given.js'

const queue = { families: ['queue'] as const }
const HOUR = minutes(60)
const offered = (instant: EpochMs) => ({
  type: 'MetricEmitted' as const,
  ...nowhere,
  metric: 'nOffered',
  value: 1,
  at: instant,
  queueId: 'sales',
})

/** Berlin in 2026: clocks go forward on 29 March and back on 25 October, both at 01:00 UTC. */
const berlin: Zone = {
  name: 'Europe/Berlin',
  offsets: [
    [0, HOUR],
    [Date.UTC(2026, 2, 29, 1), 2 * HOUR],
    [Date.UTC(2026, 9, 25, 1), HOUR],
  ],
}
const kathmandu: Zone = { name: 'Asia/Kathmandu', offsets: [[0, minutes(345)]] }

describe('longer intervals', () => {
  test('hold what their base intervals hold, each under its own key and length', () => {
    given({ ...queue, rollUps: ['PT30M', 'PT1H', 'P1D'] })
      .facts(...['10:05', '10:20', '10:50'].map((time) => emitted('tAnswered', minutes(1), time, { queue: 'sales' })))
      .emits(
        'queue sales voice 10:00 provisional 1: tAnswered 60000',
        'queue sales voice 10:15 provisional 1: tAnswered 60000',
        'queue sales voice 10:45 provisional 1: tAnswered 60000',
        'queue sales voice 10:00 PT30M provisional 2: tAnswered 2x120000 (60000..60000)',
        'queue sales voice 10:30 PT30M provisional 1: tAnswered 60000',
        'queue sales voice 10:00 PT1H provisional 3: tAnswered 3x180000 (60000..60000)',
        'queue sales voice 00:00 P1D provisional 3: tAnswered 3x180000 (60000..60000)',
      )
  })

  test('close when their own end and the grace period have passed', () => {
    given({ ...queue, rollUps: ['PT1H'] })
      .facts(emitted('nOffered', 1, '10:05', { queue: 'sales' }), ticked('10:20'))
      .emits('queue sales voice 10:00 final 2: nOffered 1', 'queue sales voice 10:00 PT1H provisional 1: nOffered 1')
      .then(ticked('11:04:59.999'))
      .emitsNothing()
      .then(ticked('11:05'))
      .emits('queue sales voice 10:00 PT1H final 2: nOffered 1')
  })

  test('of half an hour may be the base', () => {
    given({ ...queue, intervalMs: minutes(30), rollUps: ['PT1H'] })
      .facts(emitted('nOffered', 1, '10:35', { queue: 'sales' }))
      .emits(
        'queue sales voice 10:30 PT30M provisional 1: nOffered 1',
        'queue sales voice 10:00 PT1H provisional 1: nOffered 1',
      )
  })

  test('hold the time in states of all their parts', () => {
    given({ families: ['agent-occupancy'], rollUps: ['PT1H'] })
      .facts(entered('ann', 'IDLE', '10:05'), entered('ann', 'INTERACTING', '11:10'))
      .emits(
        ...['10:00 provisional 1: tRoutingStatusIdle 600000', '11:00 provisional 1: tRoutingStatusIdle 600000'].map(
          (line) => `agent-occupancy ann ${line}`,
        ),
        ...['10:15', '10:30', '10:45'].map(
          (time) => `agent-occupancy ann ${time} provisional 1: tRoutingStatusIdle 900000`,
        ),
        'agent-occupancy ann 10:00 PT1H provisional 4: tRoutingStatusIdle 3300000',
        'agent-occupancy ann 11:00 PT1H provisional 1: tRoutingStatusIdle 600000',
      )
  })
})

describe('days are those of the zone', () => {
  const days = (zone: Zone, from: EpochMs, through: EpochMs): readonly Row[] => {
    const quarters = Array.from({ length: (through - from) / minutes(15) }, (_, index) =>
      offered(from + index * minutes(15)),
    )
    return given({ ...queue, zone, rollUps: ['P1D'] })
      .facts(...quarters)
      .look()
      .filter(({ granularity }) => granularity === 'P1D')
  }
  const spoken = (row: Row): string => {
    const iso = (instant: EpochMs) => new Date(instant).toISOString().slice(0, 16)
    return `${iso(row.start)} to ${iso(row.end)}: ${row.measures[0]?.count} quarters`
  }

  test('have 23 hours where clocks go forward, 25 where they go back, and 24 otherwise', () => {
    expect(days(berlin, Date.UTC(2026, 2, 27, 23), Date.UTC(2026, 2, 30, 22)).map(spoken)).toEqual([
      '2026-03-27T23:00 to 2026-03-28T23:00: 96 quarters',
      '2026-03-28T23:00 to 2026-03-29T22:00: 92 quarters',
      '2026-03-29T22:00 to 2026-03-30T22:00: 96 quarters',
    ])
    expect(days(berlin, Date.UTC(2026, 9, 23, 22), Date.UTC(2026, 9, 26, 23)).map(spoken)).toEqual([
      '2026-10-23T22:00 to 2026-10-24T22:00: 96 quarters',
      '2026-10-24T22:00 to 2026-10-25T23:00: 100 quarters',
      '2026-10-25T23:00 to 2026-10-26T23:00: 96 quarters',
    ])
  })

  test('the repeated hour is two hours, keyed by their instants', () => {
    const twice = [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)]
    const hours = given({ ...queue, zone: berlin, rollUps: ['PT1H'] })
      .facts(...twice.map(offered))
      .look()
      .filter(({ granularity }) => granularity === 'PT1H')
    expect(hours.map(({ key }) => key)).toEqual([
      'queue/sales/voice/-/-/PT1H/2026-10-25T00:00:00.000Z',
      'queue/sales/voice/-/-/PT1H/2026-10-25T01:00:00.000Z',
    ])
  })

  test('offsets of three quarters of an hour fit base intervals of a quarter', () => {
    expect(days(kathmandu, Date.UTC(2026, 0, 4, 18, 15), Date.UTC(2026, 0, 5, 18, 15)).map(spoken)).toEqual([
      '2026-01-04T18:15 to 2026-01-05T18:15: 96 quarters',
    ])
  })

  test('a day is final when the frontier has passed its end and the grace period: 22:05 UTC on the short day', () => {
    const story = given({ ...queue, zone: berlin, rollUps: ['P1D'] }).facts(offered(Date.UTC(2026, 2, 29, 12)))
    story.look()
    story.then(ticked(Date.UTC(2026, 2, 29, 22, 4, 59))).look()
    expect(story.then(ticked(Date.UTC(2026, 2, 29, 22, 5))).lookAtOne()).toMatchObject({
      granularity: 'P1D',
      status: 'final',
      revision: 2,
    })
  })

  test('late points restate the day with the interval', () => {
    given({ ...queue, rollUps: ['P1D'] })
      .facts(emitted('nOffered', 1, '10:05', { queue: 'sales' }), ticked('2026-01-06T00:05'))
      .emits('queue sales voice 10:00 final 2: nOffered 1', 'queue sales voice 00:00 P1D final 2: nOffered 1')
      .then(offered(at('10:07')))
      .emits('queue sales voice 10:00 corrected 3: nOffered 2', 'queue sales voice 00:00 P1D corrected 3: nOffered 2')
  })
})
