import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import rhea, { type Connection, type Delivery, type EventContext, type Message, type Sender } from 'rhea'
import { tokenFault } from '../service-bus/cbs-tokens.js'

/** An event as a reader of a partition sees it. */
export type StoredEvent = Readonly<{
  partitionKey: string
  id: string
  properties: Readonly<Record<string, unknown>>
  body: string
}>

export type StandInEventHub = Readonly<{
  port: number
  connectionString: (key?: string) => string
  keys: Map<string, string>
  /** Events by partition, each in the order in which they were stored. */
  partitions: readonly (readonly StoredEvent[])[]
  /** Batches that were stored: bytes and events of each. */
  batches: readonly Readonly<{ bytes: number; events: number }>[]
  /** Of the next batches, how many are answered `com.microsoft:server-busy`. */
  busy: { next: number }
  /** How long the answer to a batch takes that was stored. */
  answers: { afterMs: number }
  /** Turns the next batch down with this condition. */
  rejectNext: (condition: string) => void
  /** Stores the next batch, and destroys the socket before it says so. */
  cutAfterNext: () => void
  dropConnections: () => void
  close: () => Promise<void>
}>

type Settings = Readonly<{ eventHub: string; partitions?: number; bytesMax?: number; port?: number }>

const BATCH_FORMAT = 0x80013700
const CREDIT = 300

/**
 * Stands in for a namespace of Azure Event Hubs with one event hub: AMQP 1.0 with SASL ANONYMOUS, claims-based security
 * at `$cbs`, a link to send to, batches of one partition key, limits and refusals. Written from
 * learn.microsoft.com/azure/event-hubs/event-hubs-amqp-protocol-guide, …/event-hubs-quotas and
 * …/event-hubs-amqp-troubleshoot.
 */
