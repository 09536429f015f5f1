import { closeSync, openSync, writeSync } from 'node:fs'
import type { FlatColumn } from '../../../contract/flat-columns.js'
import type { RowFile } from './row-file.js'

/** A CSV file after RFC 4180, its header first. A column without a value is an empty field. */
export const csvFile = (path: string, columns: readonly FlatColumn[]): RowFile => {
  const file = openSync(path, 'w', 0o600)
  const write = (fields: readonly unknown[]): string => `${fields.map(fieldOf).join(',')}\r\n`
  writeSync(file, write(columns.map(({ name }) => name)))
  return {
    add: async (rows) => {
      writeSync(file, rows.map((row) => write(columns.map(({ name }) => row[name]))).join(''))
    },
    finish: async () => closeSync(file),
  }
}

const fieldOf = (value: unknown): string => {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
