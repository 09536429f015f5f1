import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { families } from '../../../src/domain/family.js'
import { intervalAt, type Granularity } from '../../../src/domain/granularity.js'
import { HOUR_MS, MINUTE_MS } from '../../../src/domain/interval.js'
import { addMeasures, noMeasure, type Measure } from '../../../src/domain/measure.js'
import { metricKind, metricNames } from '../../../src/domain/metric.js'
import type { Profile } from '../../../src/domain/profile.js'
import { cellKey, type Row } from '../../../src/domain/row.js'
import type { Zone } from '../../../src/domain/zone.js'
import { quickProfile, settingsStrewn, windowStart } from '../../support/arbitrary-facts.js'
import { lastRows, rowsOf } from '../../support/given.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(40)

/** The window of the generated facts is 09:00 to 14:00 UTC of one day: midnight falls into it in all but the first. */
const zones: readonly Zone[] = [
  { name: 'UTC', offsets: [[0, 0]] },
  { name: 'Pacific/Auckland', offsets: [[0, 13 * HOUR_MS]] },
  { name: 'Chatham-like', offsets: [[0, 13 * HOUR_MS + 45 * MINUTE_MS]] },
  // An hour is repeated, and one is skipped, in the middle of the window and over midnight.
  {
    name: 'repeats',
    offsets: [
      [0, 13 * HOUR_MS],
      [windowStart + 2 * HOUR_MS, 12 * HOUR_MS],
    ],
  },
  {
    name: 'skips',
    offsets: [
      [0, 12 * HOUR_MS],
      [windowStart + 2 * HOUR_MS, 13 * HOUR_MS],
    ],
  },
]

/** What a row says, by metric; of a time in a state the sum alone, as a count of spans is nothing to add. */
const saidOf = (measures: readonly (Measure | undefined)[]): string =>
  metricNames
    .map((metric, place) => {
      const { count, sum, min, max, sketch } = measures[place] ?? noMeasure
      if (count === 0) return ''
      return metricKind(metric) === 'state'
        ? `${metric} ${sum}`
        : `${metric} ${JSON.stringify([count, sum, min, max, sketch])}`
    })
    .filter((text) => text !== '')
    .join(', ')

const cellOf = (row: Row, granularity: Granularity, start: number): string =>
  `${row.family}/${cellKey(row.dimensions)}/${granularity}/${start}`

const added = (rows: readonly Row[], granularity: Granularity, zone: Zone): ReadonlyMap<string, string> => {
  const sums = new Map<string, (Measure | undefined)[]>()
  for (const row of rows) {
    const key = cellOf(row, granularity, intervalAt(granularity, zone, row.start).start)
    const sum = sums.get(key) ?? []
    row.measures.forEach((measure, place) => {
      if (measure !== undefined) sum[place] = addMeasures(sum[place] ?? noMeasure, measure)
    })
    sums.set(key, sum)
  }
  return new Map([...sums].map(([key, sum]) => [key, saidOf(sum)]))
}

describe.each(['metric-records', 'detail-events'] as const)('points from %s', { timeout: 60_000 }, (points) => {
  const quick = quickProfile(points)
  const rollUps = ['PT30M', 'PT1H', 'P1D'] as const
  const anyProfile: fc.Arbitrary<Profile> = fc
    .tuple(fc.constantFrom(...zones), fc.subarray(['tAnswered', 'tWait', 'tShortAbandon', 'tHandle'] as const))
    .map(([zone, quantiles]) => ({ ...quick, zone, quantiles, rollUps }))

  test('a longer interval says what its base intervals say together: counts, sums, extremes and quantiles, also after settings changed', () => {
    fc.assert(
      fc.property(settingsStrewn, anyProfile, ({ strewn }, profile) => {
        const last = [...lastRows(rowsOf(strewn, profile)).values()]
        const base = last.filter(({ granularity }) => granularity === 'PT15M')
        for (const granularity of rollUps) {
          const rolledUp = last.filter((row) => row.granularity === granularity)
          expect(new Map(rolledUp.map((row) => [cellOf(row, granularity, row.start), saidOf(row.measures)]))).toEqual(
            added(base, granularity, profile.zone),
          )
        }
      }),
      runs,
    )
  })

  test('and what it says when it is the base interval itself', () => {
    fc.assert(
      fc.property(settingsStrewn, ({ strewn }) => {
        const hours = (profile: Profile) =>
          [...lastRows(rowsOf(strewn, profile)).values()]
            .filter(
              ({ granularity, family }) => granularity === 'PT1H' && families[family].dimensions.includes('mediaType'),
            )
            .map((row) => `${row.key} ${saidOf(row.measures)} ${JSON.stringify(row.kpis)}`)
            .filter((text) => !text.endsWith('Z  {}'))
            .sort()
        expect(hours({ ...quick, rollUps: ['PT1H'] })).toEqual(hours({ ...quick, rollUps: [], intervalMs: HOUR_MS }))
      }),
      runs,
    )
  })
})
