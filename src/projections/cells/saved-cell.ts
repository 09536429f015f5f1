import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Correction, RowStatus } from '../../domain/row.js'
import type { KeptValuesState } from './kept-values.js'
import type { Site } from './site.js'

/** A point that may be withdrawn. Minimum and maximum cannot be subtracted, so it is kept apart until it is certain. */
export type PendingPoint = Readonly<{ metric: number; value: number }>

/** A cell as plain data. */
export type CellState = Readonly<{
  family: FamilyName
  dimensions: readonly (string | null)[]
  granularity: Granularity
  start: EpochMs
  end: EpochMs
  status: RowStatus
  correction: Correction | null
  revision: number
  /** The last revision that was published, 0 if none was. */
  published: number
  /** Number of the settings by which this revision is rendered. */
  settingsVersion: number
  serviceTarget: number | null
  erased: number
  /** Metrics of which the row tells quantiles, by place. */
  sketched: readonly number[]
  /** Does the cell keep all values, so that points can be taken back? */
  keepsValues: boolean
  /** Place, count, sum, minimum and maximum of each metric that it has. */
  measures: readonly number[]
  kept: readonly (readonly [place: number, kept: KeptValuesState])[]
  pending: readonly (readonly [string, PendingPoint])[]
}>

/**
 * Key of a cell among all cells of a generation, ordered by interval: `<start>/<granularity>/<family>/<dimensions>`.
 */
export const keyOf = ({
  site,
  granularity,
  start,
}: Readonly<{ site: Pick<Site, 'key'>; granularity: Granularity; start: EpochMs }>): string =>
  [String(start).padStart(START_DIGITS, '0'), granularity, site.key].join('/')

const START_DIGITS = 15

/**
 * A cell as it is kept beside its key: the values of its state in a fixed order, without those that the key tells. Names
 * would take more room than the values, and there are as many of these as rows. What few cells have is left out at the
 * end.
 */
export type SavedCell = readonly unknown[]

type Held = Pick<CellState, 'published' | 'erased' | 'measures' | 'kept' | 'pending'>

export const savedCell = (
  cell: Omit<CellState, keyof Held | 'sketched' | 'keepsValues' | 'family'> & Readonly<{ site: Pick<Site, 'key'> }>,
  { sketched, keepsValues }: Pick<CellState, 'sketched' | 'keepsValues'>,
  { published, erased, measures, kept, pending }: Held,
): SavedCell => {
  const { site, end, status, correction, revision, settingsVersion, serviceTarget } = cell
  const dimensions = isEscaped(site.key) ? cell.dimensions : null
  const usual = [dimensions, end, status, correction, revision, published, settingsVersion, measures]
  const hasMore =
    serviceTarget !== null || erased > 0 || sketched.length > 0 || keepsValues || kept.length + pending.length > 0
  return hasMore ? [...usual, serviceTarget, erased, sketched, keepsValues, kept, pending] : usual
}

/** Does the key hold a value that is escaped? It is not read back from there then. */
const isEscaped = (key: string): boolean => key.includes('~')

export const cellStateOf = (key: string, saved: SavedCell): CellState => {
  const [start, granularity, family, ...values] = key.split('/')
  const [escaped, end, status, correction, revision, published, settingsVersion, measures, ...rest] = saved
  const [serviceTarget = null, erased = 0, sketched = [], keepsValues = false, kept = [], pending = []] = rest
  const dimensions = escaped ?? values.map((value) => (value === '-' ? null : value))
  return {
    ...{ family, dimensions, granularity, start: Number(start), end, status, correction, revision, published },
    ...{ settingsVersion, measures, serviceTarget, erased, sketched, keepsValues, kept, pending },
  } as CellState
}
