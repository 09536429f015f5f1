import type { Dimension } from '../../domain/dimensions.js'
import { families, type FamilyName } from '../../domain/family.js'
import { intervalAt, type Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Profile } from '../../domain/profile.js'
import type { Row } from '../../domain/row.js'
import { granularitiesOf } from '../../projections/cells/cell-finder.js'

/**
 * Which rows: those of these families, of intervals that start in `[from, to)`, with one of these values in every
 * dimension that is named. What is absent limits nothing. A family that lacks a named dimension is out of the scope.
 */
export type Scope = Readonly<{
  families?: ReadonlySet<FamilyName> | undefined
  granularities?: ReadonlySet<Granularity> | undefined
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  dimensions?: Readonly<Partial<Record<Dimension, ReadonlySet<string | null>>>> | undefined
}>

/** Names the cell of a row. */
export type CellName = Pick<Row, 'family' | 'dimensions' | 'granularity' | 'start'>

export const isInScope = (scope: Scope, { family, dimensions, granularity, start }: CellName): boolean =>
  scope.families?.has(family) !== false &&
  scope.granularities?.has(granularity) !== false &&
  start >= (scope.from ?? -Infinity) &&
  start < (scope.to ?? Infinity) &&
  wantedOf(scope).every(([dimension, values]) => {
    const place = families[family].dimensions.indexOf(dimension)
    return place >= 0 && values.has(dimensions[place] ?? null)
  })

/** The dimensions that a scope names, with the values that they may have. */
export const wantedOf = ({ dimensions = {} }: Scope): readonly (readonly [Dimension, ReadonlySet<string | null>])[] =>
  Object.entries(dimensions).map(([dimension, values]) => [dimension as Dimension, values])

/** Does a family have every dimension that the scope names? */
export const mayHold = (scope: Scope, family: FamilyName): boolean =>
  scope.families?.has(family) !== false &&
  wantedOf(scope).every(([dimension]) => families[family].dimensions.includes(dimension))

/**
 * The event time that the rows of a scope hold: from the start of its first interval to the end of its last, which may
 * lie behind `to`.
 */
export const eventTimeOf = (
  { from = -Infinity, to = Infinity, granularities }: Scope,
  profile: Profile,
): Readonly<{ from: EpochMs; to: EpochMs }> => {
  if (!Number.isFinite(to)) return { from, to }
  const ends = granularitiesOf(profile)
    .filter((granularity) => granularities?.has(granularity) !== false)
    .map((granularity) => intervalAt(granularity, profile.zone, to - 1).end)
  return { from, to: Math.max(to, ...ends) }
}
