import type { IncomingHttpHeaders } from 'node:http'
import { isObject } from '../ingress/decode/fields.js'
import { gridValidation } from '../ingress/wrappings/event-grid.js'
import { firehoseRequestId } from '../ingress/wrappings/firehose.js'
import type { Answer } from './answer.js'

/** What of the clouds expects an answer of its own kind. */
export type CloudRequest =
  Readonly<{ kind: 'event-grid-validation'; code: string }> | Readonly<{ kind: 'firehose'; requestId: string }>

/** Words without which a body is none of these: most bodies need not be parsed to know it. */
const WORDS = ['SubscriptionValidationEvent', '"requestId"']

/** Recognises a request by its body: Event Grid's validation of a webhook, and the records of Firehose. */
export const cloudRequestOf = (raws: readonly Uint8Array[]): CloudRequest | undefined => {
  const [raw] = raws
  if (raw === undefined || raws.length > 1) return undefined
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  if (!WORDS.some((word) => bytes.includes(word))) return undefined
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (!isObject(value)) return undefined
    const validation = gridValidation(value)
    if (validation !== undefined) return { kind: 'event-grid-validation', code: validation.validationCode }
    const requestId = firehoseRequestId(value)
    return requestId === undefined ? undefined : { kind: 'firehose', requestId }
  } catch {
    return undefined // whoever reads the event says what is wrong with it
  }
}

/** Event Grid delivers to a webhook only after it has sent the code back. */
export const validationAnswer = (code: string): Answer => ({
  status: 200,
  headers: {},
  body: { validationResponse: code },
})

/** The header by which Firehose names its request. */
export const firehoseHeader = (headers: IncomingHttpHeaders): string | undefined => {
  const id = headers['x-amz-firehose-request-id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

/**
 * An answer as Firehose expects it: with the id of its request and the time. Everything durable is a success, dead
 * letters included: Firehose would send the same records again.
 */
export const firehoseAnswer = (requestId: string, now: number, answer: Answer): Answer => {
  const isDurable = answer.status === 200 || (answer.body['deadLettered'] ?? 0) !== 0
  const errorMessage = isDurable ? {} : { errorMessage: answer.body['detail'] }
  return {
    status: isDurable ? 200 : answer.status,
    headers: answer.headers,
    body: { requestId, timestamp: now, ...errorMessage },
  }
}

/**
 * The handshake of CloudEvents webhooks (an OPTIONS request): the sender asks whether it may send here. Sending needs
 * the token all the same.
 */
export const webhookAnswer = (headers: IncomingHttpHeaders): Answer | undefined => {
  const origin = headers['webhook-request-origin']
  if (typeof origin !== 'string') return undefined
  return {
    status: 200,
    headers: { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*', allow: 'POST, OPTIONS' },
    body: {},
  }
}
