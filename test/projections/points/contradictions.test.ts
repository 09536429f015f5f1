import { describe, test } from 'vitest'
import { leftQueue, sessionEnded, ticked, worked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const detail = { points: 'detail-events' as const, families: ['agent'] as const }
const ended = sessionEnded('ann', '10:05', { talkMs: 60_000 })
const acw = worked('ann', 5_000, '10:06')
const handled = 'agent ann sales voice 10:00 provisional 3: tTalkComplete 60000, tAcw 5000, tHandle 65000'

describe('what is said of a session a second time', () => {
  test('in the same words changes nothing, whichever half of it and however often', () => {
    given(detail)
      .facts(ended, { ...ended }, acw, { ...acw }, { ...ended })
      .emits(handled)
    given(detail)
      .facts(acw, { ...acw }, ended, { ...ended }, { ...acw })
      .emits(handled)
  })

  test('in other words is refused, and the first counts', () => {
    given(detail)
      .facts(ended)
      .refuses({ ...ended, talkMs: 59_999 }, 'contradictory', /UserSessionEnded.*conversation c1.*the first one counts/)
      .then(acw)
      .refuses({ ...acw, acwMs: 4_999 }, 'contradictory', /AfterCallWorkCompleted.*conversation c1/)
      .refuses({ ...ended, at: ended.at + 1 }, 'contradictory', /UserSessionEnded/)
      .emits(handled)
  })

  test('the end of a queue entry too: what it had counted stands', () => {
    const left = leftQueue('sales', 'ANSWERED', 5_000, '10:01', { answeredUserId: 'ann' })
    given({ points: 'detail-events', families: ['queue'] })
      .facts(left, { ...left })
      .refuses({ ...left, outcome: 'ABANDON' }, 'contradictory', /AcdEnded.*conversation c1/)
      .emits('queue sales voice 10:00 provisional 2: tAnswered 5000, tAcd 5000')
      .then({ ...left, queueId: 'service' })
      .emits('queue service voice 10:00 provisional 2: tAnswered 5000, tAcd 5000')
  })

  test('work before the end of its session contradicts other work', () => {
    given(detail)
      .facts(acw)
      .refuses({ ...acw, wrapUpCode: 'sold' }, 'contradictory', /AfterCallWorkCompleted/)
      .then(ended)
      .emits(handled)
  })

  test('after it was taken for handled without work, too', () => {
    given(detail)
      .facts(ended, ticked('12:00'), { ...ended })
      .refuses({ ...ended, heldMs: 1 }, 'contradictory', /UserSessionEnded/)
      .emits('agent ann sales voice 10:00 final 3: tTalkComplete 60000, tHandle 60000')
  })

  test('of another session, or of one of the same name in another conversation, contradicts nothing', () => {
    given(detail)
      .facts(ended, { ...ended, sessionId: 's2', talkMs: 1_000 }, { ...ended, conversationId: 'c2', talkMs: 2_000 })
      .emits('agent ann sales voice 10:00 provisional 3: tTalkComplete 3x63000 (1000..60000)')
  })
})
