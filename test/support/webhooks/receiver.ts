import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'

/** An event of a message: what a receiver reads of the body. */
export type WebhookEvent = Readonly<{
  id: string
  type: string
  timestamp?: string
  replay?: true
  data: Readonly<Record<string, unknown>> & Readonly<{ key: string; revision: number; generation: string }>
}>

/** A request that was verified. `id` is its `webhook-id`. */
export type Received = Readonly<{
  id: string
  body: string
  events: readonly WebhookEvent[]
  headers: IncomingMessage['headers']
}>

/**
 * What the receiver does in place of accepting: an answer; `drop`: the socket ends without the message being taken;
 * `lose`: the message is taken and the socket ends before the answer; `hang`: no answer ever.
 */
export type Fault =
  'drop' | 'lose' | 'hang' | Readonly<{ status: number; headers?: Record<string, string>; body?: string }>

export type ReceiverOptions = Readonly<{
  /** Default: one that is made up. */
  secret?: string
  /** Certificate, key and authorities of clients, as PEM: then it speaks https. */
  tls?: ServerOptions
  /** Port to listen at. Default: any. */
  port?: number
}>

/**
 * A stand-in for a receiver of webhooks, which verifies as any receiver does: with the library of the specification
 * (https://www.standardwebhooks.com). It misbehaves on command.
 */
export class Receiver {
  readonly secret: string
  /** Messages that were taken, in their order; a message may be taken more than once. */
  readonly taken: Received[] = []
  /** All requests that were verified, taken or not. */
  readonly attempts: Received[] = []
  /** Why requests were not verified. */
  readonly unverified: string[] = []
  /** Entities (family and queue, agent, …) of which two messages were under way at the same time. */
  readonly overlaps: string[] = []
  /** The most messages that were under way at the same time. */
  atOnceMax = 0
  /** Decides about a message before the faults that were ordered; `undefined`: it is taken. */
  judge: (message: Received) => Fault | undefined = () => undefined
  /** How long it thinks about each message. */
  thinksMs = 0
  private readonly server
  private readonly isTls: boolean
  private faults: Fault[] = []
  private readonly underWay = new Map<string, number>()
  private count = 0
  private waiting: (() => void)[] = []

  constructor({ secret, tls }: ReceiverOptions = {}) {
    this.secret = secret ?? `whsec_${randomBytes(32).toString('base64')}`
    this.isTls = tls !== undefined
    const listener: RequestListener = (request, response) => void this.handle(request, response)
    this.server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener)
  }

  static async start(options: ReceiverOptions = {}): Promise<Receiver> {
    const receiver = new Receiver(options)
    receiver.server.listen(options.port ?? 0, '127.0.0.1')
    await once(receiver.server, 'listening')
    return receiver
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.isTls ? 'https' : 'http'}://127.0.0.1:${this.port}/hooks`
  }

  /** What becomes of the next messages, one each. */
  misbehave(...faults: readonly Fault[]): void {
    this.faults.push(...faults)
  }

  /** Resolves once so many messages were taken. */
  async took(messages: number): Promise<void> {
    while (this.taken.length < messages)
      await new Promise<void>((resolve) => (this.waiting = [...this.waiting, resolve]))
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    if (!this.server.listening) return
    this.server.close()
    await once(this.server, 'close')
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return
    const message = this.verified(request, body)
    if (message === undefined) return void response.writeHead(401).end('the signature does not match')
    this.attempts.push(message)
    const entities = new Set(message.events.map(entityOf))
    this.begin(entities)
    try {
      if (this.thinksMs > 0) await new Promise((resolve) => setTimeout(resolve, this.thinksMs))
      this.answer(message, this.judge(message) ?? this.faults.shift(), response)
    } finally {
      for (const entity of entities) this.underWay.set(entity, (this.underWay.get(entity) ?? 1) - 1)
      this.count -= 1
    }
  }

  private verified(request: IncomingMessage, body: string): Received | undefined {
    try {
      const headers = request.headers as Record<string, string>
      const payload = new Webhook(this.secret).verify(body, headers) as WebhookEvent & { data: readonly WebhookEvent[] }
      const events = Array.isArray(payload.data) ? payload.data : [payload as WebhookEvent]
      return { id: headers['webhook-id'] ?? '', body, events, headers: request.headers }
    } catch (cause) {
      this.unverified.push(String(cause))
      return undefined
    }
  }

  private begin(entities: ReadonlySet<string>): void {
    this.count += 1
    this.atOnceMax = Math.max(this.atOnceMax, this.count)
    for (const entity of entities) {
      const others = this.underWay.get(entity) ?? 0
      if (others > 0) this.overlaps.push(entity)
      this.underWay.set(entity, others + 1)
    }
  }

  private answer(message: Received, fault: Fault | undefined, response: ServerResponse): void {
    if (fault === undefined || fault === 'lose') {
      this.taken.push(message)
      for (const wake of this.waiting.splice(0)) wake()
    }
    if (fault === undefined) response.writeHead(204).end()
    else if (fault === 'drop' || fault === 'lose') response.destroy()
    else if (fault !== 'hang') response.writeHead(fault.status, fault.headers).end(fault.body)
  }
}

/** The first two parts of a row key: family, and queue or agent. */
const entityOf = ({ data, id }: WebhookEvent): string => (data.key ?? id).split('/').slice(0, 2).join('/')
