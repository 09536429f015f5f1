import type { Limit } from '../../config/feeds/feed-schema.js'
import { writtenRecord } from '../layout/file.js'
import { fixed, writtenNumber, type Written } from '../layout/written.js'
import type { FeedPlan, Layout } from '../records/plan.js'
import { comparePlaces, type FeedInterval, type FeedRecord } from '../records/record.js'

/** A column of a record that says another thing than was delivered. null: there is no such record. */
export type Difference = Readonly<{
  place: readonly (string | null)[]
  column: string
  delivered: string | null
  now: string | null
  isTolerated: boolean
}>

/** Columns that say what a file is, and not what happened. */
const ABOUT_FILE: ReadonlySet<string> = new Set(['delivery', 'status', 'correction', 'feed'])

/**
 * Compares the records of an interval as they were delivered with what they are now, column by column as it is written.
 * Names are left out: they may be changed, and figures do not move with them.
 */
export const differencesIn = (
  plan: FeedPlan,
  layout: Layout,
  delivered: FeedInterval,
  now: FeedInterval,
): readonly Difference[] => {
  const { tolerances } = plan.settings.corrections
  const compared = layout.columns.flatMap(({ source, name }, place) =>
    ABOUT_FILE.has(source.kind) || (source.kind === 'dimension' && source.isName) ? [] : [{ name, place }],
  )
  const differences: Difference[] = []
  for (const [before, after] of paired(delivered.records, now.records)) {
    const [left, right] = [before, after].map((record) =>
      record === undefined ? undefined : written(plan, layout, record),
    )
    for (const { name, place } of compared) {
      const [was, is] = [left?.[place] ?? null, right?.[place] ?? null]
      if (textOf(was) === textOf(is)) continue
      differences.push({
        ...{ place: (before ?? after)!.place, column: name, delivered: textOf(was), now: textOf(is) },
        isTolerated: before !== undefined && after !== undefined && isWithin(tolerances[name], was, is),
      })
    }
  }
  return differences
}

const written = (plan: FeedPlan, layout: Layout, record: FeedRecord): readonly Written[] =>
  writtenRecord(layout, record, { plan, nameOf: () => undefined, delivery: null })

/** Records of the same place; those of one side only have none beside them. */
function* paired(
  before: readonly FeedRecord[],
  after: readonly FeedRecord[],
): Iterable<readonly [FeedRecord | undefined, FeedRecord | undefined]> {
  for (let left = 0, right = 0; left < before.length || right < after.length;) {
    const [one, other] = [before[left], after[right]]
    const order = one === undefined ? 1 : other === undefined ? -1 : comparePlaces(one.place, other.place)
    yield [order <= 0 ? one : undefined, order >= 0 ? other : undefined]
    if (order <= 0) left++
    if (order >= 0) right++
  }
}

const textOf = (written: Written): string | null =>
  written === null ? null : written.kind === 'number' ? fixed(written) : written.text

const isWithin = (limit: Limit | undefined, was: Written, is: Written): boolean => {
  if (limit === undefined) return false
  const [before, after] = [writtenNumber(was), writtenNumber(is)]
  if (before === undefined || after === undefined) return false
  // What is written in decimals is not exact in binary: 0.3 and 0.2 are 0.1 apart.
  const apart = Math.abs(after - before) - 1e-9
  return apart <= ('units' in limit ? limit.units : limit.share * Math.abs(before))
}
