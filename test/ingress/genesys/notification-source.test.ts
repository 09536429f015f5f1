import { afterEach, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { genesysClient, type GenesysClient } from '../../../src/genesys/client.js'
import { DAY_MS } from '../../../src/domain/interval.js'
import type { Gap } from '../../../src/genesys/notifications/liveness.js'
import { channelTimes } from '../../../src/ingress/genesys/channel.js'
import { notificationSource, type NotificationSourceOptions } from '../../../src/ingress/genesys/notification-source.js'
import { NotIngested } from '../../../src/ingress/not-ingested.js'
import { emptyReceipt } from '../../../src/ingress/receipt.js'
import { SourceRefused, type Deliver, type RunningSource } from '../../../src/ingress/source.js'
import { TestClock } from '../../support/genesys/clock.js'
import { StandInNotifications } from '../../support/genesys/notifications.js'
import { CLIENT } from '../../support/genesys/organisation.js'
import { standInGenesys, type StandIn } from '../../support/genesys/server.js'

const START = Date.parse('2026-03-02T08:00:00Z')
const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

type Rig = Readonly<{
  clock: TestClock
  platform: StandIn
  notifications: StandInNotifications
  client: GenesysClient
  delivered: string[]
  gaps: Gap[]
  notedLive: number[]
  warnings: string[]
  running: RunningSource
  /** Resolves once so many events were stored. */
  stored: (count: number) => Promise<void>
  gapNoted: (count: number) => Promise<void>
}>

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

const rig = async ({
  lastLive = null,
  users = ['u1'],
  deliver,
  ...more
}: Partial<NotificationSourceOptions> &
  Readonly<{ lastLive?: number | null; users?: readonly string[]; deliver?: Deliver }> = {}): Promise<Rig> => {
  const clock = new TestClock(START)
  const notifications = new StandInNotifications(clock)
  const platform = await standInGenesys({ clock, routes: notifications.routes })
  notifications.attach(platform.server)
  const hosts = { api: platform.url, login: platform.url }
  const client = genesysClient({
    hosts,
    clientId: CLIENT.id,
    clientSecret: Secret.literal(CLIENT.secret),
    timing: clock,
  })
  const [delivered, gaps, notedLive, warnings]: [string[], Gap[], number[], string[]] = [[], [], [], []]
  const source = notificationSource({
    name: 'live',
    client,
    topics: ['v2.users.{user}.presence'],
    ids: async () => ({ queues: ['q1'], users }),
    record: {
      lastLive: async () => lastLive,
      noteLive: async (through) => void notedLive.push(through),
      noteGap: async (gap) => void gaps.push(gap),
    },
    channelsMax: 10,
    refreshMs: 600_000,
    noteLiveEveryMs: 30_000,
    forgetConversationAfterMs: 3_600_000,
    timing: clock,
    onWarning: (what) => void warnings.push(what),
    onInfo: () => undefined,
    ...more,
  })
  const running = await source.start(
    deliver ??
      (async ({ raws }) => {
        delivered.push(...raws.map((raw) => Buffer.from(raw).toString('utf8')))
        return { ...emptyReceipt, stored: raws.length }
      }),
  )
  open.push(
    () => platform.close(),
    async () => notifications.close(),
    () => client.close(),
    () => running.close(),
  )
  return {
    ...{ clock, platform, notifications, client, delivered, gaps, notedLive, warnings, running },
    stored: (count) => until(() => delivered.length >= count),
    gapNoted: (count) => until(() => gaps.length >= count),
  }
}

const connected = ({ running }: Rig): Promise<void> => until(() => running.health?.().state === 'connected')
const lost = ({ running }: Rig): Promise<void> => until(() => running.health?.().state !== 'connected')

const presence = (user: string, number: number): Readonly<{ topic: string; line: string }> => {
  const topic = `v2.users.${user}.presence`
  return { topic, line: `{ "topicName":"${topic}", "eventBody":{"n":${number}.0, "é":"\\u00e9"} }` }
}

const publish = ({ notifications }: Rig, number: number, user = 'u1'): string => {
  const { topic, line } = presence(user, number)
  notifications.publish(topic, line)
  return line
}

describe('the notification socket as a source', () => {
  test('delivers each event of its topics byte for byte, and nothing of the channel itself', async () => {
    const it = await rig()
    await connected(it)
    it.notifications.heartbeat()
    const lines = [1, 2, 3].map((number) => publish(it, number))
    publish(it, 4, 'another')
    await it.stored(3)
    await it.running.close()
    expect(it.delivered).toEqual(lines)
    expect(it.gaps).toEqual([])
    expect((await it.running.ended).kind).toBe('closed')
  })

  test('takes silence with heartbeats for silence', async () => {
    const it = await rig()
    await connected(it)
    for (let minute = 0; minute < 30; minute++) {
      it.clock.advance(30_000)
      const line = publish(it, minute)
      it.notifications.heartbeat()
      await until(() => it.delivered.at(-1) === line)
    }
    expect(it.notifications.opened).toBe(1)
    expect(it.gaps).toEqual([])
    expect(it.notedLive.at(-1)).toBeGreaterThan(START + 14 * 60_000)
  })

  test('takes silence beyond the heartbeats for a dead socket: the gap is from the last frame to the new subscription', async () => {
    const it = await rig()
    await connected(it)
    it.clock.advance(30_000)
    publish(it, 1)
    await it.stored(1)
    it.notifications.isSilent = true
    it.clock.advance(80_000)
    await until(() => it.notifications.opened === 2)
    it.notifications.isSilent = false
    await it.gapNoted(1)
    expect(it.gaps).toEqual([{ from: START + 30_000, to: it.clock.now() }])
    publish(it, 2)
    await it.stored(2)
  })

  test('asks a silent server whether it lives before it gives it up', async () => {
    const it = await rig()
    await connected(it)
    it.clock.advance(45_000)
    // The answer to the ping came at 45 s: 75 s of silence are over at 120 s.
    await until(() => it.clock.isAwaited)
    await new Promise((resolve) => setTimeout(resolve, 50))
    it.clock.advance(40_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(it.notifications.opened).toBe(1)
    expect(it.gaps).toEqual([])
  })

  test('comes back after a break, and says of which time it may have missed something', async () => {
    const it = await rig()
    await connected(it)
    it.clock.advance(10_000)
    publish(it, 1)
    await it.stored(1)
    it.notifications.isDown = true
    it.notifications.breakSockets()
    await lost(it)
    it.clock.advance(20_000)
    publish(it, 2)
    expect(it.notifications.missed).toBe(1)
    it.notifications.isDown = false
    while (it.gaps.length === 0) {
      it.clock.advance(5_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const [gap] = it.gaps
    expect(gap?.from).toBe(START + 10_000)
    expect(gap?.to).toBeGreaterThanOrEqual(START + 30_000)
    await connected(it)
    const last = publish(it, 3)
    await it.stored(2)
    expect(it.delivered.at(-1)).toBe(last)
  })

  test('replaces a socket before its day is over without a gap, and reads both meanwhile', async () => {
    expect(channelTimes.renewAfterMs + channelTimes.overlapMs).toBeLessThan(DAY_MS)
    const it = await rig({ times: { renewAfterMs: 20 * 60_000 } })
    await connected(it)
    for (let minute = 0; minute < 25; minute++) {
      it.clock.advance(60_000)
      it.notifications.heartbeat()
      const line = publish(it, minute)
      await until(() => it.delivered.includes(line))
    }
    await until(() => it.notifications.opened === 2)
    expect(it.notifications.missed).toBe(0)
    expect(it.gaps).toEqual([])
  })

  test('moves to another socket without a gap when the server says that it closes', async () => {
    const it = await rig()
    await connected(it)
    it.notifications.announceClosing()
    await it.notifications.until(
      () => it.notifications.opened === 2 && it.notifications.isSubscribed('v2.users.u1.presence'),
    )
    publish(it, 1)
    await it.stored(1)
    expect(it.gaps).toEqual([])
  })

  test('says that the time for which the process did not run is a gap', async () => {
    const it = await rig({ lastLive: START - 3_600_000 })
    await it.gapNoted(1)
    expect(it.gaps).toEqual([{ from: START - 3_600_000, to: START }])
  })

  test('follows the conversations that its queues name, from then on', async () => {
    const it = await rig({
      topics: ['v2.routing.queues.{queue}.conversations', 'v2.analytics.conversation.{conversation}.metrics'],
    })
    await connected(it)
    const topic = 'v2.analytics.conversation.c1.metrics'
    it.notifications.publish(
      'v2.routing.queues.q1.conversations',
      '{"topicName":"v2.routing.queues.q1.conversations","eventBody":{"id":"c1"}}',
    )
    await it.stored(1)
    await until(() => it.clock.isAwaited)
    it.clock.advance(300)
    await it.notifications.until(() => it.notifications.isSubscribed(topic))
    it.notifications.publish(topic, `{"topicName":"${topic}","eventBody":{}}`)
    await it.stored(2)
    expect(it.gaps).toEqual([])
  })

  test('holds what the log does not take, stores it in order, and does not call it live before', async () => {
    const stored: string[] = []
    let isAway = true
    const it = await rig({
      deliver: async ({ raws }) => {
        if (isAway) throw new NotIngested({ tag: 'NotAvailable', cause: new Error('the disk is full') })
        stored.push(...raws.map((raw) => Buffer.from(raw).toString('utf8')))
        return { ...emptyReceipt, stored: raws.length }
      },
    })
    await connected(it)
    const lines = [publish(it, 1)]
    await until(() => (it.running.health?.().lag?.events ?? 0) === 1)
    it.clock.advance(30_000)
    lines.push(publish(it, 2))
    await until(() => it.notedLive.length > 0)
    expect(it.notedLive.every((through) => through < START)).toBe(true)
    isAway = false
    while (stored.length < 2) {
      it.clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(stored).toEqual(lines)
  })

  test('puts a thousand topics on a channel and opens as many as are needed', async () => {
    const users = Array.from({ length: 2_500 }, (_, index) => `user-${index}`)
    const it = await rig({ users })
    await connected(it)
    expect(it.notifications.connected).toBe(3)
    expect(users.every((user) => it.notifications.isSubscribed(`v2.users.${user}.presence`))).toBe(true)
  })

  test('names the topics that do not fit, and those that the client is not given', async () => {
    const users = Array.from({ length: 2_001 }, (_, index) => `user-${index}`)
    const it = await rig({ users, channelsMax: 2 })
    await connected(it)
    expect(it.warnings).toContain(
      'topics do not fit on the channels that this source may have; their events do not come',
    )
    const other = await rig({ topics: ['v2.users.{user}.forbidden.x', 'v2.users.{user}.presence'] })
    await connected(other)
    expect(other.running.health?.().problem).toMatch(
      /v2\.users\.u1\.forbidden\.x: not permitted: missing some:thing:view/,
    )
  })

  test('begins on another channel when the platform forgot its own', async () => {
    const it = await rig()
    await connected(it)
    it.notifications.expireChannels()
    await lost(it)
    while (it.running.health?.().state !== 'connected') {
      it.clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    publish(it, 1)
    await it.stored(1)
  })

  test('ends where the client is refused, and says which setting to mend', async () => {
    const it = await rig()
    await connected(it)
    it.platform.organisation.clients.clear()
    it.platform.tokens.revokeAll()
    it.notifications.breakSockets()
    await lost(it)
    let end: Awaited<RunningSource['ended']> | undefined
    void it.running.ended.then((ended) => (end = ended))
    while (end === undefined) {
      it.clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(end.kind === 'failed' && end.cause).toBeInstanceOf(SourceRefused)
    expect(end.kind === 'failed' && String(end.cause)).toMatch(/genesys\.clientId, genesys\.clientSecret/)
  })
})
