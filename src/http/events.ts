import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import * as E from 'fp-ts/lib/Either.js'
import type { TraceContext } from '../log/trace-context.js'
import type { Unusable } from '../ingress/unusable.js'
import { RAW_BYTES_MAX } from '../ingress/raw-event.js'
import type { Deliver } from '../ingress/source.js'
import { recordsOf } from '../ingress/files/record-splitter.js'
import { splitJson } from '../ingress/split.js'
import { receiptAnswer, refusal, type Answer } from './answer.js'
import { cloudRequestOf, firehoseAnswer, validationAnswer } from './cloud-requests.js'
import type { Slot } from './in-flight.js'
import { readBody, type BodyLimits } from './request-body.js'

/** Where events come from, as the log keeps it. */
const ORIGIN = 'http'

export type EventsOptions = Readonly<{
  deliver: Deliver
  body: BodyLimits
  /** The span of the request. */
  trace?: TraceContext | undefined
  /** Events in one request. */
  batchMax: number
}>

type Form = 'document' | 'lines'

const forms: Readonly<Record<string, Form>> = {
  'application/json': 'document',
  'application/cloudevents+json': 'document',
  'application/cloudevents-batch+json': 'document',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/x-jsonlines': 'lines',
  'application/jsonlines': 'lines',
}

/**
 * Reads the body of a request, splits it into events and delivers them. Answers once everything, usable or not, is
 * durable. Throws `NotIngested`.
 */
export const receiveEvents = async (
  request: IncomingMessage,
  slot: Slot,
  cutOff: AbortSignal,
  options: EventsOptions,
): Promise<Answer> => {
  const { body, batchMax, trace } = options
  const deliver: Deliver = (batch) => options.deliver(trace === undefined ? batch : { ...batch, trace })
  const form = formOf(request.headers)
  if (E.isLeft(form)) return form.left
  const read = await readBody(request, body, slot, cutOff)
  if (E.isLeft(read)) return read.left
  const { received, document } = read.right

  if (E.isLeft(document))
    return refuseWhole(deliver, received, { reason: 'malformed-gzip', detail: document.left.detail })
  const split =
    form.right === 'lines' ? E.right(recordsOf(document.right, batchMax)) : splitJson(document.right, batchMax)
  if (E.isLeft(split)) return refuseWhole(deliver, document.right, split.left)
  const raws = split.right
  if (raws.length > batchMax)
    return refusal(
      413,
      'too-many-events',
      `more than ${batchMax} events in one request, the limit; send them in several. Nothing was stored`,
    )
  const cloud = cloudRequestOf(raws)
  if (cloud?.kind === 'event-grid-validation') return validationAnswer(cloud.code)
  const answer = receiptAnswer(await deliver({ raws, origin: ORIGIN }))
  return cloud === undefined ? answer : firehoseAnswer(cloud.requestId, Date.now(), answer)
}

const formOf = ({ 'content-type': header, ...headers }: IncomingHttpHeaders): E.Either<Answer, Form> => {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase())
  // SNS calls its JSON plain text.
  const isSns = type === 'text/plain' && headers['x-amz-sns-message-type'] !== undefined
  const form = isSns ? 'document' : Object.hasOwn(forms, type) ? forms[type] : undefined
  if (form === undefined) return E.left(wrongContentType(header))
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.replace(/^charset=|"/g, '')
  return charset === undefined || ['utf-8', 'utf8', 'us-ascii'].includes(charset)
    ? E.right(form)
    : E.left(wrongContentType(header))
}

export const wrongContentType = (header: string | undefined): Answer =>
  refusal(
    415,
    'unsupported-content-type',
    `${header === undefined ? 'the content-type is missing' : `content-type ${header.slice(0, 100)} is not taken`}; send application/json (one event or an array of them) or application/x-ndjson (one event a line), in UTF-8`,
  )

/**
 * A document that cannot be split into events becomes one dead letter, unless it is empty or larger than an event may
 * be.
 */
const refuseWhole = async (deliver: Deliver, document: Buffer, unusable: Unusable): Promise<Answer> => {
  const isEmpty = document.every((byte) => byte <= 0x20)
  if (isEmpty || document.length > RAW_BYTES_MAX)
    return refusal(
      400,
      unusable.reason,
      isEmpty ? unusable.detail : `${unusable.detail}. Too large to be stored as a dead letter`,
      {
        body: { deadLettered: 0 },
      },
    )
  const { deadLettered } = await deliver({ raws: [document], origin: ORIGIN, unusable })
  return refusal(400, unusable.reason, `${unusable.detail}. Stored as a dead letter`, { body: { deadLettered } })
}
