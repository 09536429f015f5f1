import { families, type FamilyName } from '../domain/family.js'
import type { Granularity } from '../domain/granularity.js'
import type { Correction, Row } from '../domain/row.js'
import type { AvroReader } from './avro/reader.js'
import { rowStatuses } from './schema/row-schema.js'

/**
 * The fields at the front of a row's Avro datum: which row it is, and how settled. They are enough for topic, key,
 * partition and headers, so a sink that passes the bytes on does not decode the measures behind them.
 */
export type RowHeader = Pick<
  Row,
  'family' | 'key' | 'tenant' | 'dimensions' | 'granularity' | 'start' | 'end' | 'status' | 'correction' | 'revision'
>

/** What tells a row from others and how settled it is, without the dimensions, which its key repeats. */
export type RowPlace = Omit<RowHeader, 'tenant' | 'dimensions'>

export const headerOf = (row: Row): RowHeader => {
  const { family, key, tenant, dimensions, granularity, start, end, status, correction, revision } = row
  return { family, key, tenant, dimensions, granularity, start, end, status, correction, revision }
}

/**
 * Reads the header of data of one family, and leaves the reader behind it. Throws a RangeError if the bytes are not a
 * datum of the family's schema.
 */
export const headerReader = (family: FamilyName): ((from: AvroReader) => RowHeader) => {
  const isOptional = families[family].dimensions.map((name) => families[family].optional.includes(name))
  // Values of the row before: rows that follow each other mostly share them.
  let tenant = ''
  let granularity: string = ''
  const dimensions = isOptional.map(() => '')

  return (from) => {
    if (from.likely(family) !== family) throw new RangeError(`this is no row of ${family}`)
    // The order of the properties is the order of evaluation, and must be that of the schema's fields.
    return {
      family,
      key: from.string(),
      tenant: (tenant = from.likely(tenant)),
      dimensions: isOptional.map((optional, index) =>
        optional && !from.isPresent() ? null : (dimensions[index] = from.likely(dimensions[index] as string)),
      ),
      granularity: (granularity = from.likely(granularity)) as Granularity,
      start: from.long(),
      end: from.long(),
      status: statusOf(from.byte()),
      correction: from.isPresent() ? (from.string() as Correction) : null,
      revision: from.long(),
    }
  }
}

/**
 * As `headerReader`, without making texts of tenant and dimensions. The fields that both read are spelled out in both:
 * spreading a common part takes four times as long as all the rest.
 */
export const placeReader = (family: FamilyName): ((from: AvroReader) => RowPlace) => {
  const { dimensions, optional } = families[family]
  const isOptional = dimensions.map((name) => optional.includes(name))
  let granularity: string = ''

  return (from) => {
    if (from.likely(family) !== family) throw new RangeError(`this is no row of ${family}`)
    const key = from.string()
    from.skipString() // tenant
    for (let place = 0; place < isOptional.length; place++)
      if (isOptional[place] !== true || from.isPresent()) from.skipString()
    return {
      family,
      key,
      granularity: (granularity = from.likely(granularity)) as Granularity,
      start: from.long(),
      end: from.long(),
      status: statusOf(from.byte()),
      correction: from.isPresent() ? (from.string() as Correction) : null,
      revision: from.long(),
    }
  }
}

const statusOf = (byte: number): Row['status'] => {
  const status = rowStatuses[byte / 2]
  if (status === undefined) throw new RangeError(`there is no status ${byte / 2}`)
  return status
}
