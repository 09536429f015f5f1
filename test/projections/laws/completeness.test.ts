import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { rowOf } from '../../../src/domain/flat-row.js'
import type { Fact } from '../../../src/domain/fact.js'
import { intervalName, type IntervalComplete } from '../../../src/domain/interval-complete.js'
import { DAY_MS } from '../../../src/domain/interval.js'
import type { KpiEvent } from '../../../src/domain/kpi-event.js'
import { isEmptyRow, type Row } from '../../../src/domain/row.js'
import { anyConfiguredLog, quickProfile } from '../../support/arbitrary-facts.js'
import { lawRuns } from '../../support/law-runs.js'
import { markersIn } from '../../support/kpi-events.js'
import { anyHappenings, publishedBy, type Happening } from '../../support/published-life.js'
import { splitEventsOf } from '../../support/split-fold.js'

const runs = lawRuns(40)
const restatedPerTick = 3

/** A consumer's table: the latest row of each key. */
type Table = ReadonlyMap<string, Row>

/** What a consumer adds up of its table, written without the projection's own functions. */
const summed = (table: Table, { family, granularity, start, end }: IntervalComplete, except = new Set<string>()) => {
  const rows = [...table.values()].filter(
    (row) =>
      row.family === family &&
      row.granularity === granularity &&
      row.start >= start &&
      row.start < end &&
      !isEmptyRow(row) &&
      !except.has(intervalName(row)),
  )
  const numbers = rows.map(({ key, revision }) =>
    BigInt(`0x${createHash('md5').update(`${key} ${revision}`).digest('hex').slice(0, 10)}`),
  )
  return { rows: rows.length, digest: Number(numbers.reduce((sum, number) => sum + number, 0n) % 2n ** 40n) }
}

/** Calls `check` with each marker and the table as it is when the marker comes; answers the table at the end. */
const consumed = (
  events: readonly KpiEvent[],
  check: (marker: IntervalComplete, table: Table) => void = () => {},
): Table => {
  const table = new Map<string, Row>()
  for (const event of events)
    if (event.kind === 'interval-complete') check(event.marker, table)
    else if (event.kind === 'row') {
      const row = rowOf(event.row)
      table.set(row.key, row)
    }
  return table
}

/** The last marker that says something of an interval, by the interval's name. */
const lastMarkers = (events: readonly KpiEvent[]): ReadonlyMap<string, IntervalComplete> =>
  new Map(markersIn(events).map((marker) => [intervalName(marker), marker]))

const finest = (log: readonly Fact[], profile: ReturnType<typeof quickProfile>) =>
  publishedBy(log, ['drain-all'] satisfies Happening[], profile, restatedPerTick)

/** A tick that closes everything. */
const closed = (log: readonly Fact[]): readonly Fact[] => {
  const latest = Math.max(0, ...log.map((fact) => ('at' in fact && typeof fact.at === 'number' ? fact.at : 0)))
  return [...log, { type: 'ClockTicked', at: latest + 10 * DAY_MS }]
}

describe.each(['metric-records', 'detail-events', 'conversation-details'] as const)(
  'markers of complete intervals, points from %s, through restarts and crashes',
  { timeout: 60_000 },
  (points) => {
    const profile = { ...quickProfile(points), rollUps: ['PT1H', 'P1D'] as const }
    const anyLog = anyConfiguredLog(points)

    test('a marker comes when the rows published before it are those that it counts', () => {
      fc.assert(
        fc.property(anyLog, anyHappenings, (log, happenings) => {
          const events = publishedBy(closed(log), happenings, profile, restatedPerTick)
          // A row that comes late may stand before the marker of the gap that was closed without it. It has its own marker.
          const ownMarkers = new Set(
            markersIn(events)
              .filter(({ number }) => number > 1)
              .map(intervalName),
          )
          consumed(events, (marker, table) => {
            const { rows, digest } = marker
            const except = rows === 0 ? ownMarkers : undefined
            expect({ rows, digest }, intervalName(marker)).toEqual(summed(table, marker, except))
          })
        }),
        runs,
      )
    })

    test('in the end the last marker of each interval counts the rows as they were published last', () => {
      fc.assert(
        fc.property(anyLog, anyHappenings, (log, happenings) => {
          const events = publishedBy(closed(log), happenings, profile, restatedPerTick)
          const markers = lastMarkers(events)
          const table = consumed(events)
          const names = new Set([...table.values()].filter((row) => !isEmptyRow(row)).map(intervalName))
          for (const name of names) expect(markers.has(name), name).toBe(true)
          for (const marker of markers.values()) {
            // A marker of several intervals may be followed by those of single ones.
            if (marker.rows === 0) continue
            expect({ rows: marker.rows, digest: marker.digest }, intervalName(marker)).toEqual(summed(table, marker))
          }
        }),
        runs,
      )
    })

    test('numbers of an interval ascend, and a number says the same however often rows are given out', () => {
      fc.assert(
        fc.property(anyLog, anyHappenings, (log, happenings) => {
          const all = closed(log)
          const byName = new Map<string, IntervalComplete[]>()
          for (const marker of markersIn(finest(all, profile))) {
            const name = intervalName(marker)
            byName.set(name, [...(byName.get(name) ?? []), marker])
          }
          const last = new Map<string, number>()
          for (const marker of markersIn(publishedBy(all, happenings, profile, restatedPerTick))) {
            const name = intervalName(marker)
            expect(marker.number, name).toBeGreaterThan(last.get(name) ?? 0)
            last.set(name, marker.number)
            const { number: _, ...says } = marker
            const known = byName.get(name)?.findLast(({ number }) => number <= marker.number)
            expect(known, name).toMatchObject(says)
          }
        }),
        runs,
      )
    })

    test('processes that find the points of entities and one that merges them give the same markers', () => {
      fc.assert(
        fc.property(anyLog, fc.array(fc.nat({ max: 60 }), { maxLength: 8 }), fc.func(fc.nat()), (log, cuts, of) => {
          const all = closed(log)
          const happenings = all.map((_, index): Happening => (cuts.includes(index + 1) ? 'drain-all' : 'nothing'))
          expect(markersIn(splitEventsOf(all, profile, { finders: 3, of, cuts }, { restatedPerTick }))).toEqual(
            markersIn(publishedBy(all, happenings, profile, restatedPerTick)),
          )
        }),
        runs,
      )
    })
  },
)
