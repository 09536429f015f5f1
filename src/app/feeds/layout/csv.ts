import type { LayoutSettings } from '../../config/feeds/column-schema.js'
import type { Layout } from '../records/plan.js'
import { fixed, type Written } from './written.js'

const BOM = '\uFEFF'

/** Records as CSV after RFC 4180, with the separators of the layout. */
export const csvText = ({ settings, columns }: Layout, records: readonly (readonly Written[])[]): string => {
  const { header, bom } = settings.csv
  const names = columns.map(({ name }): Written => ({ kind: 'text', text: name }))
  const lines = (header ? [names, ...records] : records).map((record) => lineOf(record, settings.csv))
  return `${bom ? BOM : ''}${lines.join('')}`
}

const lineOf = (record: readonly Written[], csv: LayoutSettings['csv']): string =>
  `${record.map((written) => fieldOf(written, csv)).join(csv.delimiter)}${csv.lineEnd === 'lf' ? '\n' : '\r\n'}`

const fieldOf = (written: Written, { delimiter, decimalSeparator, empty }: LayoutSettings['csv']): string => {
  if (written === null) return empty
  if (written.kind === 'number') return fixed(written).replace('.', decimalSeparator)
  const { text } = written
  return text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
