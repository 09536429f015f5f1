import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { tableLines, type Column } from '../../../src/cli/command/table.js'
import { cut, wrap } from '../../../src/cli/command/text-width.js'

const id = '9b1d4a52-0d3e-4c0a-9f6e-2c1f0a7b8c9d'
const columns: readonly Column[] = [
  { head: 'interval' },
  { head: 'queue', narrow: 'cut', min: 9 },
  { head: 'offered', align: 'right' },
  { head: 'says', narrow: 'wrap', rank: 1 },
  { head: 'AHT', align: 'right', rank: 2 },
]
const rows = [
  ['08:00', id, '7', 'two words', '00:04:12'],
  ['08:15', 'Verkauf 東京', '1,234', '-', '00:00:09'],
]

describe('a table in a terminal', () => {
  test('shows everything where it fits, numbers on the right, wide characters counted as two columns', () => {
    const { lines, left } = tableLines({ columns, rows }, { width: 100, color: false })
    expect(left).toEqual([])
    expect(lines).toEqual([
      'interval  queue                                 offered  says            AHT',
      `08:00     ${id}        7  two words  00:04:12`,
      '08:15     Verkauf 東京                            1,234  -          00:00:09',
    ])
  })

  test('shortens what may be shortened before it leaves a column out', () => {
    const { lines, left } = tableLines({ columns, rows }, { width: 52, color: false })
    expect(left).toEqual([])
    expect(lines.every((line) => stringWidth(line) <= 52)).toBe(true)
    expect(lines[1]).toContain('9b1d4a52')
    expect(lines[1]).toContain('…')
  })

  test('leaves the columns of the highest rank out, and names them', () => {
    const { lines, left } = tableLines({ columns, rows }, { width: 40, color: false })
    expect(left).toEqual(['AHT'])
    expect(lines[0]).toMatch(/^interval +queue +offered +says$/)
  })

  test('keeps columns without a rank even where they do not fit', () => {
    expect(tableLines({ columns, rows }, { width: 10, color: false })).toMatchObject({ left: ['says', 'AHT'] })
  })

  test('rules the totals off', () => {
    const { lines } = tableLines(
      { columns: columns.slice(0, 3), rows, totals: ['total', '', '1,241'] },
      { width: 80, color: false },
    )
    expect(lines.at(-2)).toMatch(/^─+$/)
    expect(lines.at(-1)).toMatch(/^total +1,241$/)
  })

  test('styles heads and cells without counting the styles as text', () => {
    const { lines } = tableLines(
      { columns: [{ head: 'state' }, { head: 'n' }], rows: [[{ text: 'ok', style: 'green' }, '1']] },
      { width: 80, color: true },
    )
    expect(lines).toEqual(['\u001b[1mstate\u001b[22m  \u001b[1mn\u001b[22m', '\u001b[32mok\u001b[39m     1'])
  })
})

test('in a pipe a table has every column, whole and without styles', () => {
  const { lines, left } = tableLines({ columns, rows }, { width: undefined, color: false })
  expect(left).toEqual([])
  for (const [index, row] of rows.entries()) for (const cell of row) expect(lines[index + 1]).toContain(cell)
})

test('a cell that would control the terminal is printed with its controls escaped', () => {
  const { lines } = tableLines({ columns: [{ head: 'x' }], rows: [['a\u001b[2J']] }, { width: 80, color: false })
  expect(lines[1]).toBe(String.raw`a\u001b[2J`)
})

test('no line is wider than the terminal when every column may be shortened or left out', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', ' ', '東', 'é', '-'), maxLength: 40 })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
      fc.integer({ min: 24, max: 90 }),
      (some, width) => {
        const any: readonly Column[] = [
          { head: 'one', narrow: 'cut' },
          { head: 'two', narrow: 'wrap', rank: 1 },
          { head: 'three', rank: 2 },
        ]
        const { lines } = tableLines({ columns: any, rows: some }, { width, color: false })
        expect(lines.filter((line) => stringWidth(line) > width)).toEqual([])
      },
    ),
  )
})

test('a text is cut and wrapped by the columns it takes, never within a character', () => {
  expect(cut('東京都庁', 5)).toBe('東京…')
  expect(cut('abc', 3)).toBe('abc')
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh'])
  expect(wrap('👩‍👩‍👧👩‍👩‍👧', 2)).toEqual(['👩‍👩‍👧', '👩‍👩‍👧'])
  expect(wrap('', 5)).toEqual([''])
})
