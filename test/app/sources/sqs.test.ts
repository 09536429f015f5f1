import { expect, test } from 'vitest'
import { redacted } from '../../../src/app/config/load.js'
import { sourceSettings } from '../../../src/app/config/sources/sources-schema.js'
import { configured, faultOf } from './configured.js'

const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/genesys'
const queue = { use: 'sqs', queueUrl }

test('a queue is read with the default chain of AWS, or with a key by reference, which is never shown', () => {
  const [source] = sourceSettings(configured(queue).sources)
  expect(source).toMatchObject({ name: 'events', settings: { queueUrl, pollers: 4, visibilitySeconds: 60 } })
  const credentials = { accessKeyId: 'AKID', secretAccessKey: { env: 'KEY' }, sessionToken: { env: 'TOKEN' } }
  const config = configured({ ...queue, credentials }, { KEY: 'planted-key', TOKEN: 'planted-token' })
  expect(JSON.stringify(redacted(config))).toContain('AKID')
  expect(JSON.stringify(redacted(config))).not.toContain('planted')
})

test.each([['https://sqs.eu-west-1.amazonaws.com/1/q'], ['https://vpce-0a1.sqs.eu-west-1.vpce.amazonaws.com/1/q']])(
  'the region is that of %s',
  (url) => {
    expect(() => configured({ use: 'sqs', queueUrl: url })).not.toThrow()
  },
)

test.each([
  [
    'a name in place of the URL',
    { ...queue, queueUrl: 'genesys' },
    /sources\.0\.queueUrl: the URL of the queue, as https/,
  ],
  [
    'a URL without region',
    { ...queue, queueUrl: 'https://queue.example/1/q' },
    /sources\.0\.region: .* write the region/,
  ],
  [
    'a secret in the file',
    { ...queue, credentials: { accessKeyId: 'AKID', secretAccessKey: 'planted' } },
    /credentials\.secretAccessKey: a secret does not stand in the file/,
  ],
])('%s is refused with the key and what to write', (_, source, message) => {
  expect(faultOf(source)).toMatch(message)
})
