import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metricIndex, metricNames, type MetricName } from '../../src/domain/metric.js'
import type { Measure } from '../../src/domain/measure.js'
import { noSketch } from '../../src/domain/sketch.js'
import { keyed } from '../support/keyed.js'
import { cellKey, measureIn, recordKey, rowKey, publishedText, valueText, type Row } from '../../src/domain/row.js'

const row = (measures: Partial<Record<MetricName, Measure>>, more: Partial<Row> = {}): Row =>
  keyed({
    tenant: 'acme',
    family: 'queue',
    dimensions: ['sales', 'voice', null, null],
    granularity: 'PT15M',
    start: Date.UTC(2026, 0, 5, 10),
    end: Date.UTC(2026, 0, 5, 10, 15),
    status: 'final',
    correction: null,
    revision: 7,
    measures: metricNames.map((name) => measures[name]),
    kpis: {},
    erased: null,
    serviceTarget: null,
    ...more,
  })
const times = (count: number): Measure => ({ count, sum: count, min: 1, max: 1, sketch: noSketch })

// Ids from outside may be anything a JSON string can be, lone surrogates included.
const anyId = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '-', '/', '~', '~-', '%', '~%2F', '\ud800', '\udfff', '%ud800', '%uD800'),
  fc.string(),
)
const anyId16 = fc.oneof(
  anyId,
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 4 }).map((units) => String.fromCharCode(...units)),
)
const dimensions = fc.array(fc.option(anyId16), { minLength: 1, maxLength: 3 })

