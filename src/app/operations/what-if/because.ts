import { splits } from '../../../domain/dimensions.js'
import type { Profile } from '../../../domain/profile.js'
import { families } from '../../../domain/family.js'
import type { RowChange } from '../../../domain/row-change.js'
import { granularitiesOf } from '../../../projections/cells/cell-finder.js'
import type { Rules } from './hypothesis.js'

/**
 * Why a row is there under one of two rules only: the other has no rows of its family, no intervals of its length, days
 * of another zone, or divides its family otherwise. `figures`: nothing falls into it there.
 */
export type Because = 'family' | 'interval' | 'zone' | 'split' | 'figures'

/** Which rows there are under some rules. */
export type Shape = Readonly<{
  families: ReadonlySet<string>
  intervals: ReadonlySet<string>
  zone: string
  splits: string
}>

/** The intervals and the zone are those of the profile at the beginning; published profiles change the rest. */
export const shapeOf = ({ profile, configuration }: Rules): Shape => {
  const published = configuration.flatMap((fact) => (fact.type === 'ProfilePublished' ? [fact.profile] : []))
  const all: readonly Profile[] = [profile, ...published]
  return {
    families: new Set(all.flatMap((each) => each.families)),
    intervals: new Set(granularitiesOf(profile)),
    zone: profile.zone.name,
    splits: splits.filter((split) => all.some(({ splitBy }) => splitBy.includes(split))).join(),
  }
}

/** null for a row that is there on both sides. */
export const becauseOf = ({ kind, row }: RowChange, old: Shape, now: Shape): Because | null => {
  if (kind === 'changed') return null
  const other = kind === 'added' ? old : now
  if (!other.families.has(row.family)) return 'family'
  if (!other.intervals.has(row.granularity)) return 'interval'
  if (row.granularity === 'P1D' && old.zone !== now.zone) return 'zone'
  const isSplit = families[row.family].dimensions.some((dimension) => (splits as readonly string[]).includes(dimension))
  return isSplit && old.splits !== now.splits ? 'split' : 'figures'
}

/** What is said of rows that are there on one side only. */
export const becauseTexts: Readonly<Record<Because, string>> = {
  family: 'the profile has no rows of this family on the other side',
  interval: 'the profile has no intervals of this length on the other side',
  zone: 'the days of the other zone begin at another instant',
  split: 'the profile divides the rows of this family otherwise on the other side',
  figures: 'nothing falls into the row on the other side',
}
