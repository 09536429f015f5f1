import { EventEmitter, once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import rhea, { type Connection, type EventContext, type Sender } from 'rhea'
import { BusQueue, type QueueSettings } from './bus-queue.js'
import { tokenFault } from './cbs-tokens.js'
import { GivingLink } from './giving-link.js'
import { answerManagement } from './management.js'

export type StandInServiceBus = Readonly<{
  port: number
  /** A connection string that the source takes; `name` and `key` are those of a shared access policy. */
  connectionString: (key?: string, name?: string) => string
  /** Keys by the name of their policy; a test replaces them to rotate. */
  keys: Map<string, string>
  /** Tokens of Entra ID that are accepted. */
  bearerTokens: Set<string>
  queue: (entity: string) => BusQueue
  /** Tokens that were shown at `$cbs`. */
  shown: readonly Readonly<{ audience: string; type: string; token: string }>[]
  /** Resolves when the next token is shown. */
  showing: () => Promise<void>
  /** Sockets are destroyed, as a network that breaks does it. */
  dropConnections: () => void
  /** All connections are closed with a condition (`amqp:connection:forced`: the broker is being moved). */
  closeConnections: (condition: string) => void
  /** Links that give messages are detached with a condition. */
  detach: (condition: string) => void
  /** How much the broker's clock is ahead of this machine's, in ms. */
  clock: { skewMs: number }
  connections: () => number
  close: () => Promise<void>
}>

/**
 * Stands in for a namespace of Azure Service Bus: AMQP 1.0 with SASL ANONYMOUS, claims-based security at `$cbs`, links
 * to entities with peek-lock, sessions, and `<entity>/$management`. Written from
 * learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide and …/service-bus-amqp-request-response.
 */
export const standInServiceBus = async (
  entities: Readonly<Record<string, Partial<QueueSettings>>>,
  port = 0,
): Promise<StandInServiceBus> => {
  const queues = new Map(
    Object.entries(entities).map(([name, settings]) => [name.toLowerCase(), new BusQueue(settings)]),
  )
  const keys = new Map([['listen', 'a-key-of-the-stand-in']])
  const bearerTokens = new Set<string>()
  const shown: { audience: string; type: string; token: string }[] = []
  const showing = new EventEmitter()
  const clock = { skewMs: 0 }
  const sockets = new Set<Socket>()
  const connections = new Set<Connection>()
  const giving = new Set<GivingLink>()
  const replies = new Map<Connection, Map<string, Sender>>()
  const allowed = new Map<Connection, string[]>()

  const container = rhea.create_container({ id: 'stand-in', treat_modified_as_released: false, tcp_no_delay: true })
  container.on('error', () => undefined)
  container.on('disconnected', ({ connection }: EventContext) => forget(connection))
  container.on('connection_close', ({ connection }: EventContext) => forget(connection))
  container.on('connection_open', ({ connection }: EventContext) => {
    connections.add(connection)
    // rhea does not tell of a socket that was destroyed here.
    ;(connection['socket'] as Socket).once('close', () => forget(connection))
    replies.set(connection, new Map())
    allowed.set(connection, [])
  })
  const forget = (connection: Connection): void => {
    connections.delete(connection)
    for (const link of giving) if (link.connection === connection) giving.delete(link.end())
  }
  const isAllowed = (connection: Connection, entity: string): boolean =>
    (allowed.get(connection) ?? []).some((audience) => audience.toLowerCase().endsWith(`/${entity.toLowerCase()}`))

  // What the client receives from.
  container.on('sender_open', ({ sender, connection }: EventContext) => {
    if (sender === undefined) return
    const { address } = sender.source
    const [entity = '', node] = address.split('/$')
    const queue = queues.get(entity.toLowerCase())
    const isNode = address === '$cbs' || node === 'management'
    if (address !== '$cbs' && !isAllowed(connection, address))
      return sender.close({ condition: 'amqp:unauthorized-access', description: `Unauthorized access to ${entity}` })
    if (address !== '$cbs' && queue === undefined)
      return sender.close({
        condition: 'amqp:not-found',
        description: `The messaging entity '${entity}' could not be found.`,
      })
    if (isNode) {
      replies.get(connection)?.set(sender.target.address, sender)
      sender.set_source(sender.source)
      return sender.set_target(sender.target)
    }
    const link = new GivingLink(sender, queue as BusQueue, clock)
    if (link.open()) giving.add(link)
  })
  container.on('sender_close', ({ sender }: EventContext) => {
    for (const link of giving) if (link.sender === sender) giving.delete(link.end())
  })
  // What the client sends to: an entity, $cbs and $management.
  container.on('receiver_open', ({ receiver }: EventContext) => {
    receiver?.set_source(receiver.source)
    receiver?.set_target({ ...receiver.target, address: receiver.target.address })
  })
  container.on('message', ({ receiver, message, connection }: EventContext) => {
    const node = receiver?.target.address ?? ''
    const sentTo = queues.get(node.toLowerCase())
    if (message !== undefined && sentTo !== undefined)
      return sentTo.send((message.body as { content?: unknown }).content, message.group_id)
    const reply = replies.get(connection)?.get(String(message?.reply_to))
    if (message === undefined || reply === undefined) return
    if (node !== '$cbs') {
      const queue = queues.get(node.split('/$')[0]?.toLowerCase() ?? '')
      if (queue !== undefined) reply.send(answerManagement(queue, message, clock))
      return
    }
    const { name = '', type = '' } = (message.application_properties ?? {}) as Record<string, string>
    const token = String(message.body)
    shown.push({ audience: name, type, token })
    showing.emit('shown')
    const fault = tokenFault({ type, token, audience: name }, keys, bearerTokens, Date.now() + clock.skewMs)
    if (fault === undefined) allowed.get(connection)?.push(name)
    reply.send({
      correlation_id: message.message_id,
      application_properties: {
        'status-code': fault === undefined ? 202 : 401,
        'status-description': fault ?? 'Accepted',
      },
      body: '',
    } as never)
  })

  const server = container.listen({ port, host: '127.0.0.1' } as never) as unknown as Server
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await once(server, 'listening')
  const { port: bound } = server.address() as AddressInfo
  return {
    port: bound,
    connectionString: (key = keys.get('listen'), name = 'listen') =>
      `Endpoint=sb://127.0.0.1:${bound};SharedAccessKeyName=${name};SharedAccessKey=${key};UseDevelopmentEmulator=true;`,
    keys,
    bearerTokens,
    shown,
    showing: async () => void (await once(showing, 'shown')),
    clock,
    queue: (entity) => queues.get(entity.toLowerCase()) as BusQueue,
    dropConnections: () => sockets.forEach((socket) => socket.destroy()),
    closeConnections: (condition) =>
      connections.forEach((one) => one.close({ condition, description: 'closed by the stand-in' })),
    detach: (condition) =>
      giving.forEach(({ sender }) => sender.close({ condition, description: 'detached by the stand-in' })),
    connections: () => sockets.size,
    close: async () => {
      giving.forEach((link) => link.end())
      sockets.forEach((socket) => socket.destroy())
      await once(server.close(), 'close')
    },
  }
}