describe('cell keys', () => {
  test('two cells never share a key', () => {
    fc.assert(
      fc.property(dimensions, dimensions, (a, b) => {
        expect(cellKey(a) === cellKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
      { numRuns: 3_000 },
    )
  })

  test.each([
    [
      ['a/b', 'c'],
      ['a', 'b/c'],
    ],
    [[null], ['-']],
    [['~%2F'], ['/']],
    [['~-'], ['-']],
    [[''], [null]],
    [['\ud800'], ['%ud800']],
    [['\ud800'], ['\ud801']],
  ])('%j and %j are told apart', (a, b) => {
    expect(cellKey(a)).not.toBe(cellKey(b))
  })

  test('an id with half a surrogate pair has a key like any other', () => {
    expect(cellKey(['\ud800x', 'voice'])).toBe('~%ud800x/voice')
  })

  test('plain ids stay readable', () => {
    expect(cellKey(['4f6e-11', null, 'voice'])).toBe('4f6e-11/-/voice')
  })
})

test('a row is named by family, dimensions, and length and start of its interval', () => {
  expect(rowKey(row({}))).toBe('queue/sales/voice/-/-/PT15M/2026-01-05T10:00:00.000Z')
  expect(rowKey(row({}, { granularity: 'P1D', dimensions: ['sales', 'voice', 'inbound', 'unknown'] }))).toBe(
    'queue/sales/voice/inbound/unknown/P1D/2026-01-05T10:00:00.000Z',
  )
})

test('a record is keyed by its queue, its agent, and so on; those of the organisation by media type', () => {
  expect(recordKey({ family: 'queue', dimensions: ['sales', 'voice', null, null] })).toBe('sales')
  expect(recordKey({ family: 'agent', dimensions: ['ann', null, 'voice', null, null] })).toBe('ann')
  expect(recordKey({ family: 'agent-state', dimensions: ['ann', 'routingStatus', 'IDLE'] })).toBe('ann')
  expect(recordKey({ family: 'agent-occupancy', dimensions: ['ann'] })).toBe('ann')
  expect(recordKey({ family: 'wrap-up', dimensions: ['sold', 'voice', null, null] })).toBe('sold')
  expect(recordKey({ family: 'organisation', dimensions: ['voice', null, null] })).toBe('voice')
})

test('a measure is found by its metric', () => {
  expect(measureIn(row({ nOffered: times(3) }), 'nOffered')).toEqual(times(3))
  expect(measureIn(row({}), 'nOffered')).toBeUndefined()
})

describe('the text of a row’s values', () => {
  test('counts say how many, durations also how long', () => {
    const text = valueText(
      row({ nOffered: times(3), tAnswered: { count: 2, sum: 30, min: 10, max: 20, sketch: noSketch } }),
    )
    expect(text).toBe('queue/sales/voice/-/-/PT15M/2026-01-05T10:00:00.000Z nOffered=3 tAnswered=2,30,10,20')
  })

  test('and how they are distributed, where they have quantiles', () => {
    const sketch = [
      [10, 1],
      [20, 1],
    ] as const
    expect(valueText(row({ tAnswered: { count: 2, sum: 30, min: 10, max: 20, sketch } }))).toMatch(
      / tAnswered=2,30,10,20,10:1;20:1$/,
    )
  })

  test('status and revision are not values', () => {
    const measures = { nOffered: times(1) }
    expect(valueText(row(measures, { status: 'corrected', revision: 9 }))).toBe(valueText(row(measures)))
  })

  test('a row without values has no text, nor has one whose states were taken back', () => {
    expect(valueText(row({}))).toBe('')
    expect(valueText(row({ tAgentRoutingStatus: { count: 1, sum: 0, min: 0, max: 0, sketch: noSketch } }))).toBe('')
  })
})

describe('the text of all that is published of a row', () => {
  const one = row({ nOffered: times(1) }, { status: 'final', serviceTarget: 0.8 })

  test('says values, target, status, correction and erased points', () => {
    expect(publishedText({ ...one, status: 'corrected', correction: 'late', erased: 2 })).toBe(
      `${valueText(one)} serviceTarget=0.8 status=corrected correction=late erased=2`,
    )
  })

  test.each<[string, Partial<Row>]>([
    ['the service-level target', { serviceTarget: 0.9 }],
    ['the status', { status: 'provisional' }],
    ['the correction', { status: 'corrected', correction: 'recomputed' }],
    ['the number of erased points', { erased: 1 }],
  ])('differs where %s does, though the values are the same', (_, more) => {
    expect(publishedText({ ...one, ...more })).not.toBe(publishedText(one))
    expect(valueText({ ...one, ...more })).toBe(valueText(one))
  })

  test('does not differ by the revision, and is empty for a row that holds nothing', () => {
    expect(publishedText({ ...one, revision: 99 })).toBe(publishedText(one))
    expect(publishedText(row({}, { status: 'corrected', correction: 'recomputed' }))).toBe('')
  })
})

test('the place of every metric in a row is fixed: existing logs depend on it', () => {
  expect(metricNames.join(' ')).toBe(
    [
      'nOffered tAnswered tAbandon tFlowOut tAcd nOverSla tTalkComplete tHeldComplete tAcw tHandle tAlert tNotResponding nTransferred nConnected nOutbound',
      'tContacting tDialing tAgentRoutingStatus tSystemPresence nBlindTransferred nBotInteractions nCallbackAttempts nCallbackScheduled nCfcOffered',
      'nCobrowseSessions nConsult nConsultTransferred nConversations nError nOutboundAbandoned nOutboundAttempted nOutboundConnected nTakeover',
      'oAudioMessageCount oExternalAudioMessageCount oExternalMediaCount oMediaCount oMessageCount oMessageSegmentCount oMessageTurn',
      'oSkillExpressionApplications tActiveCallback tActiveCallbackComplete tAgentResponseTime tAgentVideoConnected tAverageAgentResponseTime',
      'tAverageCustomerResponseTime tBarging tCallbackAbandon tCallbackConnect tCallbackNotReached tCallbackVirtualWait tCfcAbandon tCfcAcd tCfcAnswered',
      'tCfcFlowOut tCoaching tCoachingComplete tConnected tFirstConnect tFirstDial tFirstEngagement tFirstResponse tHeld tIvr tMonitoring',
      'tMonitoringComplete tPark tParkComplete tScreenMonitoring tSnippetRecord tTalk tTransmitting tUserResponseTime tVoicemail tWait tShortAbandon',
      'nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed oFlowMilestone tFlow tFlowDisconnect tFlowExit tFlowOutcome tOrganizationPresence',
      'tRoutingStatusIdle tRoutingStatusInteracting tRoutingStatusCommunicating tRoutingStatusNotResponding tRoutingStatusOffQueue',
    ].join(' '),
  )
  expect(metricNames.map((name) => metricIndex.get(name))).toEqual(metricNames.map((_, index) => index))
})
