import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import type { StandInClock } from './clock.js'
import { refusal, type Asked, type Reply, type Route, type Site } from './route.js'

type StandInChannel = {
  readonly id: string
  readonly clientId: string
  readonly expiresAt: number
  topics: Set<string>
  socket: WebSocket | undefined
  usedAt: number
}

const CHANNELS_MAX = 20
const TOPICS_MAX = 1_000
const DAY_MS = 86_400_000

/**
 * The notification service of the stand-in (developer.genesys.cloud/notificationsalerts/notifications: channels of 24
 * hours, 20 an application and user, 1,000 topics each, one socket a channel, heartbeats on `channel.metadata`, nothing
 * is kept for who is not connected). It misbehaves on command: sockets break, keep silent, announce that they close.
 */
export class StandInNotifications {
  readonly #channels = new Map<string, StandInChannel>()
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #clock: StandInClock
  /** While true no socket opens. */
  isDown = false
  /** While true sockets are open and say nothing, not even to a ping. */
  isSilent = false
  /** Events that were sent to a socket, and those that nobody was connected for. */
  sent = 0
  missed = 0
  opened = 0
  #watchers: (() => void)[] = []

  constructor(clock: StandInClock) {
    this.#clock = clock
  }

  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => {
      const id = new URL(request.url ?? '', 'http://localhost').pathname.split('/').at(-1) ?? ''
      const channel = this.#channels.get(id)
      if (this.isDown || channel === undefined || channel.expiresAt <= this.#clock.now()) return void socket.destroy()
      this.#sockets.handleUpgrade(request, socket, head, (opened) => {
        channel.socket?.close(1000) // a second connection drops the first
        channel.socket = opened
        channel.usedAt = this.#clock.now()
        this.opened += 1
        opened.on('message', () => this.#say(channel, metadata('pong')))
        opened.on('close', () => {
          if (channel.socket === opened) channel.socket = undefined
          this.#changed()
        })
        this.#changed()
      })
    })
  }

  get routes(): readonly Route[] {
    const subscriptions = '/api/v2/notifications/channels/{channelId}/subscriptions'
    const of =
      (handle: (channel: StandInChannel, asked: Asked) => Reply): Route['handle'] =>
      (asked) => {
        const channel = this.#channels.get(asked.params['channelId'] ?? '')
        return channel === undefined || channel.clientId !== asked.clientId
          ? refusal(404, 'not.found', 'The channel does not exist or has expired')
          : handle(channel, asked)
      }
    return [
      { method: 'POST', path: '/api/v2/notifications/channels', handle: (asked, site) => this.#create(asked, site) },
      { method: 'PUT', path: subscriptions, handle: of((channel, asked) => this.#subscribe(channel, asked, true)) },
      { method: 'POST', path: subscriptions, handle: of((channel, asked) => this.#subscribe(channel, asked, false)) },
    ]
  }

  /** Sends an event to who is subscribed to its topic and connected; nobody else ever gets it. */
  publish(topicName: string, line: string): void {
    let wasSent = false
    for (const channel of this.#channels.values())
      if (channel.topics.has(topicName) && channel.socket?.readyState === 1) {
        this.#say(channel, line)
        wasSent = true
      }
    if (wasSent) this.sent += 1
    else this.missed += 1
  }

  heartbeat(): void {
    for (const channel of this.#channels.values()) this.#say(channel, metadata('WebSocket Heartbeat'))
  }

  /** Resolves when every socket that may speak has read what was sent to it, or is gone: frames are read in order. */
  async read(): Promise<void> {
    if (this.isSilent) return
    await Promise.all(
      [...this.#channels.values()].map(async ({ socket }) => {
        if (socket?.readyState !== WebSocket.OPEN) return
        const read = new Promise<void>((resolve) => socket.once('pong', () => resolve()).once('close', () => resolve()))
        socket.ping()
        await read
      }),
    )
  }

  /** The sockets break off. */
  breakSockets(): void {
    for (const { socket } of this.#channels.values()) socket?.terminate()
  }

  /** Announces that the sockets will close. */
  announceClosing(): void {
    for (const channel of this.#channels.values())
      this.#say(
        channel,
        JSON.stringify({ topicName: 'v2.system.socket_closing', eventBody: { message: 'maintenance' } }),
      )
  }

  /** The channels expire, as after a day: their sockets close, and nothing can be subscribed any more. */
  expireChannels(): void {
    for (const { id, socket } of this.#channels.values()) {
      this.#channels.delete(id)
      socket?.close(1001)
    }
  }

  /** Sockets that are open. */
  get connected(): number {
    return [...this.#channels.values()].filter(({ socket }) => socket?.readyState === 1).length
  }

  isSubscribed(topic: string): boolean {
    return [...this.#channels.values()].some(({ topics, socket }) => topics.has(topic) && socket?.readyState === 1)
  }

  /** Resolves once it is so; asked at every change of a channel. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  close(): void {
    for (const { socket } of this.#channels.values()) socket?.terminate()
    this.#sockets.close()
  }

  #create({ clientId }: Asked, { url }: Site): Reply {
    const own = [...this.#channels.values()].filter((channel) => channel.clientId === clientId)
    if (own.length >= CHANNELS_MAX) {
      const [evicted] = own.sort(
        (a, b) => Number(a.socket !== undefined) - Number(b.socket !== undefined) || a.usedAt - b.usedAt,
      )
      evicted?.socket?.close(1000)
      this.#channels.delete(evicted?.id ?? '')
    }
    const now = this.#clock.now()
    const channel = {
      ...{ id: `streaming-${randomUUID()}`, clientId, expiresAt: now + DAY_MS, topics: new Set<string>() },
      ...{ socket: undefined, usedAt: now },
    }
    this.#channels.set(channel.id, channel)
    return {
      status: 200,
      body: {
        id: channel.id,
        connectUri: `${url.replace('http', 'ws')}/channels/${channel.id}`,
        expires: new Date(channel.expiresAt).toISOString(),
      },
    }
  }

  #subscribe(channel: StandInChannel, { json }: Asked, replaces: boolean): Reply {
    const wanted = (json as readonly Readonly<{ id: string }>[]).map(({ id }) => id)
    const topics = new Set(replaces ? wanted : [...channel.topics, ...wanted])
    if (topics.size > TOPICS_MAX) return refusal(400, 'too.many.topics', `A channel has at most ${TOPICS_MAX} topics`)
    const entities = wanted.map((id) =>
      id.includes('.forbidden.')
        ? { id, state: 'Rejected', rejectionReason: 'not permitted', missingPermissions: ['some:thing:view'] }
        : { id, state: 'Permitted' },
    )
    channel.topics = new Set([...topics].filter((topic) => !topic.includes('.forbidden.')))
    channel.usedAt = this.#clock.now()
    this.#changed()
    return { status: 200, body: { entities } }
  }

  #say({ socket }: StandInChannel, text: string): void {
    if (!this.isSilent && socket?.readyState === 1) socket.send(text)
  }

  #changed(): void {
    for (const watch of this.#watchers.splice(0)) watch()
  }
}

const metadata = (message: string): string =>
  JSON.stringify({ topicName: 'channel.metadata', eventBody: { message }, version: '2' })
