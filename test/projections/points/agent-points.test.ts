import { describe, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { leftQueue, queued, sessionEnded, sessionStarted, worked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const detail = { points: 'detail-events' as const }

describe('an agent session', () => {
  test('alert is stamped where it ended, talk and hold at the end of the session', () => {
    given(detail)
      .facts(sessionEnded('ann', '10:16', { alertMs: 4_000, talkMs: 100_000, heldMs: 20_000 }))
      .emitsIn(
        'agent',
        'agent ann sales voice 10:00 provisional 1: tAlert 4000',
        'agent ann sales voice 10:15 provisional 2: tTalkComplete 100000, tHeldComplete 20000',
      )
  })

  test('an alert that ends on an edge belongs to the interval that the edge opens', () => {
    given(detail)
      .facts(sessionEnded('ann', '10:17', { alertMs: 4_000, talkMs: 120_000 }))
      .emitsIn('agent', 'agent ann sales voice 10:15 provisional 2: tTalkComplete 120000, tAlert 4000')
  })

  test('what took no time is not reported', () => {
    given(detail).facts(sessionEnded('ann', '10:05'), sessionStarted('ann', '10:04')).emitsNothing()
  })

  test('outside any queue it counts for the agent alone', () => {
    given(detail)
      .facts(sessionEnded('ann', '10:05', { queueId: null, talkMs: 60_000 }))
      .emits('agent ann - voice 10:00 provisional 1: tTalkComplete 60000')
  })

  test('inbound sessions begin without counting anything', () => {
    given(detail).facts(sessionStarted('ann', '10:05')).emitsNothing()
  })
})

describe('ring, no answer', () => {
  test('the first agent was alerted and did not respond, the second answered; the queue offered and answered once', () => {
    given(detail)
      .facts(
        queued('sales', '10:00'),
        sessionEnded('ann', '10:00:20', { alertMs: 20_000, disconnectType: 'NO_ANSWER_TRANSFER' }),
        leftQueue('sales', 'ANSWERED', 26_000, '10:00:26', { answeredUserId: 'bob' }),
        sessionEnded('bob', '10:05:26', { alertMs: 6_000, talkMs: 300_000 }),
      )
      .emits(
        'queue sales voice 10:00 provisional 8: nOffered 1, tAnswered 26000, tAcd 26000, nOverSla 1, tTalkComplete 300000, tAlert 2x26000 (6000..20000), tNotResponding 20000',
        'agent ann sales voice 10:00 provisional 2: tAlert 20000, tNotResponding 20000',
        'agent bob sales voice 10:00 provisional 4: tAnswered 26000, nOverSla 1, tTalkComplete 300000, tAlert 6000',
      )
  })

  test('the same agent may miss twice', () => {
    given(detail)
      .facts(
        sessionEnded('ann', '10:00:20', { sessionId: 's1', alertMs: 20_000, disconnectType: 'TIMEOUT' }),
        sessionEnded('ann', '10:00:50', { sessionId: 's2', alertMs: 10_000, disconnectType: 'TIMEOUT' }),
      )
      .emitsIn(
        'agent',
        'agent ann sales voice 10:00 provisional 4: tAlert 2x30000 (10000..20000), tNotResponding 2x30000 (10000..20000)',
      )
  })

  test('an alert that ends because the caller hangs up (PEER) is not counted as not responding', () => {
    given(detail)
      .facts(
        leftQueue('sales', 'ABANDON', 15_000, '10:00:15'),
        sessionEnded('ann', '10:00:15', { alertMs: 8_000, disconnectType: 'PEER' }),
      )
      .emits(
        'queue sales voice 10:00 provisional 3: tAbandon 15000, tAcd 15000, tAlert 8000',
        'agent ann sales voice 10:00 provisional 1: tAlert 8000',
      )
  })

  test('an agent who rejects the alert, puts the phone down or lets it ring out did not respond', () => {
    given(detail)
      .facts(
        sessionEnded('ann', '10:00:10', { alertMs: 4_000, disconnectType: 'CLIENT' }),
        sessionEnded('bob', '10:00:20', { alertMs: 5_000, disconnectType: 'ENDPOINT' }),
        sessionEnded('cy', '10:00:30', { alertMs: 8_000, disconnectType: 'SYSTEM' }),
      )
      .emits(
        'queue sales voice 10:00 provisional 6: tAlert 3x17000 (4000..8000), tNotResponding 3x17000 (4000..8000)',
        'agent ann sales voice 10:00 provisional 2: tAlert 4000, tNotResponding 4000',
        'agent bob sales voice 10:00 provisional 2: tAlert 5000, tNotResponding 5000',
        'agent cy sales voice 10:00 provisional 2: tAlert 8000, tNotResponding 8000',
      )
  })

  test('an agent who accepts a callback and goes on in a voice session did respond', () => {
    given(detail)
      .facts(
        sessionEnded('ann', '10:01', {
          mediaType: 'callback',
          alertMs: 4_000,
          callbackMs: 56_000,
          disconnectType: 'CLIENT',
        }),
      )
      .emitsIn('agent', 'agent ann sales callback 10:00 provisional 1: tAlert 4000')
  })

  test('a profile can say that other disconnect types come from the other side', () => {
    const correlation = { ...defaultProfile.correlation, alertEndedByOther: ['PEER', 'ENDPOINT'] }
    given({ ...detail, correlation })
      .facts(sessionEnded('ann', '10:00:10', { alertMs: 4_000, disconnectType: 'ENDPOINT' }))
      .emitsIn('agent', 'agent ann sales voice 10:00 provisional 1: tAlert 4000')
  })
})

describe('outbound', () => {
  test('on behalf of a queue: station, dialing and the connect each at their own end', () => {
    given(detail)
      .facts(
        sessionStarted('ann', '10:14:40', { direction: 'outbound' }),
        sessionEnded('ann', '10:16:10', {
          direction: 'outbound',
          contactingMs: 5_000,
          dialingMs: 20_000,
          talkMs: 60_000,
        }),
        worked('ann', 30_000, '10:16:40'),
      )
      .emitsIn(
        'queue',
        'queue sales voice 10:00 provisional 2: nOutbound 1, tContacting 5000',
        'queue sales voice 10:15 provisional 5: tTalkComplete 60000, tAcw 30000, tHandle 115000, nConnected 1, tDialing 20000',
      )
  })

  test('a customer who was not reached connected nothing', () => {
    given(detail)
      .facts(sessionEnded('ann', '10:05', { direction: 'outbound', contactingMs: 5_000, dialingMs: 20_000 }))
      .emitsIn('queue', 'queue sales voice 10:00 provisional 2: tContacting 5000, tDialing 20000')
  })

  test('an inbound session that dialed somebody connected no customer', () => {
    given(detail)
      .facts(sessionEnded('ann', '10:05', { dialingMs: 20_000, talkMs: 1_000 }))
      .emitsIn('agent', 'agent ann sales voice 10:00 provisional 2: tTalkComplete 1000, tDialing 20000')
  })
})

describe('transfers', () => {
  test.each([
    ['TRANSFER', 'nBlindTransferred'],
    ['FORWARD_TRANSFER', 'nBlindTransferred'],
    ['CONSULT_TRANSFER', 'nConsultTransferred'],
    ['CONFERENCE_TRANSFER', 'nConsultTransferred'],
  ])('%s by an agent who talked counts at the end of the session, as %s too', (disconnectType, kind) => {
    given(detail)
      .facts(sessionEnded('ann', '10:05', { talkMs: 60_000, disconnectType }))
      .emitsIn('agent', `agent ann sales voice 10:00 provisional 3: tTalkComplete 60000, nTransferred 1, ${kind} 1`)
  })

  test('an interaction that moves on from an agent who never talked was not transferred by him', () => {
    given(detail)
      .facts(sessionEnded('ann', '10:05', { alertMs: 20_000, disconnectType: 'TRANSFER' }))
      .emitsIn('agent', 'agent ann sales voice 10:00 provisional 2: tAlert 20000, tNotResponding 20000')
  })

  test('other ends are no transfers', () => {
    given(detail)
      .facts(sessionEnded('ann', '10:05', { talkMs: 60_000, disconnectType: 'NO_ANSWER_TRANSFER' }))
      .emitsIn('agent', 'agent ann sales voice 10:00 provisional 1: tTalkComplete 60000')
  })
})
