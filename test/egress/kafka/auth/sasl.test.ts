import kafkajs from 'kafkajs'
import type { AuthenticationProviderArgs, Mechanism } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { kafkaSasl } from '../../../../src/egress/kafka/auth/sasl.js'
import { Secret } from '../../../../src/credentials/secret.js'

const REFUSAL = Object.assign(new Error('Authentication failed'), { type: 'SASL_AUTHENTICATION_FAILED' })

/** A broker that accepts while `accepts`, and a clock. */
const broker = (settings = { mechanism: 'plain', username: 'u', password: Secret.literal('p') } as const) => {
  const state = { accepts: true, now: 0 }
  const sasl = kafkaSasl(settings, () => state.now) as Mechanism
  const saslAuthenticate = async () => {
    if (!state.accepts) throw REFUSAL
  }
  const args = { host: 'b', port: 1, saslAuthenticate } as unknown as AuthenticationProviderArgs
  return {
    state,
    outcome: () =>
      sasl
        .authenticationProvider(args)
        .authenticate()
        .then(
          () => 'accepted',
          (cause: unknown) => cause,
        ),
  }
}

describe('credentials that the broker refuses', () => {
  test('are refused at once if it never accepted them', async () => {
    const { state, outcome } = broker()
    state.accepts = false
    expect(await outcome()).toMatchObject({ name: 'AuthenticationRefused', retriable: false })
  })

  test('are tried again for two minutes if it accepted them before, then they are refused', async () => {
    const { state, outcome } = broker()
    expect(await outcome()).toBe('accepted')
    state.accepts = false
    expect(await outcome()).toBeInstanceOf(kafkajs.KafkaJSConnectionError)
    state.now = 119_999
    expect(await outcome()).toBeInstanceOf(kafkajs.KafkaJSConnectionError)
    state.now = 120_000
    expect(await outcome()).toMatchObject({ name: 'AuthenticationRefused' })
  })

  test('and accepts again begin two minutes anew', async () => {
    const { state, outcome } = broker()
    await outcome()
    state.accepts = false
    await outcome()
    state.now = 100_000
    state.accepts = true
    expect(await outcome()).toBe('accepted')
    state.accepts = false
    state.now = 200_000
    expect(await outcome()).toBeInstanceOf(kafkajs.KafkaJSConnectionError)
  })
})

test('a connection that is lost in the exchange is no refusal', async () => {
  const lost = new kafkajs.KafkaJSConnectionError('Connection closed by the server')
  const settings = { mechanism: 'scram-sha-256', username: 'u', password: Secret.literal('p') } as const
  const args = { host: 'b', port: 1, logger: { debug: () => {}, error: () => {} } }
  const { authenticationProvider } = kafkaSasl(settings) as Mechanism
  const exchange = authenticationProvider({
    ...args,
    saslAuthenticate: () => Promise.reject(lost),
  } as unknown as AuthenticationProviderArgs)
  await expect(exchange.authenticate()).rejects.toBe(lost)
})
