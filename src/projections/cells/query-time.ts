import { addMeasures, type Measure } from '../../domain/measure.js'
import { metricIndex, type MetricName } from '../../domain/metric.js'
import type { Rendering } from '../settings.js'
import type { Accumulator } from './accumulator.js'

/**
 * Metrics that Genesys does not emit but derives when it is queried, from others of the same cell: tWait is the union
 * of all waits, tShortAbandon is the part of tAbandon below the threshold.
 */

const place = (metric: MetricName): number => metricIndex.get(metric) as number

const ABANDON = place('tAbandon')
const WAIT = place('tWait')
const SHORT_ABANDON = place('tShortAbandon')

/** What tWait may consist of. */
const waitParts: ReadonlySet<number> = new Set(
  (['tAnswered', 'tAbandon', 'tFlowOut', 'tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut'] as const).map(place),
)

/** Must an accumulator of this metric keep a histogram? The parts of tWait do where one of tWait is asked for. */
export const keepsSketch = (metric: number, sketched: readonly number[]): boolean =>
  sketched.includes(metric) || (waitParts.has(metric) && sketched.includes(WAIT))

/** Must an accumulator of this metric keep its values? Which abandons are short depends on settings that can change. */
export const needsValues = (metric: number): boolean => metric === ABANDON

/** Adds the derived metrics to the measures of a cell. */
export const addQueryTime = (
  measures: (Measure | undefined)[],
  accumulators: readonly (Accumulator | undefined)[],
  sketched: readonly number[],
  { waits, isShortAbandon }: Rendering,
): void => {
  const isSketched = sketched.includes(WAIT)
  let wait: Measure | undefined
  for (const metric of waits) {
    const part = accumulators[metric]?.measure(1, isSketched)
    if (part !== undefined) wait = wait === undefined ? part : addMeasures(wait, part)
  }
  if (wait !== undefined) measures[WAIT] = wait
  const short = accumulators[ABANDON]?.partOf(isShortAbandon, sketched.includes(SHORT_ABANDON))
  if (short !== undefined) measures[SHORT_ABANDON] = short
}
