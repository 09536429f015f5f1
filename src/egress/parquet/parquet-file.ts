import { ByteWriter, ParquetWriter, type KeyValue, type SchemaElement, type Writer } from 'hyparquet-writer'
import type { ColumnKind, FlatColumn } from '../../contract/flat-columns.js'

type Rows = readonly Readonly<Record<string, unknown>>[]

/** A Parquet file that is written by row groups. */
export type ParquetFile = Readonly<{
  /** Adds a row group. */
  add: (rows: Rows) => Promise<void>
  finish: () => Promise<void>
}>

/**
 * A Parquet file of these columns, compressed with Snappy. The same rows in the same groups give the same bytes: the
 * writer puts no time and no randomness into a file. `notes` are its key-value metadata.
 */
export const parquetFile = (
  writer: Writer,
  columns: readonly FlatColumn[],
  notes?: Readonly<Record<string, string>>,
): ParquetFile => {
  const schema: SchemaElement[] = [{ name: 'row', num_children: columns.length }, ...columns.map(elementOf)]
  const kvMetadata: KeyValue[] | undefined = notes && Object.entries(notes).map(([key, value]) => ({ key, value }))
  const file = new ParquetWriter({ writer, schema, createdBy: 'streamvane', ...(kvMetadata && { kvMetadata }) })
  return {
    add: async (rows) => {
      const columnData = columns.map(({ name, kind }) => ({ name, data: rows.map((row) => cellOf(kind, row[name])) }))
      await file.write({ columnData, rowGroupSize: rows.length })
    },
    finish: async () => {
      await file.finish()
    },
  }
}

/** Rows in one row group: enough for a column to compress well, few enough to be held in memory. */
export const GROUP_ROWS = 10_000

/** The bytes of a Parquet file with these rows. */
export const parquetBytes = async (
  columns: readonly FlatColumn[],
  rows: Rows,
  notes?: Readonly<Record<string, string>>,
): Promise<Uint8Array> => {
  const writer = new ByteWriter()
  const file = parquetFile(writer, columns, notes)
  for (let at = 0; at < rows.length; at += GROUP_ROWS) await file.add(rows.slice(at, at + GROUP_ROWS))
  await file.finish()
  return writer.getBytes()
}

const elementOf = ({ name, kind, required }: FlatColumn): SchemaElement => ({
  name,
  repetition_type: required === true ? 'REQUIRED' : 'OPTIONAL',
  ...elements[kind],
})

const elements: Readonly<Record<ColumnKind, Omit<SchemaElement, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  long: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  instant: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
}

const cellOf = (kind: ColumnKind, value: unknown): unknown => {
  if (value === undefined || value === null) return null
  if (kind === 'long') return BigInt(value as number)
  if (kind === 'instant') return new Date(value as string)
  return value
}
