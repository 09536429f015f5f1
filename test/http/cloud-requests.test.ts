import { describe, expect, test } from 'vitest'
import { bodies, eventBridge } from '../ingress/envelopes.js'
import { allEvents, eventsOf } from '../ingress/log-content.js'
import { confirmation, ofMany, ofOne, validation } from '../ingress/wrapped.js'
import { awayAndBack } from '../support/log-away.js'
import { answerOf, served } from './served.js'

const { template, id, body } = bodies.metrics
const event = JSON.stringify(eventBridge(template, id, body))
const token = 'a-token-of-some-length'

test.each([
  ['a CloudEvent', ofOne['CloudEvent with data'](event), { 'content-type': 'application/cloudevents+json' }],
  [
    'a batch of CloudEvents',
    `[${ofOne['CloudEvent with data'](event)}]`,
    { 'content-type': 'application/cloudevents-batch+json' },
  ],
  ['events of Event Grid', `[${ofOne['Event Grid event'](event)}]`, { 'aeg-event-type': 'Notification' }],
  ['messages of SQS', ofMany['SQS messages'](event), {}],
  [
    'a notification of SNS',
    ofOne['SNS notification'](event),
    { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' },
  ],
])('%s is stored as the event within, and the bare event is its duplicate', async (_, sent, headers) => {
  const { post, log } = await served()
  expect(await post(sent, headers as Record<string, string>)).toMatchObject({
    status: 200,
    body: { stored: 1, deadLettered: 0 },
  })
  expect(await post(event)).toMatchObject({ status: 200, body: { stored: 0, duplicate: 1 } })
  expect((await allEvents(log)).map(({ data }) => Buffer.from(data).toString())).toEqual([event])
})

describe('Event Grid', () => {
  test.each([
    ['with its header', { 'aeg-event-type': 'SubscriptionValidation' }],
    ['by the body alone', {}],
  ])('is answered with its validation code, %s, and nothing is stored', async (_, headers) => {
    const { post, log } = await served()
    expect(await post(JSON.stringify([validation]), headers as Record<string, string>)).toMatchObject({
      status: 200,
      body: { validationResponse: validation.data.validationCode },
    })
    expect(await allEvents(log)).toHaveLength(0)
  })

  test('is answered only with the token', async () => {
    const { post } = await served({ token })
    expect(await post(JSON.stringify([validation]))).toMatchObject({ status: 401 })
  })

  test('that delivers CloudEvents asks by OPTIONS, and is allowed', async () => {
    const { url } = await served({ token })
    const ask = (headers: Record<string, string>) => answerOf(fetch(`${url}/v1/events`, { method: 'OPTIONS', headers }))
    const answer = await ask({ 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '120' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net')
    expect(answer.headers.get('webhook-allowed-rate')).toBe('*')
    expect((await ask({})).status).toBe(405)
  })
})

describe('Firehose', () => {
  const request = ofMany['Firehose records'](event, event)
  const inForm = { requestId: 'ed4acda5', timestamp: expect.any(Number) as number }

  test('gets its request id and the time back, and nothing else', async () => {
    const { post, log } = await served()
    const { status, body: answer, headers } = await post(request)
    expect([status, answer]).toEqual([200, inForm])
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(await allEvents(log)).toHaveLength(1)
  })

  test('gets a success for dead letters, which it would send again for ever', async () => {
    const { post, log } = await served()
    const answer = await post(ofMany['Firehose records']('not json'))
    expect([answer.status, answer.body]).toEqual([200, inForm])
    expect(await eventsOf(log, 'acme.deadletter')).toHaveLength(1)
  })

  test('sends the token as its access key, and is refused in its form without it', async () => {
    const { post } = await served({ token })
    const headers = { 'x-amz-firehose-request-id': 'ed4acda5' }
    expect(await post(request, { ...headers, 'x-amz-firehose-access-key': token })).toMatchObject({
      status: 200,
      body: inForm,
    })
    expect(await post(request, headers)).toMatchObject({
      status: 401,
      body: { ...inForm, errorMessage: expect.stringContaining('token') as string },
    })
  })

  test('is told in its form that the log is away', async () => {
    const { post } = await served({ deliver: () => Promise.reject(new Error('away')) })
    expect(await post(request, { 'x-amz-firehose-request-id': 'ed4acda5' })).toMatchObject({
      status: 500,
      body: { ...inForm, errorMessage: expect.any(String) as string },
    })
  })
})

describe('SNS', () => {
  const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'SubscriptionConfirmation' }

  test('asks for a confirmation, which is left to an operator: a dead letter with what to do, and nothing is fetched', async () => {
    const { post, log } = await served()
    expect(await post(JSON.stringify(confirmation), headers)).toMatchObject({
      status: 200,
      body: { deadLettered: 1, problems: [{ reason: 'confirmation-needed' }] },
    })
    expect(await eventsOf(log, 'acme.deadletter')).toHaveLength(1)
  })

  test('gives the token as the password of its URL, once it was asked', async () => {
    const { post } = await served({ token })
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    const refused = await post(ofOne['SNS notification'](event), headers)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('Basic realm=')
    expect(await post(ofOne['SNS notification'](event), { ...headers, ...basic(`streamvane:${token}`) })).toMatchObject(
      { status: 200 },
    )
    for (const wrong of [token, `${token}:`, `streamvane:${token}x`, `:`])
      expect(await post(event, basic(wrong))).toMatchObject({ status: 401 })
  })

  test('is the only sender whose plain text is taken', async () => {
    const { post } = await served()
    expect(await post(event, { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
  })
})

describe('an API destination of EventBridge', () => {
  // What EventBridge sends beside the event: docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
  const sent = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Amazon/EventBridge/ApiDestinations',
    'accept-encoding': 'gzip,deflate',
    range: 'bytes=0-1048575',
  }

  test.each([
    ['with the key in the header of its connection', { 'x-api-key': token }],
    ['with basic credentials', { authorization: `Basic ${Buffer.from(`streamvane:${token}`).toString('base64')}` }],
  ])('delivers its event %s, and a retry of it is a duplicate', async (_, credentials) => {
    const { post, log } = await served({ token, tokenHeader: 'x-api-key' })
    expect(await post(event, { ...sent, ...credentials })).toMatchObject({ status: 200, body: { stored: 1 } })
    expect(await post(event, { ...sent, ...credentials })).toMatchObject({ status: 200, body: { duplicate: 1 } })
    expect((await allEvents(log)).map(({ data }) => Buffer.from(data).toString())).toEqual([event])
  })

  test('is refused with a wrong key, and with the right one in a header that is not configured', async () => {
    const { post } = await served({ token, tokenHeader: 'x-api-key' })
    expect((await post(event, { ...sent, 'x-api-key': 'another-token-of-some-length' })).status).toBe(401)
    expect((await post(event, { ...sent, 'x-other-key': token })).status).toBe(401)
    const { post: without } = await served({ token })
    expect((await without(event, { ...sent, 'x-api-key': token })).status).toBe(401)
  })

  test('is answered as it wants for its retries: 503 while the log is away, and no retry of what is a dead letter', async () => {
    const { reached, goAway, comeBack } = awayAndBack()
    const { post } = await served({ log: reached, token, tokenHeader: 'x-api-key' })
    const headers = { ...sent, 'x-api-key': token }
    goAway()
    expect((await post(event, headers)).status).toBe(503)
    comeBack()
    expect(await post(event, headers)).toMatchObject({ status: 200, body: { stored: 1 } })
    expect((await post('{"detail-type":"v2.unheard-of"}', headers)).status).toBe(422)
  })
})
