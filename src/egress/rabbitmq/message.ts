import { createHash } from 'node:crypto'
import type { Options } from 'amqplib'
import { recordHeaders } from '../kafka/records/headers.js'
import { recordIdentity } from '../record-identity.js'
import { recordJson } from '../record-values.js'
import { hasValue, type SinkRecord } from '../sink.js'
import { routingKey } from './routing-key.js'

export type Message = Readonly<{ routingKey: string; body: Buffer; properties: Options.Publish }>

/**
 * A record as a persistent message: the JSON of the Kafka topics, the same headers, and the identity of the record as
 * message id. It holds nothing of the moment, so what comes again is the same message. `undefined`: not for a queue.
 */
export const messageOf = (record: SinkRecord): Message | undefined => {
  const key = routingKey(record)
  if (key === undefined || !hasValue(record)) return undefined
  const { ce_type: type = '', ...others } = recordHeaders(record, JSON_TYPE, 'at-least-once')
  return {
    routingKey: key,
    body: Buffer.from(JSON.stringify(recordJson(record))),
    properties: {
      messageId: messageId(recordIdentity(record)),
      type,
      appId: 'streamvane',
      contentType: JSON_TYPE,
      persistent: true,
      headers: { ce_type: type, ...others },
    },
  }
}

/** AMQP has 255 bytes for it. Of an identity that is longer it is a digest; the header `ce_id` has it whole. */
const messageId = (identity: string): string =>
  Buffer.byteLength(identity) <= 255 ? identity : `sha256:${createHash('sha256').update(identity).digest('hex')}`

const JSON_TYPE = 'application/json'
