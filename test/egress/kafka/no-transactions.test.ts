import { afterEach, expect, test } from 'vitest'
import { kafkaSink } from '../../../src/egress/kafka/sink.js'
import { standInBroker } from './stand-in-broker.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const EVERY_API = Array.from({ length: 38 }, (_, key) => key)
const INIT_PRODUCER_ID = 22

test.each([
  ['UNSUPPORTED_VERSION', 35],
  ['INVALID_REQUEST', 42],
])('a broker that answers %s for the coordinator of transactions is refused with its own words', async (_, error) => {
  const text = 'type code 1 is only supported in Premium or Dedicated sku'
  const broker = await standInBroker({ apis: EVERY_API, coordinator: { error, text } })
  const sink = kafkaSink({ brokers: [broker.address], tenant: 'acme', values: { format: 'json' } })
  ends.push(() => sink.close(), broker.close)
  expect(await sink.connect(new AbortController().signal)()).toMatchObject({
    left: { tag: 'Refused', reason: expect.stringMatching(new RegExp(`has no transactions.*${text}`)) },
  })
})

test('a broker that does not offer the requests of transactions is refused', async () => {
  const broker = await standInBroker({
    apis: EVERY_API.filter((key) => key !== INIT_PRODUCER_ID),
    coordinator: { error: 0, text: '' },
  })
  const sink = kafkaSink({ brokers: [broker.address], tenant: 'acme', values: { format: 'json' } })
  ends.push(() => sink.close(), broker.close)
  expect(await sink.connect(new AbortController().signal)()).toMatchObject({
    left: { tag: 'Refused', reason: expect.stringContaining('does not offer InitProducerId') },
  })
  expect(broker.asked()).not.toContain(INIT_PRODUCER_ID)
})
