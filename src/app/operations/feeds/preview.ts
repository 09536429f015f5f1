import type { EpochMs } from '../../../domain/interval.js'
import { FeedRefused, intervalsIn, lastRevision } from '../../feeds/deliveries/build.js'
import type { NameOf } from '../../feeds/deliveries/begin.js'
import { liveFeedRows, type FeedLogs } from '../../feeds/deliveries/feed-rows.js'
import { feedFile, iso, namedIn, nameKey, type FeedFile, type NamesByKey } from '../../feeds/layout/file.js'
import { layoutOf, type FeedPlan, type Layout } from '../../feeds/records/plan.js'
import type { FeedInterval } from '../../feeds/records/record.js'

export type PreviewOptions = FeedLogs &
  Readonly<{ plan: FeedPlan; version?: number | undefined; from: EpochMs; to: EpochMs; nameOf: NameOf }>

/** What a feed says of a range now, as a file that is delivered to nobody. Throws `FeedRefused`. */
export const previewFeed = async (options: PreviewOptions): Promise<FeedFile> => {
  const { plan, from, to, nameOf } = options
  const { name } = plan.settings
  const layout = chosenLayout(plan, options.version)
  const rows = await liveFeedRows(options)
  if (rows === undefined) throw new FeedRefused(`feed ${name}: nothing was computed yet: streamvane run`)
  const intervals = await intervalsIn(plan, rows, [{ start: from, end: to }], await lastRevision(rows.of))
  const ranges = [{ from: iso(from), to: iso(to) }]
  const heading = { delivery: null, kind: 'fetched', reasons: [], ranges } as const
  return feedFile(plan, layout, intervals, heading, await namesOf(plan, layout, intervals, nameOf))
}

/** The layout of a version; by default the oldest, which nobody who was there first has to change for. */
export const chosenLayout = (plan: FeedPlan, version: number | undefined): Layout => {
  const layout = version === undefined ? plan.layouts[0] : layoutOf(plan, version)
  if (layout !== undefined) return layout
  const versions = plan.layouts.map(({ settings }) => settings.version)
  throw new FeedRefused(
    `feed ${plan.settings.name} has no layout version ${version ?? ''}; there are ${versions.join(', ')}`,
  )
}

/** The names that a layout writes, as they are now. */
export const namesOf = async (
  plan: FeedPlan,
  layout: Layout,
  intervals: readonly FeedInterval[],
  nameOf: NameOf,
): Promise<NamesByKey> => {
  const names = new Map<string, string>()
  for (const [dimension, id] of namedIn(plan, layout, intervals)) {
    const name = await nameOf(dimension, id)
    if (name !== undefined) names.set(nameKey(dimension, id), name)
  }
  return names
}
