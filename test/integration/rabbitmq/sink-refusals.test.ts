import * as E from 'fp-ts/lib/Either.js'
import { connect as connectTo } from 'amqplib'
import { expect, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { rabbitmqDestination, type RabbitmqSinkOptions } from '../../../src/egress/rabbitmq/destination.js'
import { failureText, type SinkFailure } from '../../../src/egress/sink.js'
import type { RabbitmqAddress } from '../../../src/rabbitmq/options.js'
import { recordsAt } from '../../egress/batches.js'
import { addressOf, sinkOptionsOf } from '../../support/rabbitmq/address.js'
import { describeRabbitmq } from '../../support/rabbitmq/broker.js'

const idle = new AbortController().signal

/** Opens a destination; what it answers, in words behind the tag. */
const opened = async (options: RabbitmqSinkOptions): Promise<string> => {
  const destination = rabbitmqDestination(options)
  const outcome = await destination.open(idle)()
  await destination.close()
  return E.isLeft(outcome) ? inWords(outcome.left) : 'open'
}
const inWords = (failure: SinkFailure): string => `${failure.tag}: ${failureText(failure)}`

describeRabbitmq('what RabbitMQ refuses', (broker) => {
  const at = (changes: Partial<RabbitmqAddress>, exchange = 'refusals', sink: Partial<RabbitmqSinkOptions> = {}) =>
    opened(sinkOptionsOf(broker(), exchange, { address: addressOf(broker(), changes), ...sink }))

  test('a wrong password is refused without being named', async () => {
    const login = { kind: 'plain', username: 'guest', password: Secret.literal('not-the-password') } as const
    const words = await at({ login })
    expect(words).toMatch(/^Refused: .*ACCESS_REFUSED.*check username and password/)
    expect(words).not.toContain('not-the-password')
  })

  test('a password that was accepted before may be in rotation: it is tried again', async () => {
    await broker().ctl('add_user', 'rotating', 'first-password')
    await broker().ctl('set_permissions', 'rotating', '.*', '.*', '.*')
    const login = { kind: 'plain', username: 'rotating', password: Secret.literal('first-password') } as const
    const destination = rabbitmqDestination(
      sinkOptionsOf(broker(), 'rotation', { address: addressOf(broker(), { login }) }),
    )
    expect(await destination.open(idle)()).toEqual(E.right(undefined))
    await broker().ctl('change_password', 'rotating', 'second-password')
    expect(await destination.open(idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
    await broker().ctl('change_password', 'rotating', 'first-password')
    expect(await destination.open(idle)()).toEqual(E.right(undefined))
    await destination.close()
  })

  test('a virtual host that is missing is refused with the commands that make one', async () => {
    expect(await at({ vhost: 'nowhere' })).toMatch(/^Refused: .*rabbitmqctl add_vhost/)
  })

  test('an exchange that is missing and not to be declared is refused', async () => {
    expect(await at({}, 'missing', { declareExchange: false })).toMatch(/^Refused: .*no exchange 'missing'.*create it/)
  })

  test('an exchange of another type is refused, and left as it is', async () => {
    const connection = await connectTo(broker().url)
    const channel = await connection.createChannel()
    await channel.assertExchange('other-type', 'direct')
    expect(await at({}, 'other-type')).toMatch(/^Refused: .*inequivalent arg 'type'.*exists with other settings/)
    await channel.checkExchange('other-type')
    await connection.close()
  })

  test('a user without the right to publish is refused with the right to give', async () => {
    await broker().ctl('add_user', 'reader', 'reader-password')
    await broker().ctl('set_permissions', 'reader', '^readable$', '^$', '.*')
    const login = { kind: 'plain', username: 'reader', password: Secret.literal('reader-password') } as const
    const address = addressOf(broker(), { login })
    const destination = rabbitmqDestination(sinkOptionsOf(broker(), 'readable', { address }))
    expect(await destination.open(idle)()).toEqual(E.right(undefined))
    const outcome = await destination.deliver(recordsAt(1), idle)()
    expect(E.isLeft(outcome) && inWords(outcome.left)).toMatch(/^Refused: .*ACCESS_REFUSED.*set_permissions/)
    expect(await destination.deliver(recordsAt(1), idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
    await destination.close()
  })

  test('an exchange that was deleted is told when the next batch is published, and declared again', async () => {
    const destination = rabbitmqDestination(sinkOptionsOf(broker(), 'deleted', { mandatory: false }))
    await destination.open(idle)()
    const connection = await connectTo(broker().url)
    await (await connection.createChannel()).deleteExchange('deleted')
    const outcome = await destination.deliver(recordsAt(1), idle)()
    expect(E.isLeft(outcome) && inWords(outcome.left)).toMatch(/^Refused: .*no exchange 'deleted'/)
    expect(await destination.open(idle)()).toEqual(E.right(undefined))
    expect(await destination.deliver(recordsAt(1), idle)()).toEqual(E.right(undefined))
    await connection.close()
    await destination.close()
  })

  test('with TLS it connects where the authority is known, and names caFile where it is not', async () => {
    const brokers = [`localhost:${broker().tlsPort}`]
    expect(await at({ brokers, tls: { caFile: broker().caFile } })).toBe('open')
    expect(await at({ brokers, tls: {} })).toMatch(/^Refused: .*authority.*caFile/)
    expect(await at({ brokers, tls: { caFile: broker().caFile, serverName: 'rabbit.example' } })).toMatch(
      /^Refused: .*certificate of the peer is for another name/,
    )
    expect(await at({ tls: { caFile: broker().caFile } })).toMatch(/ssl/)
  })

  test('a plain connection to a TLS port does not hang', async () => {
    expect(await at({ brokers: [`localhost:${broker().tlsPort}`] })).toMatch(/^(NotConnected|Refused): /)
  })

  test('of several brokers those that do not answer are passed over', async () => {
    expect(await at({ brokers: ['127.0.0.1:1', `127.0.0.1:${broker().port}`] })).toBe('open')
    expect(await at({ brokers: ['127.0.0.1:1'] })).toMatch(/^NotConnected: .*ECONNREFUSED/)
  })
})
