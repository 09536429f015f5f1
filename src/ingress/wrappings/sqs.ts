import { isObject } from '../decode/fields.js'
import { asItself, eventsIn, type Unwrap } from './wrapping.js'

/** Messages of SQS as a Lambda function is given them: each event is in the `body` of one of `Records`, as a string. */
export const sqsMessages: Unwrap = (value) => {
  const records = value['Records']
  if (!Array.isArray(records) || records.length === 0) return undefined
  const isSqs = records.every((record) => isObject(record) && typeof record['body'] === 'string')
  if (!isSqs) return undefined
  return records.flatMap((record: unknown) =>
    isObject(record) && typeof record['body'] === 'string' ? eventsIn(record['body']) : [asItself(record)],
  )
}
