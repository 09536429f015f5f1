import { closeSync, openSync, writeSync } from 'node:fs'
import type { FlatColumn } from '../../../contract/flat-columns.js'
import { csvLine } from '../../csv-line.js'
import type { RowFile } from './row-file.js'

/** A CSV file after RFC 4180, its header first. A column without a value is an empty field. */
export const csvFile = (path: string, columns: readonly FlatColumn[]): RowFile => {
  const file = openSync(path, 'w', 0o600)
  writeSync(file, csvLine(columns.map(({ name }) => name)))
  return {
    add: async (rows) => {
      writeSync(file, rows.map((row) => csvLine(columns.map(({ name }) => row[name]))).join(''))
    },
    finish: async () => closeSync(file),
  }
}
