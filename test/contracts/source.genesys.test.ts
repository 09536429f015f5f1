import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/credentials/secret.js'
import { genesysClient } from '../../src/genesys/client.js'
import type { Gap } from '../../src/genesys/notifications/liveness.js'
import { notificationSource } from '../../src/ingress/genesys/notification-source.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { emptyReceipt } from '../../src/ingress/receipt.js'
import type { Deliver, RunningSource, Source } from '../../src/ingress/source.js'
import { sampleEvents } from '../../src/plugin/sample-events.js'
import { TestClock } from '../support/genesys/clock.js'
import { StandInNotifications } from '../support/genesys/notifications.js'
import { CLIENT } from '../support/genesys/organisation.js'
import { standInGenesys } from '../support/genesys/server.js'
import { sourceContract, type SourceRig } from './source.contract.js'

const START = Date.parse('2026-03-02T08:00:00Z')
const TOPIC = 'v2.users.u1.presence'
const NOTE_EVERY_MS = 1_000

/** Resolves when it is so. What happens between two looks comes from sockets. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** The socket of a stand-in as a source, and what the source notes for its next start. */
const rig = async () => {
  const clock = new TestClock(START)
  const notifications = new StandInNotifications(clock)
  const platform = await standInGenesys({ clock, routes: notifications.routes })
  notifications.attach(platform.server)
  const client = genesysClient({
    ...{ hosts: { api: platform.url, login: platform.url }, clientId: CLIENT.id, timing: clock },
    clientSecret: Secret.literal(CLIENT.secret),
  })
  onTestFinished(async () => {
    notifications.close()
    await client.close()
    await platform.close()
  })
  const gaps: Gap[] = []
  let live: number | null = null
  const source: Source = notificationSource({
    ...{ name: 'socket', client, topics: ['v2.users.{user}.presence'], channelsMax: 1, timing: clock },
    ids: async () => ({ queues: [], users: ['u1'] }),
    record: {
      lastLive: async () => live,
      noteLive: async (through) => void (live = through),
      noteGap: async (gap) => void gaps.push(gap),
    },
    ...{ refreshMs: 3_600_000, noteLiveEveryMs: NOTE_EVERY_MS, forgetConversationAfterMs: 3_600_000 },
    ...{ onWarning: () => undefined, onInfo: () => undefined },
  })
  return {
    ...{ clock, notifications, source, gaps },
    /** Whether what came at that instant would be in no gap of the next start. */
    isNoted: (at: number): boolean => live !== null && live >= at,
    /** The channel lives on, and the source looks what it can note. */
    beat: async (): Promise<void> => {
      clock.advance(NOTE_EVERY_MS)
      notifications.heartbeat()
      await new Promise((resolve) => setTimeout(resolve, 2))
    },
    /** Starts the source. Resolves once it follows the topic. */
    follow: async (deliver: Deliver): Promise<RunningSource> => {
      const running = await source.start(deliver)
      onTestFinished(() => running.close())
      await until(() => running.health?.().state === 'connected')
      return running
    },
  }
}

/**
 * A socket takes no acknowledgement. In place of one the source notes through when all that came is stored: what came
 * later is in a gap at the next start, and is fetched then.
 */
sourceContract('the notification socket of Genesys', async (): Promise<SourceRig> => {
  const { clock, notifications, source, follow, isNoted, beat } = await rig()
  return {
    source,
    begin: async (raws, deliver) => {
      let taken = 0
      const running = await follow(async (batch) => {
        const receipt = await deliver(batch)
        taken += batch.raws.length
        return receipt
      })
      let isOver = false
      void running.ended.then(() => (isOver = true))
      clock.advance(NOTE_EVERY_MS)
      const sentAt = clock.now()
      for (const raw of raws) notifications.publish(TOPIC, raw.toString('utf8'))
      await until(() => taken + (running.health?.().lag?.events ?? 0) === raws.length)
      for (let beats = 0; beats < 5; beats++) await beat()
      const acknowledged = (async () => {
        while (!isOver && !isNoted(sentAt)) await beat()
        return isNoted(sentAt) ? raws.length : 0
      })()
      return { running, acknowledged }
    },
  }
})

const stored: Deliver = async ({ raws }) => ({ ...emptyReceipt, stored: raws.length })

const diskFull = new NotIngested({ tag: 'NotAvailable', cause: new Error('the disk is full') })

test.each([
  ['refused for ever', new Error('the log is closed'), 'failed'],
  ['did not take before the source was closed', diskFull, 'closed'],
])('events that the log %s are in a gap of the next start', async (_, cause, end) => {
  const { clock, notifications, gaps, follow, isNoted, beat } = await rig()
  let refused = 0
  const running = await follow(async (batch) => {
    if (refused === 0 && batch.raws.length === 1 && Buffer.from(batch.raws[0] ?? '').includes('record-0'))
      return stored(batch)
    refused += 1
    throw cause
  })
  const [first, second] = sampleEvents(2).map(String)
  clock.advance(NOTE_EVERY_MS)
  const firstAt = clock.now()
  notifications.publish(TOPIC, first ?? '')
  while (!isNoted(firstAt)) await beat()
  clock.advance(10 * NOTE_EVERY_MS)
  const secondAt = clock.now()
  notifications.publish(TOPIC, second ?? '')
  await until(() => refused > 0)
  for (let beats = 0; beats < 5; beats++) await beat()
  await running.close()
  expect((await running.ended).kind).toBe(end)
  expect(isNoted(secondAt)).toBe(false)

  clock.advance(60_000)
  const next = await follow(stored)
  await until(() => gaps.length > 0)
  expect(gaps).toEqual([{ from: expect.any(Number) as number, to: clock.now() }])
  expect(gaps[0]?.from).toBeGreaterThanOrEqual(firstAt)
  expect(gaps[0]?.from).toBeLessThan(secondAt)
  await next.close()
})

test('a source that was closed when all was stored has a gap only from then on', async () => {
  const { clock, notifications, gaps, follow } = await rig()
  let received = 0
  const running = await follow(async (batch) => {
    received += batch.raws.length
    return stored(batch)
  })
  clock.advance(NOTE_EVERY_MS)
  const sentAt = clock.now()
  notifications.publish(TOPIC, String(sampleEvents(1)[0]))
  await until(() => received === 1)
  await running.close()
  clock.advance(60_000)
  await follow(stored)
  await until(() => gaps.length > 0)
  expect(gaps).toEqual([{ from: sentAt, to: clock.now() }])
})
