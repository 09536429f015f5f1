import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { IntervalComplete } from '../../domain/interval-complete.js'
import { intervalName } from '../../domain/interval-complete.js'
import type { EpochMs } from '../../domain/interval.js'
import { addToDigest, rowNumber } from '../../domain/row-digest.js'
import type { Row } from '../../domain/row.js'

/** An interval whose rows are wanted as the marker of this number counts them; without one, as its last marker does. */
export type WantedInterval = Readonly<{
  family: FamilyName
  granularity: Granularity
  start: EpochMs
  number?: number | undefined
}>

/** A marker, and the rows that it counts, ordered by key. */
export type CompleteInterval = Readonly<{ marker: IntervalComplete; rows: readonly Row[] }>

/** Names a wanted interval among others. */
export const wantedName = (wanted: WantedInterval): string => `${intervalName(wanted)}/${wanted.number ?? 'last'}`

/**
 * Reads complete intervals from the KPI log of a generation, by `wantedName`. An interval without such a marker is left
 * out. Rejects with `UnreadableRow` if a row was written with a schema that this version does not know.
 */
export type IntervalRows = (
  generation: string,
  wanted: readonly WantedInterval[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, CompleteInterval>>

/** A row cannot be read by this version. The message says why. */
export class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow'
}

/** Whether the rows are those that the marker counts. */
export const isWhole = ({ marker, rows }: CompleteInterval): boolean =>
  rows.length === marker.rows &&
  rows.reduce((digest, { key, revision }) => addToDigest(digest, rowNumber(key, revision)), 0) === marker.digest
