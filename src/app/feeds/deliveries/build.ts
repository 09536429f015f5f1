import { intervalAt } from '../../../domain/granularity.js'
import type { EpochMs, Interval } from '../../../domain/interval.js'
import { kpiStream } from '../../../domain/stream-name.js'
import type { Generation } from '../../pipeline/generations.js'
import type { Renderings } from '../../renderings.js'
import type { RowsOf } from '../../row-index/row-index.js'
import type { FeedPlan } from '../records/plan.js'
import { feedIntervals, type FeedInterval } from '../records/record.js'
import { intervalFault, sourceGranularity } from '../records/source-granularity.js'
import { readSource, sourceWindows } from '../records/source-rows.js'

/** The rows that feeds are made of: those of one generation. `renderings` reads how they were rendered, once. */
export type FeedRows = Readonly<{
  of: RowsOf
  generation: Generation
  renderings: () => Promise<Pick<Renderings, 'of'>>
}>

/** The rows of the generation cannot make this feed, or another setting stands in the way. The message says which. */
export class FeedRefused extends Error {
  override readonly name = 'FeedRefused'
}

/** What intervals were read of: the last revision of the stream that says something of them; -1: none does. */
export type IntervalsRead = Readonly<{ intervals: readonly FeedInterval[]; last: number }>

/**
 * The intervals of a feed in a range, window by window, as they were when the stream of rows ended with `through`
 * (default: as they are). Throws `FeedRefused` where the generation has no rows of which they could be made.
 */
export async function* readIntervals(
  plan: FeedPlan,
  { of, generation, renderings }: FeedRows,
  { start: from, end: to }: Interval,
  through?: number,
): AsyncGenerator<IntervalsRead> {
  const { settings } = plan
  const renderingOf = (await renderings()).of
  const granularity = granularityFor(plan, generation)
  const wanted = { family: settings.family, granularity, from, to, through }
  const startOf = (at: EpochMs): EpochMs => intervalAt(settings.interval, settings.zone, at).start
  for (const window of await sourceWindows(of, wanted, startOf)) {
    const end = endOf(plan, window.end)
    const source = await readSource(of, { ...wanted, from: window.start, to: end })
    yield { intervals: feedIntervals(plan, source, window, (row) => renderingOf(row).kpis), last: source.last }
  }
}

/** All of several ranges at once. */
export const intervalsIn = async (
  plan: FeedPlan,
  rows: FeedRows,
  ranges: readonly Interval[],
  through?: number,
): Promise<readonly FeedInterval[]> => {
  const all: FeedInterval[] = []
  for (const range of ranges)
    for await (const { intervals } of readIntervals(plan, rows, range, through)) all.push(...intervals)
  return all
}

/** Length of the rows that a feed is made of. Throws `FeedRefused` where it can be made of none. */
export const granularityFor = ({ settings }: FeedPlan, { name, profile }: Generation) => {
  const granularity = sourceGranularity(settings, profile)
  if (granularity !== undefined && profile.families.includes(settings.family)) return granularity
  const why = granularity === undefined ? intervalFault(settings, profile) : `it has no rows of ${settings.family}`
  throw new FeedRefused(
    `feed ${settings.name}: the live generation ${name} cannot make it: ${why ?? ''}. Change the feed, or compute a generation under the present profile: streamvane rebuild --promote`,
  )
}

/** The end of the last interval that starts before `to`. */
const endOf = ({ settings: { interval, zone } }: FeedPlan, to: EpochMs): EpochMs =>
  Math.max(to, intervalAt(interval, zone, to - 1).end)

/** The last revision of the rows' stream; -1: it is empty. */
export const lastRevision = async ({ kpi, tenant, generation }: RowsOf): Promise<number> =>
  (await kpi.streamRevision(kpiStream(tenant, generation))) ?? -1
