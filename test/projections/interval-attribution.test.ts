import { describe, test } from 'vitest'
import { emitted, leftQueue, minutes, queued, ticked } from '../support/fact-builders.js'
import { given } from '../support/given.js'

describe('a point belongs whole to the interval of its emit instant', () => {
  test('offered at 7:28 and answered at 7:32 are in different half hours', () => {
    given({ intervalMs: minutes(30) })
      .facts(
        emitted('nOffered', 1, '07:28', { queue: 'sales' }),
        emitted('tAnswered', 240_000, '07:32', { queue: 'sales' }),
      )
      .emits(
        'queue sales voice 07:00 PT30M provisional 1: nOffered 1',
        'queue sales voice 07:30 PT30M provisional 1: tAnswered 240000',
      )
  })

  test('talk of 9:16–9:32 and 9:35–10:05 is nothing at 9:00, 16 minutes at 9:30 and 30 minutes at 10:00', () => {
    given({ intervalMs: minutes(30) })
      .facts(
        emitted('tTalkComplete', minutes(16), '09:32', { agent: 'ann' }),
        emitted('tTalkComplete', minutes(30), '10:05', { agent: 'ann' }),
      )
      .emits(
        'agent ann - voice 09:30 PT30M provisional 1: tTalkComplete 960000',
        'agent ann - voice 10:00 PT30M provisional 1: tTalkComplete 1800000',
      )
  })

  test('after-call work of two hours lands whole in the interval of its end, and the handle time with it', () => {
    given({ intervalMs: minutes(60) })
      .facts(
        emitted('tTalkComplete', 27_035, '05:20', { queue: 'sales' }),
        emitted('tAcw', 8_055_993, '07:34', { queue: 'sales' }),
        emitted('tHandle', 8_083_028, '07:34', { queue: 'sales' }),
      )
      .emits(
        'queue sales voice 05:00 PT1H provisional 1: tTalkComplete 27035',
        'queue sales voice 07:00 PT1H provisional 2: tAcw 8055993, tHandle 8083028',
      )
  })

  test('a point on an edge opens the next interval, one a millisecond earlier is the last of the one before', () => {
    given()
      .facts(
        emitted('nOffered', 1, '10:14:59.999', { queue: 'sales' }),
        emitted('nOffered', 1, '10:15', { queue: 'sales' }),
      )
      .emits('queue sales voice 10:00 provisional 1: nOffered 1', 'queue sales voice 10:15 provisional 1: nOffered 1')
  })
})

describe('a point falls into the cell of each family whose dimensions it carries', () => {
  test('a point with queue and agent counts in both families', () => {
    given()
      .facts(emitted('tAnswered', 9_000, '10:05', { queue: 'sales', agent: 'ann' }))
      .emits(
        'queue sales voice 10:00 provisional 1: tAnswered 9000',
        'agent ann sales voice 10:00 provisional 1: tAnswered 9000',
      )
  })

  test('a point without a queue counts in the agent family alone', () => {
    given()
      .facts(emitted('tTalkComplete', 9_000, '10:05', { agent: 'ann' }))
      .emits('agent ann - voice 10:00 provisional 1: tTalkComplete 9000')
  })

  test('a point without an agent counts in the queue family alone, a point with neither in none of the two', () => {
    given()
      .facts(emitted('nOffered', 1, '10:05', { queue: 'sales' }))
      .emits('queue sales voice 10:00 provisional 1: nOffered 1')
    given()
      .facts(emitted('nConnected', 1, '10:05', {}))
      .emitsNothing()
  })

  test('media types of one queue are separate cells', () => {
    given()
      .facts(
        emitted('nOffered', 1, '10:05', { queue: 'sales', media: 'voice' }),
        emitted('nOffered', 1, '10:05', { queue: 'sales', media: 'callback' }),
      )
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales callback 10:00 provisional 1: nOffered 1',
      )
  })

  test('count, sum, least and greatest of a duration are kept', () => {
    given()
      .facts(...[9_000, 2_000, 4_000].map((wait) => emitted('tAnswered', wait, '10:05', { queue: 'sales' })))
      .emits('queue sales voice 10:00 provisional 3: tAnswered 3x15000 (2000..9000)')
  })
})

describe('what counts', () => {
  test('metrics that no family carries change nothing', () => {
    given()
      .facts(emitted('nUnheardOf', 5_000, '10:05', { queue: 'sales', agent: 'ann' }))
      .emitsNothing()
  })

  test('a state metric is never taken for a point', () => {
    given()
      .facts(emitted('tAgentRoutingStatus', 5_000, '10:05', { agent: 'ann' }))
      .emitsNothing()
  })

  test('under metric records detail events do not count, under detail events metric records do not', () => {
    const record = emitted('nOffered', 1, '10:05', { queue: 'sales' })
    const events = [
      queued('sales', '10:05'),
      leftQueue('sales', 'ANSWERED', 9_000, '10:05:09', { answeredUserId: 'ann' }),
    ]
    given({ points: 'metric-records' })
      .facts(record, ...events)
      .emits('queue sales voice 10:00 provisional 1: nOffered 1')
    given({ points: 'detail-events' })
      .facts(record, ...events.slice(0, 1))
      .emits('queue sales voice 10:00 provisional 1: nOffered 1')
    given({ points: 'metric-records' })
      .facts(...events, ticked('12:00'))
      .emitsNothing()
    given({ points: 'detail-events' }).facts(record, ticked('12:00')).emitsNothing()
  })
})
