import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clip, type EpochMs } from '../../../src/domain/interval.js'
import {
  isBefore,
  spansOfClosing,
  spansOfEntry,
  type StateEntry,
  type StateSpan,
} from '../../../src/projections/points/agent-timeline.js'
import { lawRuns } from '../../support/law-runs.js'

const INTERVAL_MS = 10
const rules = { stateMaxMs: 35 }

/** Time per state and interval of a whole timeline, by definition. */
const timesOf = (entries: readonly StateEntry[], closedThrough: EpochMs | null): ReadonlyMap<string, number> => {
  const times = new Map<string, number>()
  entries.forEach(({ at, state }, index) => {
    const until = entries[index + 1]?.at ?? Math.max(at, closedThrough ?? at)
    for (const { start, durationMs } of clip(at, Math.min(until, at + rules.stateMaxMs), INTERVAL_MS))
      times.set(`${state} ${start}`, (times.get(`${state} ${start}`) ?? 0) + durationMs)
  })
  return times
}

const changesOf = (spans: readonly StateSpan[]): readonly (readonly [key: string, deltaMs: number])[] =>
  spans.flatMap(({ state, from, to, sign }) =>
    clip(from, to, INTERVAL_MS).map(({ start, durationMs }) => [`${state} ${start}`, sign * durationMs] as const),
  )

const differences = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) =>
  [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => [key, (after.get(key) ?? 0) - (before.get(key) ?? 0)] as const)
    .filter(([, deltaMs]) => deltaMs !== 0)
    .sort()

const anyEntry = fc.record({ at: fc.integer({ min: 0, max: 120 }), state: fc.constantFrom('A', 'B', 'C') })
const anyTimeline = fc
  .uniqueArray(anyEntry, { maxLength: 8, selector: ({ at, state }) => `${at} ${state}` })
  .map((entries) => entries.sort((a, b) => (isBefore(a, b) ? -1 : 1)))
const anyClosed = fc.option(fc.integer({ min: 0, max: 14 }).map((intervals) => intervals * INTERVAL_MS))

test('the spans of an entry are the difference of the timelines with and without it, each state and interval once', () => {
  fc.assert(
    fc.property(anyTimeline, anyEntry, anyClosed, (timeline, entry, closedThrough) => {
      fc.pre(!timeline.some(({ at, state }) => at === entry.at && state === entry.state))
      const index = timeline.filter((each) => isBefore(each, entry)).length
      const between = { previous: timeline[index - 1], next: timeline[index] }
      const changes = changesOf(spansOfEntry(rules, entry, between, closedThrough))
      expect([...changes].sort()).toEqual(
        differences(timesOf(timeline, closedThrough), timesOf(timeline.toSpliced(index, 0, entry), closedThrough)),
      )
    }),
    lawRuns(400),
  )
})

test('the spans of a closing are the difference of the timelines before and after it', () => {
  fc.assert(
    fc.property(anyTimeline, anyClosed, fc.integer({ min: 0, max: 14 }), (timeline, before, intervals) => {
      const last = timeline.at(-1)
      fc.pre(last !== undefined)
      const through = Math.max(before ?? 0, intervals * INTERVAL_MS)
      expect([...changesOf(spansOfClosing(rules, last as StateEntry, before, through))].sort()).toEqual(
        differences(timesOf(timeline, before), timesOf(timeline, through)),
      )
    }),
    lawRuns(200),
  )
})
