import type { IncomingMessage } from 'node:http'
import * as E from 'fp-ts/lib/Either.js'
import type { Unusable } from '../ingress/envelope.js'
import { ingest, setAside, type Receipt } from '../ingress/ingest.js'
import type { Origin } from '../ingress/raw-event.js'
import { splitJson, splitLines } from '../ingress/split.js'
import { EVENT_BYTES_MAX } from '../log/append-rules.js'
import type { EventLog } from '../log/event-log.js'
import type { Visit } from './admission.js'
import { receiptAnswer, refusal, type Answer } from './answer.js'
import { readBody } from './request-body.js'

export type EventsOptions = Readonly<{
  log: EventLog
  tenant: string
  /** Of a request, and of what it inflates to. */
  bodyMaxBytes: number
  /** Events in one request. */
  batchMax: number
  /** Told of every batch once it is durable, before it is answered. */
  onIngested?: ((receipt: Receipt) => Promise<void> | void) | undefined
}>

type Form = 'document' | 'lines'

const forms: Readonly<Record<string, Form>> = {
  'application/json': 'document',
  'application/cloudevents+json': 'document',
  'application/x-ndjson': 'lines',
  'application/ndjson': 'lines',
  'application/jsonl': 'lines',
  'application/x-jsonlines': 'lines',
  'application/jsonlines': 'lines',
}

/** What the log takes as one event, less the room for what we write beside it. */
const PIECE_BYTES_MAX = EVENT_BYTES_MAX - 64 * 1024

/**
 * Takes the body of a request into the log. Answers once everything of it that can be used, and everything that cannot,
 * is durable. Throws `NotIngested`.
 */
export const takeEvents = async (request: IncomingMessage, visit: Visit, options: EventsOptions): Promise<Answer> => {
  const { log, tenant, bodyMaxBytes, batchMax, onIngested } = options
  const form = formOf(request.headers['content-type'])
  if (E.isLeft(form)) return form.left
  const read = await readBody(request, bodyMaxBytes, visit)
  if (E.isLeft(read)) return read.left
  const { received, document } = read.right
  const origin: Origin = { tenant, source: 'http', receivedAt: Date.now() }

  if (E.isLeft(document))
    return refuseWhole(log, received, { reason: 'malformed-gzip', detail: document.left.detail }, origin)
  const pieces =
    form.right === 'lines' ? E.right(splitLines(document.right, batchMax)) : splitJson(document.right, batchMax)
  if (E.isLeft(pieces)) return refuseWhole(log, document.right, pieces.left, origin)
  if (pieces.right.length > batchMax)
    return refusal(
      413,
      'too-many-events',
      `more than ${batchMax} events in one request, the limit; send them in several. Nothing was stored`,
    )
  const large = pieces.right.findIndex((piece) => piece.length > PIECE_BYTES_MAX)
  if (large >= 0)
    return refusal(
      413,
      'too-large',
      `event ${large} is larger than ${PIECE_BYTES_MAX} bytes, the limit. Nothing was stored`,
    )

  const receipt = await ingest(log, pieces.right, origin)
  await onIngested?.(receipt)
  return receiptAnswer(receipt)
}

const formOf = (header: string | undefined): E.Either<Answer, Form> => {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase())
  const form = Object.hasOwn(forms, type) ? forms[type] : undefined
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
 * A document that cannot be cut into events is kept whole, unless there is nothing to keep or no event could hold it.
 */
const refuseWhole = async (log: EventLog, document: Buffer, unusable: Unusable, origin: Origin): Promise<Answer> => {
  const isEmpty = document.every((byte) => byte <= 0x20)
  if (isEmpty || document.length > PIECE_BYTES_MAX)
    return refusal(400, unusable.reason, isEmpty ? unusable.detail : `${unusable.detail}. Too large to be set aside`, {
      body: { deadLettered: 0 },
    })
  const { deadLettered } = await setAside(log, document, unusable, origin)
  return refusal(400, unusable.reason, `${unusable.detail}. Set aside in the dead letter`, { body: { deadLettered } })
}
