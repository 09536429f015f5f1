import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  follow,
  joinedGaps,
  liveThrough,
  type ChannelEvent,
  type Gap,
  type Liveness,
} from '../../../src/genesys/notifications/liveness.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(200)

/** Events at instants that never go back, of whole seconds. */
const anyEvents = fc
  .array(fc.tuple(fc.constantFrom('subscribed', 'frame', 'lost'), fc.nat({ max: 50 })), { maxLength: 30 })
  .map((steps) => {
    let at = 100
    return steps.map(([kind, after]) => ({ kind, at: (at += after) }))
  })

const followed = (since: number | null, events: readonly ChannelEvent[]) => {
  let state: Liveness = { kind: 'waiting', since }
  const gaps: Gap[] = []
  const states: Liveness[] = []
  for (const event of events) {
    const next = follow(state, event)
    state = next.state
    states.push(state)
    if (next.gap !== undefined) gaps.push(next.gap)
  }
  return { state, gaps, states }
}

describe('whether the events of a channel come', () => {
  test('gaps follow each other without overlap, none is empty, and none lies behind what is live', () => {
    fc.assert(
      fc.property(fc.option(fc.nat({ max: 100 })), anyEvents, (since, events) => {
        const { gaps, state } = followed(since, events)
        for (const [index, { from, to }] of gaps.entries()) {
          expect(from).toBeLessThan(to)
          expect(from).toBeGreaterThanOrEqual(gaps[index - 1]?.to ?? -Infinity)
          expect(to).toBeLessThanOrEqual(liveThrough(state) ?? -Infinity)
        }
      }),
      runs,
    )
  })

  test('every instant since the beginning is in a gap, or a frame of a live socket came at or after it', () => {
    fc.assert(
      fc.property(fc.option(fc.nat({ max: 100 })), anyEvents, fc.nat({ max: 2_000 }), (since, events, instant) => {
        const { gaps, state, states } = followed(since, events)
        const begun = since ?? events.find((_, index) => states[index]?.kind === 'live')?.at
        const through = liveThrough(state)
        if (begun === undefined || through === null || state.kind === 'waiting') return
        if (instant < begun || instant >= through) return
        const inGap = gaps.some(({ from, to }) => from <= instant && instant < to)
        // Within a stretch in which no loss was noticed, some later frame or subscription came on a live socket.
        const wasLive = events.some(
          ({ at }, index) =>
            at > instant && states[index]?.kind === 'live' && (index === 0 || states[index - 1]?.kind === 'live'),
        )
        expect(inGap || wasLive).toBe(true)
      }),
      runs,
    )
  })

  test('another subscription beside a live one is no gap, and one after a loss is from the last frame on', () => {
    const events: ChannelEvent[] = [
      { kind: 'subscribed', at: 10 },
      { kind: 'frame', at: 20 },
      { kind: 'subscribed', at: 30 },
      { kind: 'frame', at: 40 },
      { kind: 'lost' },
      { kind: 'subscribed', at: 70 },
    ]
    expect(followed(null, events).gaps).toEqual([{ from: 40, to: 70 }])
    expect(followed(5, events).gaps[0]).toEqual({ from: 5, to: 10 })
  })

  test('gaps of several channels are joined where they meet', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 20 })), { maxLength: 12 }),
        (all) => {
          const gaps = all.map(([from, length]) => ({ from, to: from + length }))
          const joined = joinedGaps(gaps)
          const holds = (among: readonly Gap[], at: number): boolean =>
            among.some(({ from, to }) => from <= at && at < to)
          for (let at = 0; at < 90; at++) expect(holds(joined, at)).toBe(holds(gaps, at))
          joined.forEach(({ from }, index) => expect(from).toBeGreaterThan(joined[index - 1]?.to ?? -1))
        },
      ),
      runs,
    )
  })
})
