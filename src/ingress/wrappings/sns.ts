import { isObject, type Body } from '../decode/fields.js'
import { eventsIn, type Unwrap } from './wrapping.js'

const isSns = (value: Body): boolean =>
  typeof value['Type'] === 'string' && typeof value['TopicArn'] === 'string' && typeof value['MessageId'] === 'string'

/**
 * A notification of SNS, as it is posted to an HTTP endpoint or put into a queue (the event is in `Message`, as a
 * string), or the records of which a Lambda function is given several.
 */
export const snsNotification: Unwrap = (value) => {
  if (isSns(value) && value['Type'] === 'Notification' && typeof value['Message'] === 'string')
    return eventsIn(value['Message'])
  const records = value['Records']
  if (!Array.isArray(records) || records.length === 0) return undefined
  const messages = records.map((record: unknown) => (isObject(record) && isObject(record['Sns']) ? record['Sns'] : {}))
  return messages.every(({ Message }) => typeof Message === 'string')
    ? messages.flatMap(({ Message }) => eventsIn(Message as string))
    : undefined
}

/** The topic and the URL of a request of SNS to confirm a subscription; `undefined` for anything else. */
export const snsConfirmation = (value: Body): Readonly<{ topicArn: string; url: string }> | undefined =>
  isSns(value) && value['Type'] === 'SubscriptionConfirmation' && typeof value['SubscribeURL'] === 'string'
    ? { topicArn: value['TopicArn'] as string, url: value['SubscribeURL'] }
    : undefined
