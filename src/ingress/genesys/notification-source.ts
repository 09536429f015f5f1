import { setMaxListeners } from 'node:events'
import type { EpochMs } from '../../domain/interval.js'
import type { GenesysClient } from '../../genesys/client.js'
import { genesysFailureText, type GenesysFailure } from '../../genesys/failure.js'
import { liveThrough, type Gap } from '../../genesys/notifications/liveness.js'
import {
  assignTopics,
  placeholderOf,
  standingTopics,
  topicsOf,
  TOPICS_OF_A_CHANNEL_MAX,
  type KnownIds,
} from '../../genesys/notifications/topics.js'
import { machineTiming, type Timing } from '../../genesys/timing.js'
import { SourceRefused, type RunningSource, type Source, type SourceEnd, type SourceHealth } from '../source.js'
import { channelTimes, NotificationChannel, type ChannelTimes } from './channel.js'
import { FollowedConversations } from './followed-conversations.js'
import { Outbox } from './outbox.js'

/** What outlives the process: through when everything was followed, and the gaps. */
export type LiveRecord = Readonly<{
  /** Through when everything came and was stored, as far as it was noted; null: nothing was followed before. */
  lastLive: () => Promise<EpochMs | null>
  noteLive: (through: EpochMs) => Promise<void>
  noteGap: (gap: Gap, why: string) => Promise<void>
}>

export type NotificationSourceOptions = Readonly<{
  name: string
  client: GenesysClient
  /** Templates of topic names. */
  topics: readonly string[]
  ids: () => Promise<KnownIds>
  record: LiveRecord
  channelsMax: number
  /** How often queues and users are looked up again. */
  refreshMs: number
  /** How often it is noted through when everything came: so much more is a gap after a crash. */
  noteLiveEveryMs: number
  /** A conversation of which nothing was heard for so long is followed no more. */
  forgetConversationAfterMs: number
  times?: Partial<ChannelTimes>
  timing?: Timing
  onWarning: (what: string, about?: Readonly<Record<string, unknown>>) => void
  onInfo: (what: string, about?: Readonly<Record<string, unknown>>) => void
}>

const WAITING_MAX = 20_000
/** New conversations are gathered for so long before they are subscribed to: each time is a request. */
const GATHER_MS = 250

/**
 * The notification socket of Genesys Cloud as a source. It subscribes to topics on as many channels as they need, keeps
 * the channels alive, delivers every event byte for byte, and says of which time it may have missed something. What the
 * log does not take waits, and when too much waits the sockets are not read.
 */
export const notificationSource = (options: NotificationSourceOptions): Source => ({
  name: options.name,
  start: async (deliver) => {
    const following = new Following(options, deliver)
    await following.begin()
    return following
  },
})

class Following implements RunningSource {
  readonly ended: Promise<SourceEnd>
  readonly #options: NotificationSourceOptions
  readonly #timing: Timing
  readonly #stopped = new AbortController()
  readonly #outbox: Outbox
  readonly #conversations: FollowedConversations
  readonly #followedTemplates: readonly string[]
  #end!: (end: SourceEnd) => void
  #channels: NotificationChannel[] = []
  #assigned: readonly (readonly string[])[] = []
  #standing: readonly string[] = []
  #running: Promise<void>[] = []
  #gathering = false
  #left = 0
  #since: EpochMs | null = null
  #isFull = false
  #state: Pick<SourceHealth, 'state' | 'since'>
  readonly #troubles = new Map<NotificationChannel, string>()
  #rejected: string | undefined

