import { expect, test } from 'vitest'
import { foldRuns } from '../../../src/app/scoped/scoped-fold.js'
import type { Fact, ProfilePublished } from '../../../src/domain/fact.js'
import { MINUTE_MS } from '../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { runOfFacts } from '../../support/run-of-facts.js'

const TEN = Date.UTC(2026, 0, 5, 10)
const at = (minute: number): number => TEN + minute * MINUTE_MS

const session = {
  ...{ conversationId: 'c1', sessionId: 's1', mediaType: 'voice', direction: 'outbound', messageType: null },
  ...{ divisionId: null, queueId: 'sales', userId: 'ann' },
}
const ended: Fact = {
  ...{ type: 'UserSessionEnded', ...session, at: at(1), disconnectType: 'PEER', talkMs: 60_000, heldMs: 0 },
  ...{ alertMs: 0, contactingMs: 0, dialingMs: 0, callbackMs: 0 },
}
const worked: Fact = { type: 'AfterCallWorkCompleted', ...session, at: at(3), wrapUpCode: null, acwMs: 5_000 }
const begun: Fact = { type: 'OutboundInitiated', ...session, at: at(0), campaignId: 'spring' }
const tick = (minute: number): Fact => ({ type: 'ClockTicked', at: at(minute) })

const byDetails: Profile = { ...defaultProfile, points: 'detail-events', families: ['queue', 'campaign'] }

const fold = (facts: readonly Fact[], profile: Profile, scope = {}) =>
  foldRuns(
    {
      ...{ tenant: 'acme', scope, trace: true, signal: new AbortController().signal },
      generation: { profile, historyThrough: null, startedAt: new Date(TEN).toISOString() },
    },
    [runOfFacts(facts)],
  )

test('a handle time that was assumed is of the event that ended the session, not of the tick that assumed it', async () => {
  const { trace } = await fold([ended, tick(90)], byDetails)
  const handled = trace?.points.filter(({ metric }) => metric === 'tHandle')
  expect(handled).toMatchObject([{ value: 60_000, isPending: true, countedAt: 2n, event: { position: 1n } }])
})

test('after-call work takes an assumed handle time back in the campaign too, which became known in between', async () => {
  const { trace } = await fold([ended, tick(90), begun, worked], byDetails)
  const handled = trace?.points.filter(({ metric }) => metric === 'tHandle') ?? []
  expect(handled.map(({ value, only, takenBack }) => [value, only, takenBack?.why ?? null])).toEqual([
    [60_000, null, 'handled'],
    [60_000, ['campaign'], 'handled'],
    [65_000, null, null],
  ])
})

test('an interval that other queues have begun keeps its rows when a profile divides them anew', async () => {
  const record = (queueId: string, minute: number): Fact => ({
    ...{ type: 'MetricEmitted', metric: 'nOffered', value: 1, at: at(minute), queueId, mediaType: 'voice' },
    ...{ direction: 'inbound', messageType: null, userId: null, skillIds: [], languageId: null, wrapUpCode: null },
    ...{ flowId: null, campaignId: null, divisionIds: [] },
  })
  const published: ProfilePublished = {
    ...{ type: 'ProfilePublished', at: TEN, profile: { ...defaultProfile, splitBy: ['direction'] } },
  }
  const facts = [record('service', 1), published, record('sales', 2), record('sales', 16)]
  const { rows } = await fold(facts, defaultProfile, { dimensions: { queueId: new Set(['sales']) } })
  expect(rows.filter(({ family }) => family === 'queue').map(({ key }) => key)).toEqual([
    'queue/sales/voice/-/-/PT15M/2026-01-05T10:00:00.000Z',
    'queue/sales/voice/inbound/-/PT15M/2026-01-05T10:15:00.000Z',
  ])
})
