import { describe, expect, test, vi } from 'vitest'
import { LogUnavailable } from '../../../src/log/event-log.js'
import type { EventLog, Live } from '../../../src/log/event-log.js'
import type { SubscriptionReport } from '../../../src/log/eventstoredb/read/subscription-health.js'
import { subscriptionHealth } from '../../../src/log/eventstoredb/read/subscription-health.js'
import type { SubscriptionState } from '../../../src/log/eventstoredb/read/subscription-health.js'
import { append, contents, follow, logOn, never, server, stored } from './rig.js'

/** The reports so far, and a wait for one of them. */
const listener = () => {
  const reports: SubscriptionReport[] = []
  const waiting: Readonly<{ kind: string; resolve: (state: SubscriptionState) => void }>[] = []
  return {
    reports,
    kinds: () => reports.map(({ state }) => state.kind),
    onSubscription: (report: SubscriptionReport) => {
      reports.push(report)
      for (const { kind, resolve } of waiting) if (report.state.kind === kind) resolve(report.state)
    },
    next: (kind: string): Promise<SubscriptionState> => new Promise((resolve) => void waiting.push({ kind, resolve })),
  }
}

/** Reads on in the background, and lets the test wait for an event. */
const reading = (log: EventLog, prefixes: readonly string[], signal: AbortSignal) => {
  const seen: string[] = []
  const waiting = new Map<string, () => void>()
  const ended = (async () => {
    for await (const message of log.subscribe({ prefixes, signal }))
      if (message.kind === 'events')
        for (const each of contents(message.events)) {
          seen.push(each)
          waiting.get(each)?.()
        }
  })()
  ended.catch(() => undefined)
  return {
    seen,
    ended,
    until: (content: string): Promise<void> => new Promise((resolve) => void waiting.set(content, resolve)),
  }
}

describe('the state of a subscription is reported', () => {
  test('catching up, live, broken, live again, ended: each with its beginning', async () => {
    const on = await server()
    const heard = listener()
    const log = logOn(on, { onSubscription: heard.onSubscription })
    const stop = new AbortController()
    const live = heard.next('live')
    const reader = reading(log, ['a'], stop.signal)
    await live
    const broken = heard.next('broken')
    on.away()
    expect(await broken).toMatchObject({ kind: 'broken', attempts: 1, cause: expect.any(LogUnavailable) as unknown })
    const again = heard.next('live')
    await on.back()
    await again
    stop.abort()
    await reader.ended
    expect(heard.kinds().filter((kind, i, all) => kind !== all[i - 1])).toEqual([
      'catching-up',
      'live',
      'broken',
      'catching-up',
      'live',
      'ended',
    ])
    const { id, prefixes } = heard.reports[0]!
    expect({ id, prefixes }).toEqual({ id: 0, prefixes: ['a'] })
    expect(heard.reports.every(({ state }) => state.since <= Date.now() && state.since > Date.now() - 60_000)).toBe(
      true,
    )
  })

  test('a server subscription that stops delivering loses nothing and is reported as stalled', async () => {
    const on = await server()
    const heard = listener()
    const log = logOn(on, { onSubscription: heard.onSubscription, stallMs: 50 })
    const live = heard.next('live')
    const stop = new AbortController()
    const reader = reading(log, ['a'], stop.signal)
    await live
    on.faults.silent = true
    const beganAt = Date.now()
    const stalled = heard.next('stalled')
    for (let i = 0; heard.kinds().at(-1) !== 'stalled'; i++) {
      const arrived = reader.until(`${i}`)
      stored(await append(log, 'a', `${i}`))
      await arrived
    }
    const state = await stalled
    expect(state).toMatchObject({ kind: 'stalled', head: expect.any(BigInt) as unknown })
    expect(state.since).toBeGreaterThanOrEqual(beganAt)
    expect(state.since).toBeLessThanOrEqual(Date.now() - 50)
    on.faults.silent = false
    const again = heard.next('live')
    for (const each of ['last', 'very last']) {
      const arrived = reader.until(each)
      stored(await append(log, 'a', each))
      await arrived
    }
    await again
    expect(on.calls.subscribe).toBeGreaterThan(1)
    stop.abort()
    await reader.ended
    expect(reader.seen).toEqual([...new Set(reader.seen)])
    expect(reader.seen.slice(-2)).toEqual(['last', 'very last'])
  })

  test('with no event and no checkpoint while the head moves, it is stalled since the last progress', async () => {
    const on = await server()
    const heard = listener()
    const log = logOn(on, { onSubscription: heard.onSubscription, stallMs: 100, deadlineMs: 60 })
    const live = heard.next('live')
    const stop = new AbortController()
    const reader = reading(log, ['mine'], stop.signal)
    await live
    Object.assign(on.faults, { hangs: true, silent: true })
    const stalled = heard.next('stalled')
    const beside = await server({ data: on.data })
    stored(await append(logOn(beside), 'other', 'one'))
    const state = await stalled
    expect(state).toMatchObject({ kind: 'stalled', head: (await on.data.all()).at(-1)!.commit })
    expect(Date.now() - state.since).toBeGreaterThanOrEqual(100)
    const again = heard.next('live')
    Object.assign(on.faults, { hangs: false, silent: false })
    await again
    stop.abort()
    await reader.ended
  })

  test('a listener that throws breaks nothing', async () => {
    const on = await server()
    const log = logOn(on, {
      onSubscription: () => {
        throw new Error('no')
      },
    })
    stored(await append(log, 'a', 'one'))
    expect(await follow(log.subscribe({ prefixes: ['a'], signal: never() }), 'one')).toEqual(['one'])
  })

  test('a consumer that is slow is not reported as a stall', () => {
    let now = 0
    const told: SubscriptionState[] = []
    const watch = subscriptionHealth(
      (state) => told.push(state),
      100,
      () => now,
    )
    watch.sawHead(10n, undefined)
    now = 500
    watch.progressed()
    watch.failed('gone')
    now = 590
    watch.failed('gone')
    now = 601
    watch.failed('gone')
    expect(told.map(({ kind, since }) => [kind, since])).toEqual([
      ['catching-up', 0],
      ['broken', 500],
      ['broken', 500],
      ['stalled', 500],
    ])
  })
})

