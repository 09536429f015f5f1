import { createHash } from 'node:crypto'
import { markerJson } from '../../contract/completeness-codec.js'
import { columnValues, flatColumns, type FlatColumn } from '../../contract/flat-columns.js'
import type { FamilyName } from '../../domain/family.js'
import type { IntervalComplete } from '../../domain/interval-complete.js'
import { parquetBytes } from '../parquet/parquet-file.js'
import type { CompleteInterval } from './interval-rows.js'
import { rowsKey, sha256Of } from './layout.js'
import type { ListedInterval } from './manifest.js'
import type { NewObject } from './object-store.js'

const CONTENT_TYPE = 'application/vnd.apache.parquet'

/** As what a version of an interval is listed. */
export const listed = (
  marker: IntervalComplete,
  { generation, promotion }: Pick<ListedInterval, 'generation' | 'promotion'>,
): ListedInterval => {
  const { tenant, family, granularity, intervalStart, intervalEnd, zone, closedAt } = markerJson(marker) as Pick<
    ListedInterval,
    'tenant' | 'family' | 'granularity' | 'intervalStart' | 'intervalEnd' | 'zone' | 'closedAt'
  >
  const { number, rows, digest } = marker
  return {
    ...{ tenant, family, granularity, intervalStart, intervalEnd },
    ...(zone !== undefined && { zone }),
    ...{ generation, promotion, number, rows, digest },
    ...(closedAt !== undefined && { closedAt }),
    current: true,
  }
}

/**
 * The object of an interval: Parquet with the columns of the family, its rows ordered by key. Which bytes it has follows
 * from generation, interval, number and this version's columns alone. The marker stands in the metadata of the file.
 */
export const rowsObject = async (
  { marker, rows }: CompleteInterval,
  generation: string,
): Promise<Readonly<{ object: NewObject; columns: string }>> => {
  const columns = columnsOf(marker.family)
  const values = rows.map((row) => columnValues(row, generation, columns))
  const bytes = await parquetBytes(columns, values, {
    'streamvane.interval-complete': JSON.stringify(markerJson(marker)),
    'streamvane.generation': generation,
  })
  const sha256 = sha256Of(bytes)
  const key = rowsKey({ ...marker, generation }, sha256)
  return { object: { key, bytes, sha256, contentType: CONTENT_TYPE }, columns: fingerprintOf(marker.family) }
}

const columnsOf = (family: FamilyName): readonly FlatColumn[] => known(family).columns
const fingerprintOf = (family: FamilyName): string => known(family).fingerprint

const known = (family: FamilyName): Columns => {
  let of = byFamily.get(family)
  if (of === undefined) {
    const columns = flatColumns(family)
    const text = columns.map(({ name, kind, required }) => `${name} ${kind}${required === true ? ' required' : ''}`)
    const fingerprint = createHash('sha256').update(text.join('\n')).digest('hex').slice(0, 16)
    byFamily.set(family, (of = { columns, fingerprint }))
  }
  return of
}

type Columns = Readonly<{ columns: readonly FlatColumn[]; fingerprint: string }>
const byFamily = new Map<FamilyName, Columns>()
