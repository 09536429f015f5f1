import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { once } from 'node:events'
import { pino } from 'pino'
import rhea from 'rhea'
import { onTestFinished } from 'vitest'
import { openAmqp } from '../../../src/azure/amqp-connection.js'
import { authorize } from '../../../src/azure/cbs.js'
import { openSender } from '../../../src/azure/open-link.js'
import { readConnectionString } from '../../../src/credentials/connection-string.js'
import { Secret } from '../../../src/credentials/secret.js'
import { sharedAccessTokens } from '../../../src/credentials/shared-access-signature.js'
import { serviceBusSource } from '../../../src/ingress/service-bus/service-bus-source.js'
import type { Source } from '../../../src/ingress/source.js'
import type { SqsOptions } from '../../../src/ingress/sqs/options.js'
import { sqsSource } from '../../../src/ingress/sqs/sqs-source.js'
import { standInServiceBus } from '../service-bus/server.js'
import { standInSqs } from '../sqs/server.js'

/** A queue to test against, real or a stand-in. */
export type Place = Readonly<{
  source: () => Source
  /** With a key that the broker does not know. */
  refused: () => Source
  send: (body: string) => Promise<void>
  /** For how long a message is hidden from others unless this is renewed. */
  lockMs: number
}>

const common = { name: 'queue', logger: pino({ level: 'silent' }), backoff: { firstMs: 10, maxMs: 1_000 } }

/** `text` is a connection string with the rights to send and to listen. */
export const serviceBusPlace = (text: string, entity: string, lockMs: number, sessions?: number): Place => {
  const { host, port, isEmulator, key } = readConnectionString(text, 'Service Bus')
  const endpoint = { host, port, tls: isEmulator ? (false as const) : {} }
  const address = `sb://${host}/${entity}`
  const tokensOf = (connectionString: string) => ({
    kind: 'shared-access' as const,
    source: sharedAccessTokens(Secret.literal(connectionString), address, 'Service Bus'),
  })
  const sourceOf = (connectionString: string): Source => {
    const tokens = tokensOf(connectionString)
    return serviceBusSource({ ...common, endpoint, entity, tokens, sessions, prefetch: 20, batchMax: 10 })
  }
  return {
    source: () => sourceOf(text),
    refused: () => sourceOf(text.replace(key, Buffer.from('a key that nobody knows').toString('base64'))),
    lockMs,
    send: async (body) => {
      const connection = await openAmqp(endpoint)
      try {
        await authorize(connection, [address], tokensOf(text))
        const { link } = await openSender(connection, { target: { address: entity } })
        const accepted = once(link, 'accepted')
        const group = sessions === undefined ? {} : { group_id: 'one' }
        const message = { body: rhea.message.data_section(Buffer.from(body)) as unknown, ...group }
        link.send(message)
        await accepted
      } finally {
        await connection.close()
      }
    },
  }
}

export const sqsPlace = (
  queueUrl: string,
  region: string,
  lockMs: number,
  credentials?: SqsOptions['credentials'],
): Place => {
  const reading = { pollers: 2, waitSeconds: 5, visibilitySeconds: lockMs / 1_000 }
  const sourceOf = (given: SqsOptions['credentials']): Source =>
    sqsSource({ ...common, ...reading, queueUrl, region, credentials: given })
  const isFifo = queueUrl.endsWith('.fifo')
  let sent = 0
  return {
    source: () => sourceOf(credentials),
    refused: () => sourceOf({ accessKeyId: 'AKIAUNKNOWN', secretAccessKey: Secret.literal('nobody knows it') }),
    lockMs,
    send: async (body) => {
      const keys = credentials && {
        credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey.read() },
      }
      const client = new SQSClient({ region, endpoint: new URL(queueUrl).origin, ...keys })
      const fifo = isFifo && { MessageGroupId: 'one', MessageDeduplicationId: `${Date.now()}-${sent++}` }
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, ...fifo }))
      client.destroy()
    },
  }
}

export const serviceBusStandIn = async (sessions?: number): Promise<Place> => {
  const lockMs = 1_000
  const bus = await standInServiceBus({ events: { lockMs, requiresSession: sessions !== undefined } })
  onTestFinished(() => bus.close())
  return serviceBusPlace(bus.connectionString(), 'events', lockMs, sessions)
}

export const sqsStandIn = async (): Promise<Place> => {
  const sqs = await standInSqs(['events'])
  onTestFinished(() => sqs.close())
  const credentials = {
    accessKeyId: 'AKIDSTANDIN',
    secretAccessKey: Secret.literal(sqs.keys.get('AKIDSTANDIN')?.secret ?? ''),
  }
  return sqsPlace(sqs.queueUrl('events'), 'eu-central-1', 1_000, credentials)
}
