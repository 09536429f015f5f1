import { expect, test } from 'vitest'
import { redacted } from '../../../src/app/config/load.js'
import { sourceSettings } from '../../../src/app/config/sources/sources-schema.js'
import { serviceBusKind } from '../../../src/app/sources/service-bus.js'
import { configured, faultOf } from './configured.js'

const BUS = 'Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=planted+key='
const bus = { use: 'service-bus', queue: 'genesys' }
const withSecret = { ...bus, serviceBusConnectionString: { env: 'BUS' } }

test('a queue is read with a connection string by reference, which is never shown', () => {
  const config = configured(withSecret, { BUS })
  const [source] = sourceSettings(config.sources)
  expect(source).toMatchObject({ name: 'events', settings: { queue: 'genesys', prefetch: 1_000, batchMax: 500 } })
  expect(serviceBusKind.place(source as never)).toBe('genesys at acme.servicebus.windows.net')
  expect(JSON.stringify(redacted(config))).not.toContain('planted')
})

test('a subscription is read with a managed identity', () => {
  const config = configured({
    ...{ use: 'service-bus', topic: 'genesys', subscription: 'streamvane' },
    ...{ host: 'acme.servicebus.windows.net', entraId: { managedIdentity: true } },
  })
  const [source] = sourceSettings(config.sources)
  expect(serviceBusKind.place(source as never)).toBe('genesys/Subscriptions/streamvane at acme.servicebus.windows.net')
})

test.each([
  [
    'no credentials',
    bus,
    /sources\.0\.serviceBusConnectionString: write serviceBusConnectionString: \{ file: … \}, or host/,
  ],
  ['a secret in the file', { ...bus, serviceBusConnectionString: BUS }, /a secret does not stand in the file/],
  ['two kinds of credentials', { ...withSecret, host: 'acme.servicebus.windows.net' }, /remove host and entraId/],
  ['neither queue nor topic', { ...withSecret, queue: undefined }, /sources\.0\.queue: write a queue, or a topic/],
  [
    'a topic without subscription',
    { ...withSecret, queue: undefined, topic: 'a' },
    /sources\.0\.subscription: .* write its name/,
  ],
  ['an identity without a way', { ...bus, host: 'h', entraId: {} }, /sources\.0\.entraId: write clientSecret/],
  [
    'larger batches than prefetch',
    { ...withSecret, prefetch: 10, batchMax: 20 },
    /sources\.0\.batchMax: .* write less/,
  ],
])('%s is refused with the key and what to write', (_, source, message) => {
  expect(faultOf(source, { BUS })).toMatch(message)
})

test('a connection string of another queue, or one that is cut, is refused and not quoted', () => {
  expect(faultOf(withSecret, { BUS: `${BUS};EntityPath=other` })).toMatch(
    /it is for other, and this source reads genesys/,
  )
  const cut = faultOf(withSecret, { BUS: 'Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKey=planted' })
  expect(cut).toMatch(/a connection string of Service Bus has SharedAccessKeyName/)
  expect(cut).not.toContain('planted')
})
