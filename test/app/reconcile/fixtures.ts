import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import { rowEvents } from '../../support/kpi-events.js'
import { type AggregateResponse, aggregateResponse } from '../../../src/app/reconcile/aggregates.js'
import type { Generation } from '../../../src/app/pipeline/generations.js'
import { reconcile, type ReconcileOptions } from '../../../src/app/reconcile/reconcile.js'
import type { ReconcileReport } from '../../../src/app/reconcile/report/report.js'
import type { FamilyName } from '../../../src/domain/family.js'
import { MINUTE_MS } from '../../../src/domain/interval.js'
import { builtInKpisOf, compileKpis } from '../../../src/domain/kpi.js'
import { addMeasures, measureOf, type Measure } from '../../../src/domain/measure.js'
import { metricNames, type MetricName } from '../../../src/domain/metric.js'
import { defaultProfile, optionsOf, type Profile } from '../../../src/domain/profile.js'
import type { Correction, Row } from '../../../src/domain/row.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { kpiValues } from '../../support/kpi-values.js'
import { keyed } from '../../support/keyed.js'
import { right } from '../../support/right.js'

export const TEN = Date.parse('2026-01-05T10:00:00.000Z')
export const QUARTER = 15 * MINUTE_MS
export const at = (quarters: number): number => TEN + quarters * QUARTER

export const generation = (profile: Partial<Profile> = {}): Generation => ({
  name: 'g1',
  projectionVersion: 2,
  profile: { ...defaultProfile, ...profile },
  historyThrough: null,
  startedAt: '2026-01-05T00:00:00.000Z',
})

/**
 * Values by metric: a number stands for so many counts, a list for the durations (or the time in a state) themselves.
 */
export type Values = Readonly<Partial<Record<MetricName, number | readonly number[]>>>

const measure = (values: number | readonly number[]): Measure =>
  typeof values === 'number'
    ? { ...measureOf(1), count: values, sum: values }
    : values.map(measureOf).reduce((a, b) => addMeasures(a, b))

/** A row made by hand; the metrics that are worked out of others are worked out, if they are not given. */
export const row = (
  dimensions: readonly (string | null)[],
  start: number,
  values: Values,
  more: Partial<Row> & { family?: FamilyName; profile?: Profile } = {},
): Row => {
  const { profile = defaultProfile, family = 'queue', ...rest } = more
  const waits = [values.tAnswered, values.tAbandon, values.tFlowOut].flatMap((durations) =>
    Array.isArray(durations) ? (durations as number[]) : [],
  )
  const short = (Array.isArray(values.tAbandon) ? (values.tAbandon as number[]) : []).filter(
    (ms) => ms < profile.shortAbandonMs,
  )
  const all: Values = {
    ...(waits.length > 0 ? { tWait: waits } : {}),
    ...(short.length > 0 ? { tShortAbandon: short } : {}),
    ...values,
  }
  const measures = metricNames.map((name) => (all[name] === undefined ? undefined : measure(all[name])))
  return keyed({
    tenant: 't',
    family,
    dimensions,
    granularity: 'PT15M',
    start,
    end: start + QUARTER,
    status: 'final',
    correction: null,
    revision: 1,
    measures,
    kpis: kpiValues(compileKpis(builtInKpisOf(family), optionsOf(profile)), measures),
    erased: null,
    serviceTarget: null,
    ...rest,
  })
}

/** A row of queue `sales`, voice. */
export const sales = (start: number, values: Values, more: Parameters<typeof row>[3] = {}): Row =>
  row(['sales', 'voice', null, null], start, values, more)

/** The same row, restated: another revision with other values. */
export const restated = (before: Row, values: Values, correction: Correction): Row => ({
  ...row(before.dimensions, before.start, values, { family: before.family }),
  ...{ status: 'corrected', correction, revision: before.revision + 1 },
})

/** A KPI log that holds batches of rows. */
export const logOf = async (...batches: (readonly Row[])[]): Promise<EventLog> => {
  const log = memoryLog()
  for (const [index, rows] of batches.entries()) {
    const position = BigInt(index + 1)
    for (const events of appendsOf('t', 'g1', rowEvents('t', 'g1', rows, position), position))
      right((await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
  }
  return log
}

export const iso = (start: number, end: number): string =>
  `${new Date(start).toISOString()}/${new Date(end).toISOString()}`

type Stats = Readonly<Record<string, number>>
type Datum = Readonly<{
  interval: string
  metrics: readonly Readonly<{ metric: string; qualifier?: string; stats: Stats }>[]
}>
export type Result = Readonly<{ group: Readonly<Record<string, string>>; data: readonly Datum[] }>

/** What the API would say of some metrics: durations whole, counts as counts. */
export const said = (
  interval: readonly [number, number],
  values: Readonly<Record<string, number | readonly number[] | Stats>>,
): Datum => ({
  interval: iso(...interval),
  metrics: Object.entries(values).map(([metric, value]) => ({
    metric,
    stats:
      typeof value === 'number'
        ? { count: value }
        : Array.isArray(value)
          ? statsOf(value as readonly number[])
          : (value as Stats),
  })),
})

export const statsOf = (durations: readonly number[]): Stats => ({
  max: Math.max(...durations),
  min: Math.min(...durations),
  count: durations.length,
  sum: durations.reduce((a, b) => a + b, 0),
})

/** What the API would say of the queue `sales`, voice. */
export const salesSaid = (...data: readonly Datum[]): Result => ({
  group: { mediaType: 'voice', queueId: 'sales' },
  data,
})

export async function* answered(...responses: readonly unknown[]): AsyncIterable<AggregateResponse> {
  for (const response of responses) yield right(aggregateResponse(response))
}

export type Compare = Omit<Partial<ReconcileOptions>, 'responses' | 'generation'> & { profile?: Partial<Profile> }

/** Compares batches of rows with answers of the API. */
export const compare = async (
  batches: readonly (readonly Row[])[],
  responses: readonly unknown[],
  options: Compare = {},
): Promise<ReconcileReport> => {
  const { profile, ...more } = options
  return reconcile({
    responses: answered(...responses),
    kpi: await logOf(...batches),
    tenant: 't',
    generation: generation(profile),
    signal: new AbortController().signal,
    closedThrough: at(1_000),
    ...more,
  })
}

/** Differences in short: metric, class, and each statistic as theirs − ours. */
export const short = ({ differences }: ReconcileReport): readonly string[] =>
  differences.map(
    ({ metric, qualifier, class: reason, statistics }) =>
      `${metric}${qualifier === null ? '' : ` ${qualifier}`} ${reason} ${statistics.map(({ statistic, difference }) => `${statistic} ${difference > 0 ? '+' : ''}${difference}`).join(' ')}`,
  )
