import stringWidth from 'string-width'
import { printable } from '../../domain/printable.js'
import { hasColor, styled, type Style } from './color.js'
import { fitColumns, type Sizing } from './fit-columns.js'
import { cut, wrap } from './text-width.js'

export type Column = Sizing & Readonly<{ head: string; align?: 'left' | 'right' }>

export type Cell = string | Readonly<{ text: string; style: Style }>

export type Table = Readonly<{
  columns: readonly Column[]
  rows: readonly (readonly Cell[])[]
  /** The last line, under a rule. */
  totals?: readonly Cell[] | undefined
}>

/** `width`: columns of the terminal; `undefined` for a pipe, where nothing is shortened or left out. */
export type Output = Readonly<{ width: number | undefined; color: boolean }>

const GAP = 2

/** The lines of a table, and the heads of the columns that were left out. Foreign text in cells is made printable. */
export const tableLines = (
  table: Table,
  { width, color }: Output,
): Readonly<{ lines: readonly string[]; left: readonly string[] }> => {
  const { columns, rows, totals } = table
  const all = totals === undefined ? rows : [...rows, totals]
  const texts = all.map((row) => columns.map((_, place) => textOf(row[place])))
  const natural = columns.map(({ head }, place) =>
    texts.reduce((widest, row) => Math.max(widest, stringWidth(row[place]!)), stringWidth(head)),
  )
  const widths = fitColumns(columns, natural, width, GAP)
  const shown = [...widths.keys()]
  const line = (cells: readonly string[], styles: readonly (Style | undefined)[]): readonly string[] => {
    const parts = shown.map((place) => {
      const { narrow } = columns[place]!
      const room = widths.get(place)!
      const text = cells[place]!
      return narrow === 'wrap' ? wrap(text, room) : [narrow === 'cut' ? cut(text, room) : text]
    })
    const height = Math.max(1, ...parts.map(({ length }) => length))
    return Array.from({ length: height }, (_, row) =>
      shown
        .map((place, index) => {
          const text = parts[index]![row] ?? ''
          const pad = ' '.repeat(Math.max(0, widths.get(place)! - stringWidth(text)))
          const said = styled(text, styles[place], color)
          return columns[place]!.align === 'right' ? pad + said : said + pad
        })
        .join(' '.repeat(GAP))
        .trimEnd(),
    )
  }
  const stylesOf = (row: readonly Cell[]) =>
    columns.map((_, place) => {
      const cell = row[place]
      return typeof cell === 'object' ? cell.style : undefined
    })
  const rule = '─'.repeat(shown.reduce((sum, place) => sum + widths.get(place)! + GAP, -GAP))
  return {
    lines: [
      ...line(
        columns.map(({ head }) => head),
        columns.map(() => 'bold'),
      ),
      ...rows.flatMap((row, index) => line(texts[index]!, stylesOf(row))),
      ...(totals === undefined ? [] : [styled(rule, 'dim', color), ...line(texts.at(-1)!, stylesOf(totals))]),
    ],
    left: columns.flatMap(({ head }, place) => (widths.has(place) ? [] : [head])),
  }
}

const textOf = (cell: Cell | undefined): string =>
  printable(cell === undefined ? '' : typeof cell === 'string' ? cell : cell.text)

/** What stdout is: a terminal with a width, or a pipe. */
export const stdoutNow = (): Output => ({
  width: process.stdout.isTTY ? process.stdout.columns || 80 : undefined,
  color: hasColor(process.stdout),
})

/** Prints a table on stdout. `more` says how to see columns that were left out (a flag of the command). */
export const printTable = (table: Table, more?: string): void => {
  const { lines, left } = tableLines(table, stdoutNow())
  for (const line of lines) console.log(line)
  if (left.length > 0) printText(`not shown at this width: ${left.join(', ')}${more === undefined ? '' : ` (${more})`}`)
}

/** Prints a sentence on stdout, wrapped where that is a terminal. */
export const printText = (text: string): void => {
  const { width } = stdoutNow()
  for (const line of width === undefined ? [text] : wrap(text, width)) console.log(line)
}
