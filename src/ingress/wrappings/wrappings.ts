import * as E from 'fp-ts/lib/Either.js'
import { printable } from '../../domain/printable.js'
import type { Body } from '../decode/fields.js'
import type { Unusable } from '../unusable.js'
import { cloudEvent } from './cloud-event.js'
import { eventGridEvent, gridValidation } from './event-grid.js'
import { firehoseRecords } from './firehose.js'
import { snsConfirmation, snsNotification } from './sns.js'
import { sqsMessages } from './sqs.js'
import { WRAPPED_MAX, type Unwrap } from './wrapping.js'

const unwraps: readonly Unwrap[] = [cloudEvent, eventGridEvent, sqsMessages, snsNotification, firehoseRecords]

/** Why a document with more events than may be in one is a dead letter as a whole. */
export const tooManyWrapped: Unusable = {
  reason: 'too-large',
  detail: `more than ${WRAPPED_MAX} events in one wrapping, the limit`,
}

/**
 * The events in a document that is wrapped in one of the ways in which the clouds deliver Genesys events; `undefined`
 * for any other document. A request to confirm a subscription holds no event: it is unusable, and says what to do.
 * Nothing is ever fetched from an address that a sender gives.
 */
export const unwrapped = (value: Body, json: string): E.Either<Unusable, readonly Uint8Array[]> | undefined => {
  const confirmation = confirmationIn(value)
  if (confirmation !== undefined) return E.left({ reason: 'confirmation-needed', detail: confirmation })
  for (const unwrap of unwraps) {
    const events = unwrap(value, json)
    if (events === undefined) continue
    return events.length > WRAPPED_MAX ? E.left(tooManyWrapped) : E.right(events)
  }
  return undefined
}

const confirmationIn = (value: Body): string | undefined => {
  const sns = snsConfirmation(value)
  if (sns !== undefined)
    return `SNS asks to confirm that topic ${brief(sns.topicArn)} may send here; if it is yours, open the SubscribeURL of this dead letter (streamvane deadletter show), or run aws sns confirm-subscription with its Token, within three days`
  const grid = gridValidation(value)
  if (grid !== undefined)
    return 'Event Grid asks to validate a subscription; over HTTP it is answered, otherwise open the validationUrl of this dead letter within ten minutes'
  return undefined
}

const brief = (name: string): string => printable(name.slice(0, 200))
