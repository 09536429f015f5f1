import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../../domain/interval.js'
import type { GenesysClient } from '../../genesys/client.js'
import { genesysFailureText, mayPass, type GenesysFailure } from '../../genesys/failure.js'
import { createChannel, replaceTopics, type Channel, type RejectedTopic } from '../../genesys/notifications/channels.js'
import { frameOf, type Frame } from '../../genesys/notifications/frames.js'
import { follow, type ChannelEvent, type Gap, type Liveness } from '../../genesys/notifications/liveness.js'
import type { Timing } from '../../genesys/timing.js'
import { backoffMs } from '../../log/backoff.js'
import { openSocket, type Socket } from './socket.js'

export type ChannelTimes = Readonly<{
  /** Silence after which the server is asked whether it lives. It says so every 30 s by itself. */
  pingAfterMs: number
  /** Silence after which the socket is given up. */
  deadAfterMs: number
  /** A socket is replaced by another one at this age; the platform ends it after a day. */
  renewAfterMs: number
  /** For how long the old socket is read beside the new one. */
  overlapMs: number
}>

export const channelTimes: ChannelTimes = {
  pingAfterMs: 40_000,
  deadAfterMs: 75_000,
  renewAfterMs: 23 * 3_600_000,
  overlapMs: 5_000,
}

export type ChannelOptions = Readonly<{
  client: GenesysClient
  timing: Timing
  times: ChannelTimes
  /** Since when everything was followed before; null: nothing was. */
  since: EpochMs | null
  topics: readonly string[]
  /** A frame for the log, with what it was read as. */
  onEvent: (bytes: Buffer, at: EpochMs, frame: Extract<Frame, { kind: 'event' }>) => void
  onGap: (gap: Gap, why: string) => void
  onRejected: (rejected: readonly RejectedTopic[]) => void
  /** Something is wrong (in words), or is not any more. */
  onTrouble: (reason: string | undefined) => void
}>

type Connected = Readonly<{ channel: Channel; socket: Socket; openedAt: EpochMs }>

/** Why a connection is to be replaced: `renew` while it still works. */
type Turn = 'renew' | 'lost'

const BACKOFF = { firstMs: 500, maxMs: 30_000 }
/** A connection that is lost sooner is not opened again at once. */
const SHORT_LIFE_MS = 10_000

/**
 * One channel of the notification service and its socket, kept alive: it is replaced before its day is over, and when
 * the server says that it will close, by another one that is subscribed before the old one is let go; and again when it
 * broke or kept silent beyond its heartbeats. Then what was sent between the last frame and the new subscription is a
 * gap.
 */
export class NotificationChannel {
  readonly #options: ChannelOptions
  #topics: readonly string[]
  #liveness: Liveness
  #connected: Connected | undefined
  #turn: ((turn: Turn) => void) | undefined
  #lostWhy = 'the process did not run'
  #isPaused = false
  #signal: AbortSignal | undefined
  /** One subscription after the other: the last one that is sent is the one that counts. */
  #subscribing: Promise<unknown> = Promise.resolve()

  constructor(options: ChannelOptions) {
    this.#options = options
    this.#topics = options.topics
    this.#liveness = { kind: 'waiting', since: options.since }
  }

  get liveness(): Liveness {
    return this.#liveness
  }

