/** What a column is sorted and filtered by. */
export type CellValue = string | number | null | undefined

export type Order = Readonly<{ column: string; direction: 'ascending' | 'descending' }>

export type ValueOf<Row> = (row: Row) => CellValue

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Numbers by size, texts as people order them (`g2` before `g10`); what has no value comes last either way. */
export const compareValues = (a: CellValue, b: CellValue, direction: Order['direction']): number => {
  const [isNoneA, isNoneB] = [a == null || a === '', b == null || b === '']
  if (isNoneA || isNoneB) return Number(isNoneA) - Number(isNoneB)
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b))
  return direction === 'ascending' ? order : -order
}

/** The rows in an order. Rows of the same value keep the order in which they came. */
export const sorted = <Row>(
  rows: readonly Row[],
  valueOf: ValueOf<Row>,
  direction: Order['direction'],
): readonly Row[] =>
  rows
    .map((row) => ({ row, value: valueOf(row) }))
    .sort((a, b) => compareValues(a.value, b.value, direction))
    .map(({ row }) => row)

/** The rows in which every word of a text occurs, each in any column. Case and accents do not matter. */
export const filtered = <Row>(rows: readonly Row[], text: string, values: readonly ValueOf<Row>[]): readonly Row[] => {
  const words = plain(text).split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  return rows.filter((row) => {
    const cells = values.map((valueOf) => plain(String(valueOf(row) ?? '')))
    return words.every((word) => cells.some((cell) => cell.includes(word)))
  })
}

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** What the next click on the head of a column orders by: ascending, then descending, then as the rows came. */
export const nextOrder = (order: Order | undefined, column: string, first: Order['direction']): Order | undefined => {
  if (order?.column !== column) return { column, direction: first }
  if (order.direction !== first) return undefined
  return { column, direction: first === 'ascending' ? 'descending' : 'ascending' }
}

/** Which rows of a long table are in sight, with some around them: `[from, to)`. Heights are in pixels. */
export const windowOf = (
  count: number,
  { rowHeight, scrollTop, height }: Readonly<{ rowHeight: number; scrollTop: number; height: number }>,
  around = 12,
): Readonly<{ from: number; to: number }> => {
  const from = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight)) - around)
  const to = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + around)
  return { from, to: Math.max(from, to) }
}

export type Place = Readonly<{ row: number; column: number }>

/** Where a key leads from a cell of a grid; `undefined`: the key is not one of the grid's. */
export const moved = (
  { row, column }: Place,
  key: string,
  { rows, columns, page, ctrl }: Readonly<{ rows: number; columns: number; page: number; ctrl: boolean }>,
): Place | undefined => {
  const within = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value))
  const to = (toRow: number, toColumn: number): Place => ({
    row: within(toRow, rows),
    column: within(toColumn, columns),
  })
  switch (key) {
    case 'ArrowDown':
      return to(row + 1, column)
    case 'ArrowUp':
      return to(row - 1, column)
    case 'ArrowRight':
      return to(row, column + 1)
    case 'ArrowLeft':
      return to(row, column - 1)
    case 'PageDown':
      return to(row + page, column)
    case 'PageUp':
      return to(row - page, column)
    case 'Home':
      return to(ctrl ? 0 : row, 0)
    case 'End':
      return to(ctrl ? rows - 1 : row, columns - 1)
    default:
      return undefined
  }
}
