import { expect, onTestFinished, test } from 'vitest'
import { openAmqp } from '../../src/azure/amqp-connection.js'
import { authorize } from '../../src/azure/cbs.js'
import { Secret } from '../../src/credentials/secret.js'
import { sharedAccessTokens } from '../../src/credentials/shared-access-signature.js'
import { openEntityLink, type EntityLink } from '../../src/ingress/service-bus/entity-link.js'
import { standInServiceBus } from '../support/service-bus/server.js'

test('two links that settle in one turn each settle their own message, with their own outcome', async () => {
  const bus = await standInServiceBus({ events: {} })
  onTestFinished(() => bus.close())
  const connection = await openAmqp({ host: '127.0.0.1', port: bus.port, tls: false })
  const source = sharedAccessTokens(Secret.literal(bus.connectionString()), 'sb://127.0.0.1/events', 'Service Bus')
  await authorize(connection, ['sb://127.0.0.1/events'], { kind: 'shared-access', source })
  const queue = bus.queue('events')
  queue.send(Buffer.from('one'))
  queue.send(Buffer.from('two'))
  const next = async ({ link, held }: EntityLink) => {
    link.add_credit(1)
    return held.take(1, new AbortController().signal)
  }
  const [a, b] = [await openEntityLink(connection, 'events'), await openEntityLink(connection, 'events')]
  const [first, second] = [await next(a), await next(b)]
  await Promise.all([
    a.held.settle(first, ({ delivery }) => delivery.accept(), a.lost),
    b.held.settle(second, ({ delivery }) => delivery.modified({ undeliverable_here: false }), b.lost),
  ])
  expect(queue.seen).toMatchObject({ completed: 1, abandoned: 1 })
  await connection.close()
})
