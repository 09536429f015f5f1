import { expect, test } from 'vitest'
import type { Fact } from '../../src/domain/fact.js'
import type { IntervalComplete } from '../../src/domain/interval-complete.js'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { defaultProfile } from '../../src/domain/profile.js'
import { rowNumber } from '../../src/domain/row-digest.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import { jsonColdStore } from '../support/json-cold-store.js'
import { markersIn, rowsIn } from '../support/kpi-events.js'

const TEN = Date.UTC(2026, 0, 5, 10)
const profile = { ...defaultProfile, families: ['queue'] as const, lateHorizonMs: 1_000 * DAY_MS }

const offered = (queueId: string, at: number): Fact => ({
  type: 'MetricEmitted',
  metric: 'nOffered',
  value: 1,
  at,
  queueId,
  userId: null,
  mediaType: 'voice',
  direction: null,
  messageType: null,
  skillIds: [],
  languageId: null,
  wrapUpCode: null,
  flowId: null,
  campaignId: null,
  divisionIds: [],
})
const tick = (at: number): Fact => ({ type: 'ClockTicked', at })

/** `10:00-10:15 #number: rows`. */
const short = ({ granularity, start, end, number, rows }: IntervalComplete): string =>
  `${granularity} ${new Date(start).toISOString().slice(0, 16)}/${new Date(end).toISOString().slice(0, 16)} #${number}: ${rows}`

const markersOf = (fold: KpiProjection, ...facts: readonly Fact[]): readonly string[] => {
  for (const fact of facts) fold.apply(fact)
  return markersIn(fold.drainEvents()).map(short)
}

test('an interval is complete once it has closed: one marker with the number of its rows, and none before', () => {
  const fold = new KpiProjection('acme', profile)
  expect(markersOf(fold, offered('sales', TEN), offered('help', TEN), tick(TEN + 10 * MINUTE_MS))).toEqual([])
  expect(markersOf(fold, tick(TEN + 20 * MINUTE_MS))).toEqual(['PT15M 2026-01-05T10:00/2026-01-05T10:15 #1: 2'])
  expect(markersOf(fold, tick(TEN + 25 * MINUTE_MS))).toEqual([])
})

test('a correction gives the interval another marker with a higher number, and the digest of the corrected rows', () => {
  const fold = new KpiProjection('acme', profile)
  for (const fact of [offered('sales', TEN), tick(TEN + 20 * MINUTE_MS)]) fold.apply(fact)
  const key = 'queue/sales/voice/-/-/PT15M/2026-01-05T10:00:00.000Z'
  const first = fold.drainEvents()
  expect(rowsIn(first).map((row) => [row.key, row.revision])).toEqual([[key, 2]])
  expect(markersIn(first)).toMatchObject([{ number: 1, rows: 1, digest: rowNumber(key, 2), zone: null }])
  fold.apply(offered('sales', TEN + MINUTE_MS))
  fold.apply(offered('sales', TEN + 2 * MINUTE_MS))
  expect(markersIn(fold.drainEvents())).toMatchObject([{ number: 3, rows: 1, digest: rowNumber(key, 4) }])
})

test('intervals without rows are closed by the next marker of each tick, at most one for each stretch of them', () => {
  const fold = new KpiProjection('acme', profile)
  markersOf(fold, offered('sales', TEN), tick(TEN + 20 * MINUTE_MS))
  expect(markersOf(fold, tick(TEN + 35 * MINUTE_MS))).toEqual(['PT15M 2026-01-05T10:15/2026-01-05T10:30 #1: 0'])
  const year = TEN + 366 * DAY_MS
  expect(markersOf(fold, offered('sales', year - HOUR_MS), tick(year))).toEqual([
    'PT15M 2026-01-05T10:30/2027-01-06T09:00 #1: 0',
    'PT15M 2027-01-06T09:15/2027-01-06T09:45 #1: 0',
    'PT15M 2027-01-06T09:00/2027-01-06T09:15 #1: 1',
  ])
})

test('a row that comes late into a stretch without rows gives its interval a marker with a higher number', () => {
  const fold = new KpiProjection('acme', profile)
  markersOf(fold, offered('sales', TEN), tick(TEN + 20 * MINUTE_MS), tick(TEN + DAY_MS))
  expect(markersOf(fold, offered('sales', TEN + HOUR_MS))).toEqual(['PT15M 2026-01-05T11:00/2026-01-05T11:15 #2: 1'])
})

test('longer intervals have markers of their own, and a day names its zone', () => {
  const fold = new KpiProjection('acme', { ...profile, rollUps: ['PT1H', 'P1D'] })
  const markers = (...facts: readonly Fact[]) => {
    for (const fact of facts) fold.apply(fact)
    return markersIn(fold.drainEvents()).filter(({ granularity }) => granularity !== 'PT15M')
  }
  expect(markers(offered('sales', TEN), tick(TEN + 50 * MINUTE_MS))).toEqual([])
  expect(markers(tick(TEN + 65 * MINUTE_MS)).map(short)).toEqual(['PT1H 2026-01-05T10:00/2026-01-05T11:00 #1: 1'])
  expect(markers(tick(TEN + DAY_MS)).find(({ granularity }) => granularity === 'P1D')).toMatchObject({
    start: Date.UTC(2026, 0, 5),
    end: Date.UTC(2026, 0, 6),
    zone: 'UTC',
    rows: 1,
  })
})

test('after the clock was taken back, an interval that is open again has no marker until it closes again', () => {
  const fold = new KpiProjection('acme', profile)
  markersOf(fold, offered('sales', TEN), tick(TEN + 20 * MINUTE_MS))
  fold.apply({ type: 'ClockTakenBack', at: TEN + 5 * MINUTE_MS })
  expect(markersOf(fold, offered('sales', TEN + MINUTE_MS), offered('help', TEN + MINUTE_MS))).toEqual([])
  expect(markersOf(fold, tick(TEN + 20 * MINUTE_MS))).toEqual(['PT15M 2026-01-05T10:00/2026-01-05T10:15 #3: 2'])
})

test('closed intervals leave memory with a save, and a correction finds them in the cold store', () => {
  const coldStore = jsonColdStore()
  const fold = new KpiProjection('acme', profile, { coldStore })
  markersOf(fold, offered('sales', TEN), offered('help', TEN), tick(TEN + 20 * MINUTE_MS))
  coldStore.put(fold.save().spilled)
  fold.saved()
  expect(fold.save().spilled).toEqual([])
  expect(fold.save().cells.intervals).toMatchObject({ due: [], gaps: [] })
  expect(markersOf(fold, offered('sales', TEN))).toEqual(['PT15M 2026-01-05T10:00/2026-01-05T10:15 #2: 2'])
})
