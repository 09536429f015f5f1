import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  filtered,
  moved,
  nextOrder,
  sorted,
  windowOf,
  type CellValue,
} from '../../../src/console/components/table-model.js'

type Row = Readonly<{ name: string; calls: CellValue }>
const rows: readonly Row[] = [
  { name: 'g10', calls: 4 },
  { name: 'g2', calls: null },
  { name: 'Überweisung', calls: 30 },
]
const name = (row: Row) => row.name
const calls = (row: Row) => row.calls

describe('a table', () => {
  test('orders numbers by size and names as people do; what has no value comes last either way', () => {
    expect(sorted(rows, name, 'ascending').map(name)).toEqual(['g2', 'g10', 'Überweisung'])
    expect(sorted(rows, calls, 'ascending').map(calls)).toEqual([4, 30, null])
    expect(sorted(rows, calls, 'descending').map(calls)).toEqual([30, 4, null])
  })

  test('shows the rows that hold every word of the filter, without regard to case and accents', () => {
    expect(filtered(rows, 'uberweis 30', [name, calls]).map(name)).toEqual(['Überweisung'])
    expect(filtered(rows, '  ', [name])).toBe(rows)
    expect(filtered(rows, 'g 99', [name, calls])).toEqual([])
  })

  test('is ordered by a click, the other way by the next, and as it came by the third', () => {
    const first = nextOrder(undefined, 'calls', 'descending')
    const second = nextOrder(first, 'calls', 'descending')
    expect([first, second, nextOrder(second, 'calls', 'descending')]).toEqual([
      { column: 'calls', direction: 'descending' },
      { column: 'calls', direction: 'ascending' },
      undefined,
    ])
    expect(nextOrder(first, 'name', 'ascending')).toEqual({ column: 'name', direction: 'ascending' })
  })

  test('keeps the order of rows that have the same value', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3)), (values) => {
        const all = values.map((value, place) => ({ value, place }))
        const ordered = sorted(all, ({ value }) => value, 'ascending')
        for (const [at, row] of ordered.slice(1).entries())
          if (ordered[at]?.value === row.value) expect(ordered[at].place).toBeLessThan(row.place)
      }),
    )
  })
})

describe('a long table', () => {
  test('has every row in sight in the page, wherever it is scrolled to', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(400_000), fc.nat(2_000), (count, scrollTop, height) => {
        const { from, to } = windowOf(count, { rowHeight: 30, scrollTop, height })
        expect(from).toBeGreaterThanOrEqual(0)
        expect(to).toBeLessThanOrEqual(count)
        expect(from).toBeLessThanOrEqual(Math.min(count, Math.floor(scrollTop / 30)))
        expect(to).toBeGreaterThanOrEqual(Math.min(count, Math.ceil((scrollTop + height) / 30)))
        expect(to - from).toBeLessThanOrEqual(height / 30 + 26)
      }),
    )
  })
})

describe('the keys of a grid', () => {
  const of = { rows: 100, columns: 5, page: 20, ctrl: false }

  test('move by a cell, a page, and to the ends of a row', () => {
    const from = { row: 50, column: 2 }
    expect(['ArrowUp', 'ArrowRight', 'PageDown', 'Home', 'End', 'x'].map((key) => moved(from, key, of))).toEqual([
      ...[
        { row: 49, column: 2 },
        { row: 50, column: 3 },
        { row: 70, column: 2 },
      ],
      ...[{ row: 50, column: 0 }, { row: 50, column: 4 }, undefined],
    ])
    expect(moved(from, 'End', { ...of, ctrl: true })).toEqual({ row: 99, column: 4 })
  })

  test('never leave the table', () => {
    const key = fc.constantFrom('ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End')
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.boolean())), (keys) => {
        let place = { row: 0, column: 0 }
        for (const [each, ctrl] of keys) place = moved(place, each, { ...of, ctrl }) ?? place
        expect(place.row >= 0 && place.row < 100 && place.column >= 0 && place.column < 5).toBe(true)
      }),
    )
  })
})
