import { expect, test } from 'vitest'
import { zoneOf } from '../../../src/app/config/profile/zones.js'
import { tableLines } from '../../../src/cli/command/table.js'
import { columnsOf, namedColumns } from '../../../src/cli/rows/catalogue.js'
import type { Shown } from '../../../src/cli/rows/column.js'
import { csvLine } from '../../../src/app/csv-line.js'
import { csvHeader, csvRow } from '../../../src/cli/rows/csv.js'
import { csvColumnNames, wantedFigures, wideColumnNames } from '../../../src/cli/rows/default-columns.js'
import { rowTable, type Choice } from '../../../src/cli/rows/row-table.js'
import { families, familyNames, type FamilyName } from '../../../src/domain/family.js'
import { builtInKpisOf } from '../../../src/domain/kpi.js'
import type { Row } from '../../../src/domain/row.js'
import { utc } from '../../../src/domain/zone.js'
import { at, row } from '../../app/reconcile/fixtures.js'

const shown = (one: Row, names: Shown['names'] = {}): Shown => ({ row: one, names })
const sales = row(['q1', 'voice', null, null], at(0), { nOffered: 4, tAnswered: [10_000, 20_000], nOverSla: 1 })
const support = row(
  ['q2', 'voice', null, null],
  at(1),
  { nOffered: 2, tAnswered: [60_000], tAbandon: [30_000] },
  { status: 'corrected', correction: 'late' },
)

const printed = (
  rows: readonly Shown[],
  width: number | undefined,
  {
    family = 'queue',
    zone = utc,
    choice = { kind: 'default' },
  }: { family?: FamilyName; zone?: typeof utc; choice?: Choice } = {},
) => {
  const kpis = builtInKpisOf(family).map(({ name }) => name)
  const { above, table, below } = rowTable(
    { family, all: columnsOf(family, []), kpis, ownKpis: [], zone, choice },
    rows,
  )
  const { lines, left } = tableLines(table, { width, color: false })
  return { above, lines, left, below }
}

test('at 80 columns a queue has its name, offered to AHT, and totals made of added terms', () => {
  const { above, lines, left, below } = printed(
    [shown(sales, { queueId: 'Sales' }), shown(support, { queueId: 'Support' })],
    80,
    { zone: zoneOf('Europe/Berlin') },
  )
  expect(above).toBe('family queue, intervals of PT15M, 2026-01-05, times of Europe/Berlin')
  expect(lines.every((line) => line.length <= 80)).toBe(true)
  expect(lines[0]).toMatch(/^time +queue +queueId +media +offered +answ\. +aband\. +SL +ASA/)
  expect(lines[1]).toMatch(/^11:00 +Sales +q1 +voice +4 +2 +50\.0 % +00:00:15/)
  expect(lines[2]).toMatch(/^11:15\* +Support +q2 +voice +2 +1 +1 +50\.0 % +00:01:00/)
  // 90 s for 3 answers, not the average of 15 s and 60 s; 2 of 4 within the service level.
  expect(lines.at(-1)).toMatch(/^total +6 +3 +1 +50\.0 % +00:00:30/)
  expect(left).toEqual(['aband. %'])
  expect(below).toEqual(['* corrected: changed after it was final (streamvane corrections)'])
})

test('without a name in the configuration the id stands in its place', () => {
  const { lines } = printed([shown(sales)], 80)
  expect(lines[0]).toMatch(/^time +queue +media/)
  expect(lines[1]).toMatch(/^10:00 +q1 +voice/)
})

test('intervals of several days say their date, and several lengths their length, and have no totals', () => {
  const day = row(['q1', 'voice', null, null], at(96), { nOffered: 4 }, { granularity: 'P1D' })
  const { above, lines, below } = printed([shown(sales), shown(day)], 100)
  expect(above).toBe('family queue, times of UTC')
  expect(lines[1]).toMatch(/^2026-01-05 10:00 +PT15M/)
  expect(lines.at(-1)).toMatch(/^2026-01-06 10:00 +P1D/)
  expect(below).toEqual(['no totals: intervals of several lengths overlap: --granularity chooses one'])
})

test('rows of several skills have no totals, because an interaction counts in each of its skills', () => {
  const of = (skill: string) => shown(row([skill, 'voice', null, null], at(0), { nOffered: 1 }, { family: 'skill' }))
  expect(printed([of('a'), of('b')], 80, { family: 'skill' }).below).toEqual([
    'no totals: what has several values of skillId counts in each: --where skillId=… chooses one',
  ])
  expect(printed([of('a'), of('a')], 80, { family: 'skill' }).lines.at(-1)).toMatch(/^total/)
})

test('the columns of every family that are shown or written by default exist', () => {
  for (const family of familyNames) {
    const all = columnsOf(family, [])
    const kpis = builtInKpisOf(family).map(({ name }) => name)
    for (const name of [
      ...wantedFigures(family, []),
      ...wideColumnNames(family, kpis),
      ...csvColumnNames(family, kpis),
    ])
      expect({ family, name, exists: all.has(name) }).toEqual({ family, name, exists: true })
    for (const metric of families[family].metrics) expect(namedColumns(all, family, [metric])).not.toEqual([])
  }
})

test('an unknown column is refused with near names', () => {
  expect(() => namedColumns(columnsOf('queue', []), 'queue', ['serviceLevl'])).toThrow(/did you mean serviceLevel/)
})

test('CSV has the terms of a ratio, quotes what must be quoted, and the same header whatever the rows hold', () => {
  const all = columnsOf('queue', [])
  const columns = namedColumns(all, 'queue', ['intervalStart', 'queueName', 'serviceLevel', 'offered'])
  expect(csvHeader(columns)).toBe(
    'intervalStart,queueName,serviceLevel,serviceLevel.numerator,serviceLevel.denominator,offered\r\n',
  )
  expect(csvRow(columns, shown(sales, { queueId: 'Sales, "north"' }))).toBe(
    '2026-01-05T10:00:00.000Z,"Sales, ""north""",0.5,1,2,4\r\n',
  )
  expect(csvLine(['a\nb', null, 1])).toBe('"a\nb",,1\r\n')
})