  /** Subscribes to exactly these topics from now on. */
  setTopics(topics: readonly string[], signal: AbortSignal): void {
    this.#topics = topics
    const connected = this.#connected
    if (connected === undefined) return
    void this.#subscribe(connected.channel, signal).then((subscribed) => {
      // The channel may have expired: another one takes its place.
      if (E.isLeft(subscribed) && this.#connected === connected && !signal.aborted) this.#turn?.('renew')
    })
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    if (isPaused) this.#connected?.socket.pause()
    else this.#connected?.socket.resume()
  }

  /** Keeps the channel alive until the signal aborts. Answers why, if it never will work. */
  async run(signal: AbortSignal): Promise<GenesysFailure | undefined> {
    const { timing, onTrouble } = this.#options
    this.#signal = signal
    const closeNow = (): void => this.#connected?.socket.close()
    signal.addEventListener('abort', closeNow)
    try {
      for (let attempt = 0; !signal.aborted;) {
        const opened = await this.#open(signal)
        if (E.isRight(opened)) {
          onTrouble(undefined)
          await this.#untilTurn(opened.right, signal)
          const isShort = timing.now() - opened.right.openedAt < SHORT_LIFE_MS
          if (!isShort || this.#connected !== undefined) {
            attempt = 0
            continue
          }
        } else {
          if (signal.aborted) break
          if (!mayPass(opened.left)) return opened.left
          onTrouble(genesysFailureText(opened.left))
        }
        await timing.sleep(backoffMs(BACKOFF, attempt, timing.random), signal)
        attempt += 1
      }
      return undefined
    } finally {
      signal.removeEventListener('abort', closeNow)
      this.#connected?.socket.close()
      this.#connected = undefined
    }
  }

  /** Opens a channel, its socket and its subscriptions, beside the connection that there may be. */
  async #open(signal: AbortSignal): Promise<E.Either<GenesysFailure, Connected>> {
    const { client, timing, times } = this.#options
    const channel = await createChannel(client, signal)
    if (E.isLeft(channel)) return channel
    const previous = this.#connected
    const opening: { connected?: Connected } = {}
    const isCurrent = (): boolean => opening.connected !== undefined && this.#connected === opening.connected
    let closedWhy: string | undefined
    let socket: Socket
    try {
      socket = await openSocket(channel.right.connectUri, {
        onFrame: (bytes) => this.#frame(bytes, isCurrent),
        onClosed: (reason) => {
          closedWhy = reason
          if (isCurrent()) this.#lost(reason)
        },
      })
    } catch (cause) {
      return E.left({ tag: 'NotAvailable', what: 'the notification socket', reason: (cause as Error).message })
    }
    const subscribed = await this.#subscribe(channel.right, signal)
    if (E.isLeft(subscribed) || closedWhy !== undefined || signal.aborted) {
      socket.terminate()
      return E.isLeft(subscribed)
        ? subscribed
        : E.left({ tag: 'NotAvailable', what: 'the notification socket', reason: closedWhy ?? 'stopped' })
    }
    const connected: Connected = { channel: channel.right, socket, openedAt: timing.now() }
    opening.connected = connected
    this.#connected = connected
    if (this.#isPaused) socket.pause()
    // The old socket may have fallen silent while this one was opened.
    const silentMs = this.#liveness.kind === 'live' ? timing.now() - this.#liveness.aliveAt : 0
    if (silentMs >= times.deadAfterMs) this.#follow({ kind: 'lost' })
    this.#follow({ kind: 'subscribed', at: timing.now() })
    if (previous !== undefined) void timing.sleep(times.overlapMs, signal).then(() => previous.socket.close())
    return E.right(connected)
  }

  async #subscribe(channel: Channel, signal: AbortSignal): Promise<E.Either<GenesysFailure, unknown>> {
    const subscribing = this.#subscribing.then(async () => {
      const topics = this.#topics
      const subscribed = await replaceTopics(this.#options.client, channel, topics, signal)
      if (E.isRight(subscribed) && subscribed.right.length > 0) this.#options.onRejected(subscribed.right)
      // Topics may have been added while the request was under way.
      return E.isRight(subscribed) && topics !== this.#topics
        ? replaceTopics(this.#options.client, channel, this.#topics, signal)
        : subscribed
    })
    this.#subscribing = subscribing
    return subscribing
  }

  /** Resolves when the connection is to be replaced. */
  async #untilTurn(connected: Connected, signal: AbortSignal): Promise<void> {
    const { timing, times } = this.#options
    const turned = new AbortController()
    const until = AbortSignal.any([signal, turned.signal])
    this.#turn = () => turned.abort()
    if (this.#connected !== connected) turned.abort()
    while (!until.aborted) {
      const now = timing.now()
      const aliveAt = this.#liveness.kind === 'live' ? this.#liveness.aliveAt : now
      const silentMs = this.#isPaused ? 0 : now - aliveAt
      if (silentMs >= times.deadAfterMs) {
        connected.socket.terminate()
        this.#lost(`no frame for ${Math.round(silentMs / 1_000)} s`)
        break
      }
      if (now - connected.openedAt >= times.renewAfterMs) break
      if (silentMs >= times.pingAfterMs) connected.socket.ping()
      const nextLook = silentMs >= times.pingAfterMs ? times.deadAfterMs : times.pingAfterMs
      const leftMs = Math.min(nextLook - silentMs, times.renewAfterMs - (now - connected.openedAt))
      await timing.sleep(Math.max(1, leftMs), until)
    }
    this.#turn = undefined
  }

  #frame(bytes: Buffer, isCurrent: () => boolean): void {
    const at = this.#options.timing.now()
    const frame = frameOf(bytes.toString('utf8'))
    switch (frame.kind) {
      case 'event':
        this.#options.onEvent(bytes, at, frame)
        break
      case 'alive':
        break
      case 'closing':
        if (isCurrent()) this.#turn?.('renew')
        break
      case 'ended':
        if (isCurrent()) this.#lost(frame.reason)
        return
    }
    if (isCurrent()) this.#follow({ kind: 'frame', at })
  }

  #lost(why: string): void {
    this.#lostWhy = why
    this.#follow({ kind: 'lost' })
    const { socket } = this.#connected ?? {}
    this.#connected = undefined
    socket?.close()
    if (this.#signal?.aborted !== true) this.#options.onTrouble(`the notification socket was lost: ${why}`)
    this.#turn?.('lost')
  }

  #follow(event: ChannelEvent): void {
    const { state, gap } = follow(this.#liveness, event)
    this.#liveness = state
    if (gap !== undefined) this.#options.onGap(gap, this.#lostWhy)
  }
}