export const standInEventHub = async (settings: Settings): Promise<StandInEventHub> => {
  const { eventHub, partitions: count = 4, bytesMax = 1_048_576, port = 0 } = settings
  const partitions = Array.from({ length: count }, (): StoredEvent[] => [])
  const batches: { bytes: number; events: number }[] = []
  const keys = new Map([['send', 'a-key-of-the-stand-in']])
  const busy = { next: 0 }
  const answers = { afterMs: 0 }
  const rejections: string[] = []
  let cuts = 0
  const sockets = new Set<Socket>()
  const replies = new Map<Connection, Map<string, Sender>>()
  const allowed = new Map<Connection, string[]>()

  const container = rhea.create_container({ id: 'stand-in' })
  container.on('error', () => undefined)
  container.on('disconnected', () => undefined)
  container.on('connection_open', ({ connection }: EventContext) => {
    replies.set(connection, new Map())
    allowed.set(connection, [])
  })
  container.on('sender_open', ({ sender, connection }: EventContext) => {
    if (sender === undefined) return
    replies.get(connection)?.set(sender.target.address, sender)
    sender.set_source(sender.source)
    sender.set_target(sender.target)
  })
  container.on('receiver_open', ({ receiver, connection }: EventContext) => {
    if (receiver === undefined) return
    const address = receiver.target.address
    receiver.set_source(receiver.source)
    if (address !== '$cbs') {
      if (!(allowed.get(connection) ?? []).some((audience) => audience.endsWith(`/${address}`)))
        return receiver.close({
          condition: 'amqp:unauthorized-access',
          description: `Unauthorized access to ${address}`,
        })
      if (address !== eventHub)
        return receiver.close({
          condition: 'amqp:not-found',
          description: `The messaging entity '${address}' could not be found.`,
        })
    }
    receiver.set_target({ ...receiver.target, address })
    receiver.add_credit(CREDIT)
  })
  container.on('message', ({ receiver, message, connection, delivery, ...context }: EventContext) => {
    if (receiver === undefined || message === undefined || delivery === undefined) return
    if (receiver.target.address === '$cbs') return answerToken(connection, message, delivery)
    const { format } = context as unknown as { format?: number }
    take(delivery, format === BATCH_FORMAT ? (message as unknown as Buffer) : rhea.message.encode(message))
    receiver.add_credit(1)
  })

  const answerToken = (connection: Connection, message: Message, delivery: Delivery): void => {
    delivery.accept()
    const { name = '', type = '' } = (message.application_properties ?? {}) as Record<string, string>
    const fault = tokenFault({ type, token: String(message.body), audience: name }, keys, new Set(), Date.now())
    if (fault === undefined) allowed.get(connection)?.push(name)
    const answer = {
      correlation_id: message.message_id,
      application_properties: {
        'status-code': fault === undefined ? 202 : 401,
        'status-description': fault ?? 'Accepted',
      },
      body: '',
    }
    replies
      .get(connection)
      ?.get(String(message.reply_to))
      ?.send(answer as never)
  }

  const take = (delivery: Delivery, bytes: Buffer): void => {
    const condition = rejections.shift() ?? (busy.next > 0 ? 'com.microsoft:server-busy' : undefined)
    if (condition === 'com.microsoft:server-busy') busy.next -= 1
    if (condition !== undefined) return delivery.reject({ condition, description: `${condition} of the stand-in` })
    if (bytes.length > bytesMax)
      return delivery.reject({
        condition: 'amqp:link:message-size-exceeded',
        description: `The received message (${bytes.length} bytes) exceeds the limit (${bytesMax} bytes)`,
      })
    const stored = eventsOf(bytes)
    const key = stored[0]?.partitionKey ?? ''
    partitions[hashOf(key) % count]?.push(...stored)
    batches.push({ bytes: bytes.length, events: stored.length })
    if (cuts > 0) {
      cuts -= 1
      dropConnections()
    } else if (answers.afterMs === 0) delivery.accept()
    else setTimeout(() => delivery.accept(), answers.afterMs)
  }

  const dropConnections = (): void => sockets.forEach((socket) => socket.destroy())
  const options = { port, host: '127.0.0.1', max_message_size: bytesMax, autoaccept: false, credit_window: 0 }
  const server = container.listen({ ...options, receiver_options: options } as never) as unknown as Server
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await once(server, 'listening')
  const { port: bound } = server.address() as AddressInfo
  return {
    port: bound,
    connectionString: (key = keys.get('send')) =>
      `Endpoint=sb://127.0.0.1:${bound};SharedAccessKeyName=send;SharedAccessKey=${key};EntityPath=${eventHub};UseDevelopmentEmulator=true;`,
    keys,
    partitions,
    batches,
    busy,
    answers,
    rejectNext: (condition) => void rejections.push(condition),
    cutAfterNext: () => void (cuts += 1),
    dropConnections,
    close: async () => {
      dropConnections()
      await once(server.close(), 'close')
    },
  }
}

const PARTITION_KEY = 'x-opt-partition-key'
const keyIn = (message: object): string =>
  String((message as { message_annotations?: Readonly<Record<string, unknown>> }).message_annotations?.[PARTITION_KEY])

/** The events of a batch. Each has to have the partition key of the batch. */
const eventsOf = (batch: Buffer): readonly StoredEvent[] => {
  const envelope = rhea.message.decode(batch)
  const { content, multiple } = envelope.body as { content: Buffer | readonly Buffer[]; multiple?: boolean }
  const sections = multiple === true || Array.isArray(content) ? (content as readonly Buffer[]) : [content as Buffer]
  return sections.map((section) => {
    const event = rhea.message.decode(section)
    if (keyIn(event) !== keyIn(envelope)) throw new Error('an event of another partition key is in the batch')
    return {
      partitionKey: keyIn(event),
      id: String(event.message_id),
      properties: event.application_properties ?? {},
      body: (event.body as { content: Buffer }).content.toString('utf8'),
    }
  })
}

const hashOf = (key: string): number => Buffer.from(key).reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7)
