import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { columnValues, flatColumns, tableOf, type FlatColumn } from '../../../contract/flat-columns.js'
import type { FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import type { EpochMs } from '../../../domain/interval.js'
import { isEmptyRow } from '../../../domain/row.js'
import type { RowsOf } from '../../row-index/row-index.js'
import { latestRowsInOrder } from '../rows.js'
import type { RowFile } from './row-file.js'

export const exportFormats = ['parquet', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

export type ExportOptions = Readonly<{
  of: RowsOf
  families: readonly FamilyName[]
  granularity?: Granularity | undefined
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  format: ExportFormat
  /** Folder of the files; made if it is missing. */
  out: string
  signal: AbortSignal
  onProgress?: (rows: number) => void
}>

/** One file of an export. */
export type ExportedFile = Readonly<{ family: FamilyName; file: string; rows: number; bytes: number }>

/** Rows that are written at once: a row group of Parquet. */
const GROUP_ROWS = 10_000

/**
 * Writes the latest rows of a range to a file for each family, `<table>.parquet` or `<table>.csv`, with the columns of
 * the SQL tables. Rows that hold nothing are left out. A file gets its name when it is whole; an export that is stopped
 * or fails leaves what was there before. Memory is that of one window of the range.
 */
export const exportRows = async (options: ExportOptions): Promise<readonly ExportedFile[]> => {
  const { families, out, signal } = options
  await mkdir(out, { recursive: true, mode: 0o700 })
  const exported: ExportedFile[] = []
  for (const family of families) {
    if (signal.aborted) break
    const file = await exportFamily(family, options)
    if (file !== undefined) exported.push(file)
  }
  return exported
}

const exportFamily = async (family: FamilyName, options: ExportOptions): Promise<ExportedFile | undefined> => {
  const { of, granularity, from, to, format, out, signal, onProgress = () => undefined } = options
  const columns = flatColumns(family)
  const name = `${tableOf(family)}.${format}`
  const draft = join(out, `.${name}.draft`)
  try {
    const file = await openFile(format, draft, columns)
    let rows = 0
    for await (const window of latestRowsInOrder(of, { family, granularity, from, to, signal })) {
      const values = window.filter((row) => !isEmptyRow(row)).map((row) => columnValues(row, of.generation, columns))
      for (let start = 0; start < values.length; start += GROUP_ROWS) {
        await file.add(values.slice(start, start + GROUP_ROWS))
        onProgress((rows += Math.min(GROUP_ROWS, values.length - start)))
      }
    }
    await file.finish()
    if (signal.aborted) return undefined
    await rename(draft, join(out, name))
    return { family, file: name, rows, bytes: (await stat(join(out, name))).size }
  } finally {
    await rm(draft, { force: true })
  }
}

/** The writer of Parquet is loaded where it is used. */
const openFile = async (format: ExportFormat, path: string, columns: readonly FlatColumn[]): Promise<RowFile> => {
  if (format === 'csv') return (await import('./csv-file.js')).csvFile(path, columns)
  const [{ fileWriter }, { parquetFile }] = await Promise.all([
    import('hyparquet-writer'),
    import('../../../egress/parquet/parquet-file.js'),
  ])
  return parquetFile(fileWriter(path), columns)
}