describe('a subscription to a faulty server', () => {
  test('fails with LogUnavailable once the server has been away for too long, and not before', async () => {
    const on = await server()
    const log = logOn(on, { giveUpMs: 200 })
    const reader = reading(log, ['a'], never())
    const arrived = reader.until('one')
    stored(await append(log, 'a', 'one'))
    await arrived
    const awayAt = Date.now()
    on.away()
    await expect(reader.ended).rejects.toBeInstanceOf(LogUnavailable)
    expect(Date.now() - awayAt).toBeGreaterThanOrEqual(200)
  })

  test('ends at once when aborted, also while the server hangs and while it is away', async () => {
    const on = await server()
    const log = logOn(on, { deadlineMs: 30_000 })
    stored(await append(log, 'a', 'one'))
    on.faults.hangs = true
    for (const isAway of [false, true]) {
      if (isAway) on.away()
      const stop = new AbortController()
      const before = on.calls.read
      const reader = reading(log, ['a'], stop.signal)
      while (!isAway && on.calls.read < before + 2) await new Promise((resolve) => setImmediate(resolve))
      stop.abort()
      await reader.ended
    }
  })

  test('that begins beyond the head waits for the log to get there', async () => {
    const on = await server()
    const heard = listener()
    const log = logOn(on, { onSubscription: heard.onSubscription })
    stored(await append(log, 'a', 'one'))
    const after = (await log.head())! + 50n
    const live = log.subscribe({ prefixes: ['a'], after, signal: never() })
    let isWritten = false
    const seen = await follow(live, 'three', async (message: Live) => {
      if (message.kind !== 'caught-up' || isWritten) return
      isWritten = true
      stored(await append(log, 'a', 'two'))
      stored(await append(log, 'a', 'three'))
    })
    expect(seen).toEqual(['two', 'three'])
    expect(heard.kinds()).not.toContain('broken')
  })

  test('continues on the new leader after a change', async () => {
    const first = await server()
    const second = await server({ data: first.data })
    const log = logOn(first)
    const reader = reading(log, ['a'], never())
    const arrived = reader.until('one')
    stored(await append(log, 'a', 'one'))
    await arrived
    const later = reader.until('two')
    first.faults.leader = second.at
    first.drop()
    for (let tries = 0; (await append(log, 'a', 'two'))._tag === 'Left' && tries < 20; tries++);
    await later
    expect(reader.seen).toEqual(['one', 'two'])
    // It has read the event by then; it may be about to subscribe.
    await vi.waitFor(() => expect(second.calls.subscribe).toBeGreaterThan(0), 10_000)
  })
})
