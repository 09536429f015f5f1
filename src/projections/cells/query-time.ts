import { metricIndex, type MetricName } from '../../domain/metric.js'
import { noSketch, sketchOf } from '../../domain/sketch.js'
import type { Rendering } from '../settings.js'
import type { Figures } from './figures.js'
import type { KeptValues } from './kept-values.js'

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

/** Must a cell keep a histogram of this metric? Of the parts of tWait it must where one of tWait is asked for. */
export const keepsSketch = (metric: number, sketched: readonly number[]): boolean =>
  sketched.includes(metric) || (waitParts.has(metric) && sketched.includes(WAIT))

/** Must a cell keep the values of this metric? Which abandons are short depends on settings that can change. */
export const needsValues = (metric: number): boolean => metric === ABANDON

/** Adds the derived metrics to the figures of a cell. */
export const addQueryTime = (
  figures: Figures,
  kept: ReadonlyMap<number, KeptValues> | undefined,
  sketched: readonly number[],
  { waits, isShortAbandon }: Rendering,
): void => {
  for (let index = 0; index < waits.length; index++) figures.addMeasure(WAIT, waits[index] as number)
  if (kept === undefined) return
  if (sketched.includes(WAIT))
    for (const metric of waits) figures.addSketch(WAIT, kept.get(metric)?.sketch() ?? noSketch)
  const short = kept.get(ABANDON)?.partOf(isShortAbandon, sketched.includes(SHORT_ABANDON))
  if (short === undefined || short.count === 0) return
  figures.add(SHORT_ABANDON, short.count, short.sum, short.min, short.max)
  if (short.buckets !== null) figures.addSketch(SHORT_ABANDON, sketchOf(short.buckets))
}
