import { describe, expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { configured, emitted, leftQueue, minutes, sessionEnded, ticked, worked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const detail = { points: 'detail-events' as const, families: ['queue'] as const }
const voice = (durationMs: number, target: number | null = null) => ({ voice: { durationMs, target } })
const answered = (waitMs: number, time: string, more: Parameters<typeof leftQueue>[4] = {}) =>
  leftQueue('sales', 'ANSWERED', waitMs, time, { answeredUserId: 'ann', ...more })

describe('an answer is over the service level by the threshold of its queue', () => {
  test('in force at the answer: the old one before the change, the new one from its instant on', () => {
    given(detail)
      .facts(configured('sales', '09:00', voice(5_000)), configured('sales', '10:10', voice(30_000)))
      .then(answered(6_000, '10:09:59.999', { sessionId: '1' }))
      .emits('queue sales voice 10:00 provisional 3: tAnswered 6000, tAcd 6000, nOverSla 1')
      .then(answered(6_000, '10:10', { sessionId: '2' }))
      .emits(
        'queue sales voice 10:00 provisional 5: tAnswered 2x12000 (6000..6000), tAcd 2x12000 (6000..6000), nOverSla 1',
      )
  })

  test('in force at the answer, not at the offer', () => {
    given(detail)
      .facts(
        configured('sales', '09:00', voice(5_000)),
        configured('sales', '10:10', voice(30_000)),
        answered(20_000, '10:10:01'),
      )
      .emits('queue sales voice 10:00 provisional 2: tAnswered 20000, tAcd 20000')
  })

  test('by the effective instant, whichever became known first', () => {
    given(detail)
      .facts(configured('sales', '10:10', voice(30_000)), configured('sales', '09:00', voice(5_000)))
      .then(answered(6_000, '10:09', { sessionId: '1' }), answered(6_000, '10:11', { sessionId: '2' }))
      .emits(
        'queue sales voice 10:00 provisional 5: tAnswered 2x12000 (6000..6000), tAcd 2x12000 (6000..6000), nOverSla 1',
      )
  })

  test('and of two with the same instant by the one that became known later', () => {
    given(detail)
      .facts(
        configured('sales', '09:00', voice(30_000)),
        configured('sales', '09:00', voice(5_000)),
        answered(6_000, '10:05'),
      )
      .emits('queue sales voice 10:00 provisional 3: tAnswered 6000, tAcd 6000, nOverSla 1')
  })

  test('an answer before the first setting, of another queue, or of a media type without a setting is measured by the profile', () => {
    given(detail)
      .facts(configured('sales', '10:00', voice(5_000)))
      .then(answered(6_000, '09:59', { sessionId: '1' }))
      .emits('queue sales voice 09:45 provisional 2: tAnswered 6000, tAcd 6000')
      .then(leftQueue('service', 'ANSWERED', 6_000, '10:05', { sessionId: '2' }))
      .emits('queue service voice 10:00 provisional 2: tAnswered 6000, tAcd 6000')
      .then(
        answered(6_000, '10:05', { sessionId: '3', mediaType: 'chat' }),
        answered(30_001, '10:05', { sessionId: '4', mediaType: 'chat' }),
      )
      .emits(
        'queue sales chat 10:00 provisional 5: tAnswered 2x36001 (6000..30001), tAcd 2x36001 (6000..30001), nOverSla 1',
      )
  })

  test("a queue's own setting goes before what the profile says of the queue", () => {
    const serviceLevel = { ...defaultProfile.serviceLevel, durationMsByQueue: { sales: 60_000 } }
    given({ ...detail, serviceLevel })
      .facts(configured('sales', '09:00', voice(5_000)), answered(6_000, '10:05'))
      .emits('queue sales voice 10:00 provisional 3: tAnswered 6000, tAcd 6000, nOverSla 1')
  })

  test('a wait of exactly the threshold is over it where the profile says so (overAtDuration)', () => {
    const at = (overAtDuration: boolean) =>
      given({ ...detail, serviceLevel: { ...defaultProfile.serviceLevel, overAtDuration } }).facts(
        configured('sales', '09:00', voice(5_000)),
        answered(5_000, '10:05'),
      )
    at(false).emits('queue sales voice 10:00 provisional 2: tAnswered 5000, tAcd 5000')
    at(true).emits('queue sales voice 10:00 provisional 3: tAnswered 5000, tAcd 5000, nOverSla 1')
  })

  test('a threshold that becomes known after the answer leaves it as it was counted, and metric records bring their own', () => {
    given(detail)
      .facts(answered(6_000, '10:05'), configured('sales', '09:00', voice(5_000)), ticked('10:20'))
      .emits('queue sales voice 10:00 final 3: tAnswered 6000, tAcd 6000')
    given({ families: ['queue'] })
      .facts(configured('sales', '09:00', voice(5_000)), emitted('tAnswered', 6_000, '10:05', { queue: 'sales' }))
      .emits('queue sales voice 10:00 provisional 1: tAnswered 6000')
  })

  test('a threshold known from the start applies, wherever it stands in the log', () => {
    given(detail, { configuration: [configured('sales', '09:00', voice(5_000))] })
      .facts(answered(6_000, '10:05'), configured('sales', '09:00', voice(5_000)))
      .emits('queue sales voice 10:00 provisional 3: tAnswered 6000, tAcd 6000, nOverSla 1')
  })
})

describe("a queue's after-call work time-out is how long its sessions wait for it", () => {
  const talked = sessionEnded('ann', '10:05', { talkMs: 60_000 })
  const handledAt = (prompt: string, timeoutMs: number | null, queueId = 'sales') =>
    given(detail).facts(configured(queueId, '09:00', {}, { prompt, timeoutMs }), talked)
  const unhandled = 'queue sales voice 10:00 final 2: tTalkComplete 60000'
  const handled = 'queue sales voice 10:00 corrected 3: tTalkComplete 60000, tHandle 60000'

  test.each(['MANDATORY_TIMEOUT', 'MANDATORY_FORCED_TIMEOUT'])(
    '%s: the time-out and the slack of the profile',
    (prompt) => {
      // 10:05 + 15 min + 1 min of slack; looked at when an interval closes.
      handledAt(prompt, minutes(15)).then(ticked('10:20:59')).emits(unhandled).then(ticked('10:35')).emits(handled)
      handledAt(prompt, minutes(14) + 1)
        .then(ticked('10:20'))
        .emits(unhandled)
      handledAt(prompt, minutes(14))
        .then(ticked('10:20'))
        .emits('queue sales voice 10:00 final 3: tTalkComplete 60000, tHandle 60000')
    },
  )

  test.each([
    ['MANDATORY', minutes(1)],
    ['OPTIONAL', minutes(1)],
    ['MANDATORY_TIMEOUT', null],
  ])('%s with time-out %s ends never: the horizon of the profile', (prompt, timeoutMs) => {
    handledAt(prompt, timeoutMs).then(ticked('11:04')).emits(unhandled).then(ticked('11:05')).emits(handled)
  })

  test('the time-out of another queue does not apply, nor one in force after the end of the session', () => {
    handledAt('MANDATORY_TIMEOUT', minutes(1), 'service').then(ticked('11:04')).emits(unhandled)
    given(detail)
      .facts(
        configured('sales', '10:05:00.001', {}, { prompt: 'MANDATORY_TIMEOUT', timeoutMs: minutes(1) }),
        talked,
        ticked('11:04'),
      )
      .emits(unhandled)
  })

  test('work that arrives after the time-out still moves the handle time', () => {
    handledAt('MANDATORY_TIMEOUT', minutes(1))
      .then(ticked('10:20'))
      .emits('queue sales voice 10:00 final 3: tTalkComplete 60000, tHandle 60000')
      .then(worked('ann', 5_000, '10:21'))
      .emits(
        'queue sales voice 10:00 corrected 4: tTalkComplete 60000',
        'queue sales voice 10:15 provisional 2: tAcw 5000, tHandle 65000',
      )
  })
})

describe('the rows of a queue carry its service-level target', () => {
  const offered = (time: string, more: Parameters<typeof emitted>[3] = {}) =>
    emitted('nOffered', 1, time, { queue: 'sales', ...more })
  const targets = (story: ReturnType<typeof given>) =>
    story
      .look()
      .map((row) => [
        row.family,
        row.dimensions.slice(0, 2).join(' '),
        row.granularity,
        row.revision,
        row.serviceTarget,
      ])

  test('the one in force when the interval began, of its media type, in the family of queues alone', () => {
    const story = given({ families: ['queue', 'agent'], rollUps: ['PT1H'] }).facts(
      configured('sales', '09:00', voice(5_000, 0.8)),
      configured('sales', '10:10', voice(5_000, 0.9)),
      ...['10:05', '10:20'].map((time) => offered(time, { agent: 'ann' })),
      offered('10:05', { media: 'chat' }),
      offered('10:05', { queue: 'service' }),
    )
    expect(targets(story)).toEqual(
      expect.arrayContaining([
        ['queue', 'sales voice', 'PT15M', 1, 0.8],
        ['queue', 'sales voice', 'PT15M', 1, 0.9],
        ['queue', 'sales voice', 'PT1H', 2, 0.8],
        ['queue', 'sales chat', 'PT15M', 1, null],
        ['queue', 'service voice', 'PT15M', 1, null],
        ['agent', 'ann sales', 'PT15M', 1, null],
      ]),
    )
  })

  test('a target that becomes known while the interval is open makes one new revision; closed rows keep theirs', () => {
    const story = given({ families: ['queue'] }).facts(offered('10:05'), ticked('10:20'), offered('10:25'))
    story.look()
    story.then(configured('sales', '09:00', voice(5_000, 0.8)))
    expect(targets(story)).toEqual([['queue', 'sales voice', 'PT15M', 2, 0.8]])
    story.then(
      configured('sales', '09:00', voice(5_000, 0.8)),
      configured('sales', '09:30', voice(6_000, 0.8)),
      configured('service', '09:00', voice(1, 0.1)),
    )
    expect(targets(story)).toEqual([])
    story.then(offered('10:06'))
    expect(targets(story)).toEqual([['queue', 'sales voice', 'PT15M', 3, null]])
  })
})