  constructor(options: NotificationSourceOptions, deliver: Parameters<Source['start']>[0]) {
    this.#options = options
    this.#timing = options.timing ?? machineTiming
    // Each channel, sleep and request listens to it.
    setMaxListeners(0, this.#stopped.signal)
    this.#state = { state: 'connecting', since: this.#timing.now() }
    this.ended = new Promise((resolve) => (this.#end = resolve))
    this.#conversations = new FollowedConversations(options.forgetConversationAfterMs)
    this.#followedTemplates = options.topics.filter((template) => placeholderOf(template) === 'conversation')
    this.#outbox = new Outbox({
      deliver,
      origin: `genesys:${options.name}`,
      timing: this.#timing,
      waitingMax: WAITING_MAX,
      onFull: (isFull) => {
        this.#isFull = isFull
        for (const channel of this.#channels) channel.pause(isFull)
      },
      onRefused: (cause) => this.#fail(cause),
    })
  }

  async begin(): Promise<void> {
    this.#since = await this.#options.record.lastLive()
    await this.#lookUp()
    this.#running.push(this.#noteLive(), this.#refresh())
  }

  readonly health = (): SourceHealth => {
    const isLive = this.#channels.length > 0 && this.#channels.every(({ liveness }) => liveness.kind === 'live')
    const state = !isLive ? 'connecting' : this.#isFull ? 'paused' : 'connected'
    if (state !== this.#state.state) this.#state = { state, since: this.#timing.now() }
    const [trouble] = this.#troubles.values()
    const problem = trouble ?? this.#rejected
    return {
      ...this.#state,
      lag: { events: this.#outbox.waiting },
      ...(problem === undefined ? {} : { problem }),
    }
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#running)
    await this.#outbox.close()
    await this.#noteLiveNow()
    this.#end({ kind: 'closed' })
  }

  /** Looks up queues and users, and subscribes to what is new. */
  async #lookUp(): Promise<void> {
    this.#standing = standingTopics(this.#options.topics, await this.#options.ids())
    if (this.#standing.length === 0)
      this.#options.onWarning('no queue or user is known yet, so there is nothing to subscribe to; see genesys sync')
    this.#assign()
  }

  #assign(): void {
    // What the first channels follow was followed before the process began; later ones follow what is new.
    const since = this.#channels.length === 0 ? this.#since : null
    const followed = this.#followedTemplates.flatMap((template) => topicsOf(template, this.#conversations.ids))
    const before = this.#assigned
    const { channels, left } = assignTopics([...this.#standing, ...followed], before, {
      perChannel: TOPICS_OF_A_CHANNEL_MAX,
      channelsMax: this.#options.channelsMax,
    })
    this.#assigned = channels
    for (const [index, topics] of channels.entries()) {
      const channel = this.#channels[index]
      if (channel === undefined) this.#open(topics, since)
      else if (!sameTopics(topics, before[index] ?? [])) channel.setTopics(topics, this.#stopped.signal)
    }
    if (left.length > this.#left)
      this.#options.onWarning('topics do not fit on the channels that this source may have; their events do not come', {
        topics: left.length,
        first: left[0],
        channelsMax: this.#options.channelsMax,
      })
    this.#left = left.length
  }

  #open(topics: readonly string[], since: EpochMs | null): void {
    const { client, times, onWarning, onInfo } = this.#options
    const channel = new NotificationChannel({
      ...{ client, timing: this.#timing, times: { ...channelTimes, ...times }, since, topics },
      onEvent: (bytes, at, { topicName, entityId }) => {
        this.#outbox.put(bytes, at)
        if (this.#followedTemplates.length > 0 && this.#conversations.see(topicName, entityId, at)) this.#gather()
      },
      onGap: (gap, why) => {
        onWarning('events may have been missed', { ...spanOf(gap), why })
        this.#unnoted.push({ gap, why })
        void this.#noteGaps()
      },
      onRejected: (rejected) => {
        const [first] = rejected
        if (first === undefined) return
        this.#rejected = `${rejected.length} topics are not given to this client, ${first.topic}: ${first.reason}`
        onWarning('topics are not given to this client', { topics: rejected.length, ...first })
      },
      onTrouble: (reason) => {
        if (reason === undefined) {
          if (this.#troubles.delete(channel)) onInfo('the notification socket is back', { topics: topics.length })
        } else {
          if (!this.#troubles.has(channel)) onWarning(reason)
          this.#troubles.set(channel, reason)
        }
      },
    })
    this.#channels.push(channel)
    this.#running.push(
      channel.run(this.#stopped.signal).then(
        (failure) => (failure === undefined ? undefined : this.#fail(refusedBy(failure))),
        (cause: unknown) => this.#fail(cause),
      ),
    )
  }

  /** Subscribes to conversations that came up, a little later: several come at once. */
  #gather(): void {
    if (this.#gathering) return
    this.#gathering = true
    void this.#timing.sleep(GATHER_MS, this.#stopped.signal).then(() => {
      this.#gathering = false
      if (!this.#stopped.signal.aborted) this.#assign()
    })
  }

  async #refresh(): Promise<void> {
    const { signal } = this.#stopped
    for (;;) {
      await this.#timing.sleep(this.#options.refreshMs, signal)
      if (signal.aborted) return
      this.#conversations.forget(this.#timing.now())
      await this.#lookUp().catch((cause: unknown) =>
        this.#options.onWarning('queues and users could not be looked up', { reason: (cause as Error).message }),
      )
    }
  }

  async #noteLive(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await this.#timing.sleep(this.#options.noteLiveEveryMs, signal)
      if (!signal.aborted) await this.#noteLiveNow()
    }
  }

  #noted: EpochMs | null = null
  #unnoted: Readonly<{ gap: Gap; why: string }>[] = []
  #noting: Promise<void> = Promise.resolve()

  /** What is behind a gap may be called live only when the gap is noted, or a crash in between would lose it. */
  async #noteLiveNow(): Promise<void> {
    await this.#noteGaps()
    const through = this.#liveThrough()
    if (this.#unnoted.length > 0 || through === null || (this.#noted !== null && through <= this.#noted)) return
    this.#noted = through
    await this.#options.record
      .noteLive(through)
      .catch((cause: unknown) => this.#notNoted('it could not be noted through when events came', cause))
  }

  #noteGaps(): Promise<void> {
    this.#noting = this.#noting.then(async () => {
      for (let next = this.#unnoted[0]; next !== undefined; next = this.#unnoted[0]) {
        try {
          await this.#options.record.noteGap(next.gap, next.why)
          this.#unnoted.shift()
        } catch (cause) {
          return this.#notNoted('a gap could not be noted yet', cause)
        }
      }
    })
    return this.#noting
  }

  #notNoted(what: string, cause: unknown): void {
    this.#options.onWarning(what, { reason: (cause as Error).message })
  }

  /** Through when every event of every channel came and is stored. */
  #liveThrough(): EpochMs | null {
    const { unstoredSince } = this.#outbox
    let through: EpochMs | null = null
    for (const { liveness } of this.#channels) {
      const ofChannel = liveThrough(liveness)
      // A channel that was opened for what is new has nothing to catch up with.
      if (ofChannel !== null) through = through === null ? ofChannel : Math.min(through, ofChannel)
    }
    return through === null || unstoredSince === null ? through : Math.min(through, unstoredSince - 1)
  }

  #fail(cause: unknown): void {
    if (this.#stopped.signal.aborted) return
    this.#stopped.abort()
    this.#end({ kind: 'failed', cause })
  }
}

const spanOf = ({ from, to }: Gap) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })

const sameTopics = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((topic, index) => topic === b[index])

const refusedBy = (failure: GenesysFailure): SourceRefused =>
  new SourceRefused(`the notification service: ${genesysFailureText(failure)}`, { cause: failure })
