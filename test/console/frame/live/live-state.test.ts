import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  lostAtOf,
  nextLive,
  startOfLive,
  type LiveEvent,
  type LiveState,
} from '../../../../src/console/frame/live/live-state.js'

/** The state after events, each at its time in seconds. Attempts are not spread. */
const after = (...events: readonly (readonly [atS: number, event: LiveEvent])[]): LiveState =>
  events.reduce<LiveState>((state, [atS, event]) => nextLive(state, event, atS * 1_000, 0.999), startOfLive)

describe('the live connection', () => {
  test('is live once the answer begins, and remembers when it was heard last', () => {
    expect(after([0, 'opened'], [3, 'heard'])).toEqual({ kind: 'live', since: 0, heardAt: 3_000 })
  })

  test('is tried again after pauses that double up to half a minute', () => {
    let state: LiveState = startOfLive
    const pauses = Array.from({ length: 8 }, () => {
      state = nextLive(state, 'lost', 0, 0.999)
      const pause = state.kind === 'waiting' ? Math.round(state.retryAt / 1_000) : 0
      state = nextLive(state, 'due', 0, 0)
      return pause
    })
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  })

  test('begins with short pauses again after it was live', () => {
    const state = after([0, 'lost'], [1, 'due'], [1, 'lost'], [3, 'due'], [3, 'opened'], [9, 'lost'])
    expect(state).toMatchObject({ kind: 'waiting', attempt: 1, lostAt: 9_000 })
  })

  test('spreads the attempts of many consoles over half of the pause', () => {
    const at = (chance: number) => {
      const state = nextLive(startOfLive, 'lost', 0, chance)
      return state.kind === 'waiting' ? state.retryAt : undefined
    }
    expect([at(0), at(0.5)]).toEqual([500, 750])
  })

  test('says since when nothing was heard, over all attempts', () => {
    expect(lostAtOf(after([0, 'opened'], [5, 'lost'], [6, 'due'], [7, 'lost']))).toBe(5_000)
  })

  test('waits for the network while the device is offline, and connects at once when it is back', () => {
    expect(after([0, 'opened'], [4, 'offline'], [5, 'lost'], [6, 'due'])).toEqual({ kind: 'offline', lostAt: 4_000 })
    expect(after([0, 'opened'], [4, 'offline'], [9, 'online'])).toMatchObject({ kind: 'connecting', attempt: 0 })
  })

  test('asks for nothing while the page is hidden', () => {
    expect(after([0, 'opened'], [4, 'hidden'], [5, 'lost']).kind).toBe('hidden')
    expect(after([0, 'opened'], [4, 'hidden'], [60, 'shown']).kind).toBe('connecting')
  })

  test('ends when the session does, until somebody signs in', () => {
    expect(after([0, 'signed-out'], [1, 'lost'], [2, 'online'])).toEqual({ kind: 'ended', because: 'signed-out' })
    expect(after([0, 'refused'], [5, 'start'])).toEqual(startOfLive)
  })

  test('is never stuck: from any state a start connects, and only waiting has a time to wait for', () => {
    const event = fc.constantFrom<LiveEvent>(
      ...(['start', 'opened', 'heard', 'lost', 'due', 'offline', 'online', 'hidden', 'shown'] as const),
      ...(['signed-out', 'refused'] as const),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1_000), event), { maxLength: 30 }), (events) => {
        const times = events.map(([time]) => time).sort((a, b) => a - b)
        const state = after(...events.map(([, what], n) => [times[n] ?? 0, what] as const))
        expect(nextLive(state, 'start', 0, 0).kind).toBe('connecting')
        if (state.kind === 'waiting') expect(state.retryAt).toBeGreaterThanOrEqual(state.lostAt)
      }),
    )
  })
})
