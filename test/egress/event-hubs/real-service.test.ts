import { describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { readConnectionString } from '../../../src/credentials/connection-string.js'
import { sharedAccessTokens } from '../../../src/credentials/shared-access-signature.js'
import { eventHubsDestination } from '../../../src/egress/event-hubs/destination.js'
import { eventHubsDefaults, type EventHubsOptions } from '../../../src/egress/event-hubs/options.js'
import { hubOptionsOf } from '../../support/event-hubs/hub.js'
import { standInEventHub } from '../../support/event-hubs/server.js'
import { manyRowsAt, recordsAt } from '../batches.js'

const { EVENT_HUBS_CONNECTION_STRING: connection, EVENT_HUB: named } = process.env
const isNamed = connection !== undefined

/** An event hub for tests: a policy with Send. What was sent expires with the retention of the event hub. */
const real = async (): Promise<EventHubsOptions> => {
  const { host, port, entityPath } = readConnectionString(connection ?? '', 'Event Hubs')
  const eventHub = named ?? entityPath ?? ''
  const source = sharedAccessTokens(Secret.literal(connection ?? ''), `sb://${host}/${eventHub}`, 'Event Hubs')
  return {
    ...{ ...eventHubsDefaults, eventHub, markers: true, settings: 'EVENT_HUBS_CONNECTION_STRING' },
    ...{ endpoint: { host, port, tls: {} }, tokens: { kind: 'shared-access', source } },
  }
}

const standIn = async (): Promise<EventHubsOptions> => {
  const hub = await standInEventHub({ eventHub: 'kpis' })
  onTestFinished(() => hub.close())
  return hubOptionsOf(hub)
}

/** The same on both. */
const suite = (reach: () => Promise<EventHubsOptions>): void => {
  const { signal } = new AbortController()

  test('every event of several batches is accepted, also by a connection that is opened anew', async () => {
    const options = await reach()
    for (const records of [recordsAt(1), manyRowsAt(2).records]) {
      const destination = eventHubsDestination(options)
      onTestFinished(() => destination.close())
      expect(await destination.open(signal)()).toMatchObject({ _tag: 'Right' })
      expect(await destination.deliver(records, signal)()).toMatchObject({ _tag: 'Right' })
      await destination.close()
    }
  }, 120_000)

  test('an event hub that is not there is refused, with its name', async () => {
    const { endpoint, ...options } = await reach()
    const destination = eventHubsDestination({ ...options, endpoint, eventHub: 'streamvane-no-such-hub' })
    onTestFinished(() => destination.close())
    expect(await destination.open(signal)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('streamvane-no-such-hub') as string },
    })
  }, 120_000)
}

describe('the stand-in of Event Hubs over AMQP', () => suite(standIn))
describe.skipIf(!isNamed)(
  `the real Event Hubs over AMQP${isNamed ? '' : ' (skipped: EVENT_HUBS_CONNECTION_STRING not set)'}`,
  () => suite(real),
)
