/** Documents in which the clouds deliver Genesys events. `text` is the JSON of one event, or of several for some. */
type Wrap = (...texts: readonly string[]) => string

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const snsMessage = (message: string) => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: 'arn:aws:sns:eu-central-1:123456789012:genesys',
  Message: message,
  Timestamp: '2026-03-02T13:00:00.000Z',
  SignatureVersion: '1',
  UnsubscribeURL: 'https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe',
})

/** Wrappings of one event. */
export const ofOne = {
  'CloudEvent with data': (text) =>
    `{"specversion":"1.0","id":"e2","source":"/genesys","type":"v2.detail.events", "data" : ${text} ,"time":"2026-03-02T13:00:00Z"}`,
  'CloudEvent with data as a string': (text) =>
    JSON.stringify({ specversion: '1.0', id: 'e2', source: '/genesys', type: 'x', data: text }),
  'CloudEvent with data_base64': (text = '') =>
    JSON.stringify({ specversion: '1.0', id: 'e2', source: '/genesys', type: 'x', data_base64: base64(text) }),
  'Event Grid event': (text) =>
    `{"id":"e1","topic":"/subscriptions/x","subject":"genesys","eventType":"genesys","eventTime":"2026-03-02T13:00:00Z","data":${text},"dataVersion":"1"}`,
  'SNS notification': (text = '') => JSON.stringify(snsMessage(text)),
} satisfies Record<string, Wrap>

/** Wrappings of any number of events. */
export const ofMany = {
  'SQS messages': (...texts) =>
    JSON.stringify({
      Records: texts.map((body, i) => ({
        messageId: `m${i}`,
        body,
        eventSource: 'aws:sqs',
        awsRegion: 'eu-central-1',
      })),
    }),
  'SNS records of a Lambda function': (...texts) =>
    JSON.stringify({ Records: texts.map((text) => ({ EventSource: 'aws:sns', Sns: snsMessage(text) })) }),
  'Firehose records': (...texts) =>
    JSON.stringify({
      requestId: 'ed4acda5',
      timestamp: 1_578_090_901_599,
      records: texts.map((text) => ({ data: base64(`${text}\n`) })),
    }),
  'Firehose records of several events': (...texts) =>
    JSON.stringify({
      requestId: 'ed4acda5',
      timestamp: 1_578_090_901_599,
      records: [{ data: base64(texts.join('')) }],
    }),
} satisfies Record<string, Wrap>

export const validation = {
  id: '2d1781af-3a4c-4d7c-bd0c-e34b19da4e66',
  topic: '/subscriptions/xxxxxxxx',
  subject: '',
  data: {
    validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6',
    validationUrl: 'https://rp-eastus2.eventgrid.azure.net/x',
  },
  eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
  eventTime: '2026-03-02T13:00:00Z',
  metadataVersion: '1',
  dataVersion: '2',
}

export const confirmation = {
  Type: 'SubscriptionConfirmation',
  MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
  Token: '2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92',
  TopicArn: 'arn:aws:sns:eu-central-1:123456789012:genesys',
  Message: 'You have chosen to subscribe to the topic.',
  SubscribeURL: 'http://127.0.0.1:9/?Action=ConfirmSubscription',
  Timestamp: '2026-03-02T13:00:00.000Z',
}
