import { describe, expect, test } from 'vitest'
import { type Fact } from '../../../src/domain/fact.js'
import { type Profile } from '../../../src/domain/profile.js'
import { leftQueue, minutes, queued, ticked, worked } from '../../support/fact-builders.js'
import { a, annInA, eventsTell, of, session, told } from '../../support/worked-case.js'

describe('the law of attribution, by its published examples', () => {
  const half = { intervalMs: minutes(30) }
  const hour = { intervalMs: minutes(60) }
  const both = (
    records: readonly Fact[],
    events: readonly Fact[],
    overrides: Partial<Profile>,
    ...lines: readonly string[]
  ): void => {
    expect(told('metric-records', records, overrides)).toEqual([...lines].sort())
    expect(told('detail-events', events, overrides)).toEqual([...lines].sort())
  }

  test('offered at 7:28, answered at 7:32: offered counts in 7:00, answered in 7:30, and no interval balances by itself', () => {
    both(
      [
        a('nOffered', 1, '07:28'),
        a('tAcd', 240_000, '07:32'),
        annInA('tAnswered', 240_000, '07:32'),
        annInA('nOverSla', 1, '07:32'),
      ],
      [queued('A', '07:28'), leftQueue('A', 'ANSWERED', 240_000, '07:32', { answeredUserId: 'ann' })],
      half,
      'queue A voice 07:00 PT30M: nOffered 1',
      'queue A voice 07:30 PT30M: tAnswered 240000, tAcd 240000, nOverSla 1',
      'agent ann A voice 07:30 PT30M: tAnswered 240000, nOverSla 1',
    )
  })

  test('answered at 10:25, ended at 10:45: answered counts in 10:00, handled in 10:30', () => {
    both(
      [
        a('tAcd', 9_000, '10:25'),
        annInA('tAnswered', 9_000, '10:25'),
        annInA('tTalkComplete', 1_200_000, '10:45'),
        annInA('tHandle', 1_200_000, '10:45'),
      ],
      [
        leftQueue('A', 'ANSWERED', 9_000, '10:25', { answeredUserId: 'ann' }),
        session('ann', 'A', '10:45', { talkMs: 1_200_000 }),
      ],
      half,
      'queue A voice 10:00 PT30M: tAnswered 9000, tAcd 9000',
      'queue A voice 10:30 PT30M: tTalkComplete 1200000, tHandle 1200000',
      'agent ann A voice 10:00 PT30M: tAnswered 9000',
      'agent ann A voice 10:30 PT30M: tTalkComplete 1200000, tHandle 1200000',
    )
  })

  test('calls of 9:16–9:32 and 9:35–10:05: talk is nothing at 9:00, 16 minutes at 9:30 and 30 minutes at 10:00', () => {
    const talked = (time: string, count: number) => [
      annInA('tTalkComplete', minutes(count), time),
      annInA('tHandle', minutes(count), time),
    ]
    both(
      [...talked('09:32', 16), ...talked('10:05', 30)],
      [
        session('ann', 'A', '09:32', { sessionId: 's1', talkMs: minutes(16) }),
        session('ann', 'A', '10:05', { sessionId: 's2', talkMs: minutes(30) }),
      ],
      half,
      ...['queue A', 'agent ann A'].flatMap((cell) => [
        `${cell} voice 09:30 PT30M: tTalkComplete 960000, tHandle 960000`,
        `${cell} voice 10:00 PT30M: tTalkComplete 1800000, tHandle 1800000`,
      ]),
    )
  })

  test('an e-mail handled for 2.83 hours stands whole in one hour', () => {
    const mail = of('A', 'ann', 'email')
    both(
      [mail('tTalkComplete', 10_188_000, '12:50'), mail('tHandle', 10_188_000, '12:50')],
      [session('ann', 'A', '12:50', { mediaType: 'email', talkMs: 10_188_000 })],
      hour,
      'queue A email 12:00 PT1H: tTalkComplete 10188000, tHandle 10188000',
      'agent ann A email 12:00 PT1H: tTalkComplete 10188000, tHandle 10188000',
    )
  })

  test('27 s of talk and 2.24 h of after-call work: talk in hour 5, work and handle time in hour 7, though the hour of the talk was closed', () => {
    both(
      [
        annInA('tTalkComplete', 27_035, '05:20'),
        ticked('07:00'),
        annInA('tAcw', 8_055_993, '07:34:16'),
        annInA('tHandle', 8_083_028, '07:34:16'),
      ],
      [
        session('ann', 'A', '05:20', { talkMs: 27_035 }),
        ticked('07:00'),
        worked('ann', 8_055_993, '07:34:16', { queueId: 'A' }),
      ],
      hour,
      ...['queue A', 'agent ann A'].flatMap((cell) => [
        `${cell} voice 05:00 PT1H: tTalkComplete 27035`,
        `${cell} voice 07:00 PT1H: tAcw 8055993, tHandle 8083028`,
      ]),
    )
  })

  test('an instant on the edge opens the next interval, one a millisecond earlier is the last of the one before', () => {
    both(
      [a('nOffered', 1, '10:14:59.999'), a('nOffered', 1, '10:15')],
      [queued('A', '10:14:59.999'), queued('A', '10:15', { sessionId: 'acd-2' })],
      {},
      'queue A voice 10:00: nOffered 1',
      'queue A voice 10:15: nOffered 1',
    )
  })

  test('no interval need balance, the closed range does: offered = answered + abandoned + flowed out', () => {
    const events = [
      queued('A', '10:14', { sessionId: '1' }),
      queued('A', '10:14:30', { sessionId: '2' }),
      queued('A', '10:29', { sessionId: '3' }),
      leftQueue('A', 'ANSWERED', 70_000, '10:15:10', { sessionId: '1' }),
      leftQueue('A', 'ABANDON', 60_000, '10:15:30', { sessionId: '2' }),
      leftQueue('A', 'FLOW_OUT', 70_000, '10:30:10', { sessionId: '3' }),
    ]
    eventsTell(
      events,
      'queue A voice 10:00: nOffered 2',
      'queue A voice 10:15: nOffered 1, tAnswered 70000, tAbandon 60000, tAcd 2x130000 (60000..70000), nOverSla 1',
      'queue A voice 10:30: tFlowOut 70000, tAcd 70000',
    )
  })
})
