import { isObject, type Body } from '../decode/fields.js'
import { asItself, eventsInBase64, type Unwrap } from './wrapping.js'

const isFirehose = (value: Body): boolean =>
  typeof value['requestId'] === 'string' && typeof value['timestamp'] === 'number' && Array.isArray(value['records'])

/** A request of Amazon Data Firehose to an HTTP endpoint: the events are in the `data` of `records`, in base64. */
export const firehoseRecords: Unwrap = (value) =>
  isFirehose(value)
    ? (value['records'] as readonly unknown[]).flatMap((record) =>
        isObject(record) && typeof record['data'] === 'string' ? eventsInBase64(record['data']) : [asItself(record)],
      )
    : undefined

/** The id by which Firehose knows its request, which the answer has to repeat. */
export const firehoseRequestId = (value: Body): string | undefined =>
  isFirehose(value) ? (value['requestId'] as string) : undefined
