import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import type { ColumnKind, FlatColumn } from '../../../contract/flat-columns.js'
import type { RowFile } from './row-file.js'

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]

/** A Parquet file with a row group for each call of `add`, compressed with Snappy. */
export const parquetFile = (path: string, columns: readonly FlatColumn[]): RowFile => {
  const schema: SchemaElement[] = [{ name: 'row', num_children: columns.length }, ...columns.map(elementOf)]
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: 'streamvane' })
  return {
    add: async (rows) => {
      const columnData = columns.map(({ name, kind }) => ({ name, data: rows.map((row) => cellOf(kind, row[name])) }))
      await writer.write({ columnData, rowGroupSize: rows.length })
    },
    finish: async () => {
      await writer.finish()
    },
  }
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
