import type { z } from 'zod'
import type { Dimension } from '../../../domain/dimensions.js'
import { families, type FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import type { EpochMs } from '../../../domain/interval.js'
import { builtInKpisOf, type KpiUnit } from '../../../domain/kpi.js'
import { isMetricName, metricKind, type MetricName } from '../../../domain/metric.js'
import type { Profile } from '../../../domain/profile.js'
import type { RowStatus } from '../../../domain/row.js'
import { granularitiesOf } from '../../../projections/cells/cell-finder.js'
import { durationOf } from '../../config/profile/profile-path.js'
import { measureForm, shortDimensions, statisticNames, type expectedForm } from './format.js'
import { readStrictly, unknownKey, type Problems } from './read-strictly.js'
import { intervalNamed, numberOf } from './values.js'

export type StatisticName = (typeof statisticNames)[number]

/** What a KPI must be. `shown`: its value is displayed so, rounded (`83.1 %`). null: it has no value. */
export type ExpectedKpi =
  | Readonly<{ kind: 'value'; value: number }>
  | Readonly<{ kind: 'percentage'; percent: number; digits: number }>
  | Readonly<{ kind: 'terms'; numerator: number; denominator: number | null }>
  | null

/** A row that a test expects. `measures`: null where the row has none of the metric. */
export type Expectation = Readonly<{
  place: string
  family: FamilyName
  granularity: Granularity
  start: EpochMs
  dimensions: readonly Readonly<{ name: Dimension; place: number; value: string | null }>[]
  absent: boolean
  measures: ReadonlyMap<MetricName, Readonly<Partial<Record<StatisticName, number>>> | null>
  kpis: ReadonlyMap<string, Readonly<{ expected: ExpectedKpi; unit: KpiUnit }>>
  serviceTarget: number | null | undefined
  status: RowStatus | undefined
}>

type Expected = z.infer<typeof expectedForm>

/** Checks an expected row against what rows of its family can hold. All that is wrong is told. */
export const expectationOf = (expected: Expected, place: string, profile: Profile, problem: Problems): Expectation => {
  const { family, absent = false, status, serviceTarget } = expected
  const granularities = granularitiesOf(profile)
  const granularity = expected.granularity ?? granularities[0] ?? 'PT15M'
  if (!profile.families.includes(family) && !absent)
    problem(place, `the profile has no rows of family ${family}; it has ${profile.families.join(', ')}`)
  if (!granularities.includes(granularity))
    problem(place, `the profile has no intervals of ${granularity}; it has ${granularities.join(', ')}`)
  const start = intervalNamed(expected.interval, granularity, profile.zone)
  if (typeof start === 'string') problem(`${place}.interval`, start)
  return {
    ...{ place, family, granularity, start: typeof start === 'number' ? start : NaN, absent, status, serviceTarget },
    dimensions: dimensionsOf(expected, place, problem),
    measures: measuresOf(expected, place, problem),
    kpis: kpisOf(expected, place, profile, problem),
  }
}

const dimensionsOf = (expected: Expected, place: string, problem: Problems): Expectation['dimensions'] => {
  const names: Readonly<Record<string, Dimension>> = { ...shortDimensions, stateKind: 'stateKind', state: 'state' }
  const { dimensions } = families[expected.family]
  return Object.entries(names).flatMap(([short, name]) => {
    const value = (expected as Readonly<Record<string, unknown>>)[short] as string | null | undefined
    if (value === undefined) return []
    const at = dimensions.indexOf(name)
    if (at < 0)
      problem(
        `${place}.${short}`,
        `rows of family ${expected.family} have no ${short}; they have ${dimensions.join(', ')}`,
      )
    return [{ name, place: at, value }]
  })
}

const measuresOf = ({ family, measures = {} }: Expected, place: string, problem: Problems): Expectation['measures'] => {
  const read = new Map<MetricName, Readonly<Partial<Record<StatisticName, number>>> | null>()
  for (const [name, value] of Object.entries(measures)) {
    const at = `${place}.measures.${name}`
    const { metrics } = families[family]
    if (!isMetricName(name) || !metrics.includes(name)) problem(`${place}.measures`, unknownKey(name, metrics))
    else if (value === null) read.set(name, null)
    else if (typeof value === 'object') {
      const statistics = readStrictly(measureForm, value, at, problem)
      if (statistics !== undefined) read.set(name, numbersOf(statistics, at, problem))
    } else {
      const number = numberOf(value)
      const kind = metricKind(name)
      if (number === undefined) problem(at, `${value} is neither a number nor a time such as 12s`)
      else if (kind === 'count') read.set(name, { count: number })
      else if (kind === 'state') read.set(name, { sum: number })
      else problem(at, `${name} has several statistics: write { count: …, sum: … } (${statisticNames.join(', ')})`)
    }
  }
  return read
}

const numbersOf = (
  statistics: Readonly<Record<string, number | string | undefined>>,
  place: string,
  problem: Problems,
): Partial<Record<StatisticName, number>> => {
  const numbers: Partial<Record<StatisticName, number>> = {}
  for (const name of statisticNames) {
    const value = statistics[name]
    if (value === undefined) continue
    const number = numberOf(value)
    if (number === undefined) problem(`${place}.${name}`, `${value} is neither a number nor a time such as 12s`)
    else numbers[name] = number
  }
  return numbers
}

const kpisOf = (
  { family, kpis = {} }: Expected,
  place: string,
  profile: Profile,
  problem: Problems,
): Expectation['kpis'] => {
  const known = new Map(
    [...builtInKpisOf(family), ...profile.kpis.filter((kpi) => kpi.families.includes(family))].map((kpi) => [
      kpi.name,
      kpi.unit,
    ]),
  )
  const read = new Map<string, Readonly<{ expected: ExpectedKpi; unit: KpiUnit }>>()
  for (const [name, value] of Object.entries(kpis)) {
    const unit = known.get(name)
    if (unit === undefined) {
      problem(`${place}.kpis`, unknownKey(name, [...known.keys()]))
      continue
    }
    const expected = kpiValueOf(value)
    if (expected === undefined)
      problem(
        `${place}.kpis.${name}`,
        `${JSON.stringify(value)} is no value of a KPI; write 0.8, 42s, "83.1 %", 5/6, { numerator: 5, denominator: 6 }, or null for none`,
      )
    else read.set(name, { expected, unit })
  }
  return read
}

type Value = Expected['kpis'] extends Readonly<Record<string, infer V>> | undefined ? V : never

const kpiValueOf = (value: Value): ExpectedKpi | undefined => {
  if (value === null) return null
  if (typeof value === 'number') return { kind: 'value', value }
  if (typeof value === 'object') {
    const [numerator, denominator] = [value.numerator, value.denominator].map((term) =>
      term === undefined ? null : numberOf(term),
    )
    if (numerator === undefined || numerator === null || denominator === undefined) return undefined
    return { kind: 'terms', numerator, denominator }
  }
  const [, whole = '', fraction = ''] = /^(-?\d+)(?:\.(\d+))? ?%$/.exec(value) ?? []
  if (whole !== '') return { kind: 'percentage', percent: Number(value.replace('%', '')), digits: fraction.length }
  const [, above, below] = /^(-?[\d.]+) ?\/ ?(-?[\d.]+)$/.exec(value) ?? []
  if (above !== undefined && below !== undefined)
    return { kind: 'terms', numerator: Number(above), denominator: Number(below) }
  const ms = durationOf(value)
  return ms === undefined ? undefined : { kind: 'value', value: ms }
}
