import { describe, expect, test } from 'vitest'
import { defaultProfile, type CallbackMode } from '../../../src/domain/profile.js'
import { configured, leftQueue, queued } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const detail = { points: 'detail-events' as const, families: ['queue', 'agent'] as const }
const callback = { mediaType: 'callback', sessionId: 'acd-callback' }

/** A callback that waits ten minutes, five times its service-level duration, and is answered by ann. */
const answered = [
  queued('sales', '10:00', callback),
  leftQueue('sales', 'ANSWERED', 600_000, '10:10', { ...callback, answeredUserId: 'ann' }),
]

const settingsOf = (callbackMode: CallbackMode) => ({ ...configured('sales', '09:00', {}), callbackMode })

describe('a callback, from detail events', () => {
  test('of a queue that calls the agent first has the metrics of any other interaction', () => {
    given(detail)
      .facts(settingsOf('AgentFirst'), ...answered)
      .emits(
        'queue sales callback 10:00 provisional 4: nOffered 1, tAnswered 600000, tAcd 600000, nOverSla 1',
        'agent ann sales callback 10:00 provisional 2: tAnswered 600000, nOverSla 1',
      )
  })

  test('of a queue that calls the customer first has the customer-first metrics, and moves neither ASA nor service level', () => {
    const [row, ofAgent] = given(detail)
      .facts(settingsOf('CustomerFirst'), ...answered)
      .look()
    expect(row?.kpis['asa']).toBeUndefined()
    expect(row?.kpis['serviceLevel']).toBeUndefined()
    expect(row?.kpis['averageWait']).toEqual({ numerator: 600_000, denominator: 1 })
    expect(ofAgent?.kpis['averageWait']).toEqual({ numerator: 600_000, denominator: 1 })
    given(detail)
      .facts(settingsOf('CustomerFirst'), ...answered)
      .emits(
        'queue sales callback 10:00 provisional 4: nOffered 1, nCfcOffered 1, tCfcAcd 600000, tCfcAnswered 600000',
        'agent ann sales callback 10:00 provisional 1: tCfcAnswered 600000',
      )
  })

  test.each([
    ['ABANDON', 'tCfcAbandon'],
    ['FLOW_OUT', 'tCfcFlowOut'],
  ] as const)('that calls the customer first and leaves with %s counts in %s', (outcome, metric) => {
    const figures = [
      ['tCfcAbandon', 'tCfcAcd', 'tCfcFlowOut'].filter((name) => name === metric || name === 'tCfcAcd'),
    ].flat()
    given(detail)
      .facts(settingsOf('CustomerFirst'), leftQueue('sales', outcome, 90_000, '10:10', callback))
      .emits(`queue sales callback 10:00 provisional 2: ${figures.map((name) => `${name} 90000`).join(', ')}`)
  })

  test('without settings of its queue is offered, and how it waited and ended is absent', () => {
    given(detail)
      .facts(...answered)
      .emits('queue sales callback 10:00 provisional 1: nOffered 1')
  })

  test('without settings of its queue counts by the mode that the profile names', () => {
    const correlation = { ...defaultProfile.correlation, callbackMode: 'AgentFirst' as const }
    given({ ...detail, correlation })
      .facts(...answered)
      .emitsIn('agent', 'agent ann sales callback 10:00 provisional 2: tAnswered 600000, nOverSla 1')
  })

  test('keeps the mode in force when it was offered, though the queue changes it while the callback waits', () => {
    given(detail)
      .facts(settingsOf('CustomerFirst'), { ...settingsOf('AgentFirst'), at: Date.parse('2026-01-05T10:05:00Z') })
      .facts(...answered)
      .emitsIn('agent', 'agent ann sales callback 10:00 provisional 1: tCfcAnswered 600000')
  })
})
