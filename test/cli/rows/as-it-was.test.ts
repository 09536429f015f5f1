import { describe, expect, test } from 'vitest'
import { otherStateOf, stateOf, stateText, thenJson } from '../../../src/cli/rows/as-it-was.js'
import { rowCodec } from '../../../src/contract/row-codec.js'
import type { Row } from '../../../src/domain/row.js'

const AT = Date.parse('2026-01-05T08:00:00Z')

describe('the state of rows that the flags ask for', () => {
  test.each([
    [{}, undefined],
    [{ as: 'first' as const }, { kind: 'first' }],
    [{ asOf: '2026-01-05T08:00:00Z' }, { kind: 'as-of', at: AT, by: 'event-time' }],
    [
      { asOf: '2026-01-05T08:00:00Z', known: true },
      { kind: 'as-of', at: AT, by: 'known' },
    ],
    [{ diff: 'first' }, { kind: 'latest' }],
    [{ as: 'first-final' as const, diff: 'latest' }, { kind: 'first-final' }],
  ])('%j is %j', (flags, state) => expect(stateOf(flags)).toEqual(state))

  test.each([
    [{}, undefined],
    [{ diff: 'latest' }, { kind: 'latest' }],
    [
      { diff: '2026-01-05T08:00:00Z', known: true },
      { kind: 'as-of', at: AT, by: 'known' },
    ],
  ])('%j compares with %j', (flags, state) => expect(otherStateOf(flags)).toEqual(state))

  test('an instant that is none, and --known without one, are wrong usage', () => {
    expect(() => stateOf({ asOf: 'yesterday' })).toThrow(/--as-of yesterday is not an instant/)
    expect(() => otherStateOf({ diff: 'yesterday' })).toThrow(/--diff yesterday is not an instant/)
    expect(() => stateOf({ known: true })).toThrow(/--known/)
  })
})

const row: Row = {
  ...{ tenant: 't', family: 'organisation', key: 'organisation/voice/-/-/PT15M/2026-01-05T08:00:00.000Z' },
  ...{ dimensions: ['voice', null, null], granularity: 'PT15M', start: AT, end: AT + 900_000, status: 'final' },
  ...{ correction: null, revision: 7, serviceTarget: null, erased: null, measures: [], kpis: {} },
}

test('a folded row is told without its revision, which names no published record', () => {
  expect(rowCodec('organisation').decode(rowCodec('organisation').encode(row)).revision).toBe(7)
  expect(thenJson({ row, from: 'kpi-log' })).toMatchObject({ from: 'kpi-log', revision: 7 })
  expect(thenJson({ row, from: 'fold' })).not.toHaveProperty('revision')
})

test('how rows of a moment were found is told beside them', () => {
  const what = { kind: 'as-of', at: AT, by: 'known' } as const
  const rows = [
    { row, from: 'fold' as const },
    { row, from: 'kpi-log' as const },
  ]
  expect(stateText({ rows, position: 12n, isReached: true }, what)).toBe(
    'known 2026-01-05T08:00:00.000Z: the raw log through position 12; 1 rows as the KPI log holds them; 1 rows folded through there, because that revision was not published',
  )
  expect(stateText({ rows: [], position: null, isReached: true }, what)).toMatch(/the log held nothing yet/)
  expect(stateText({ rows, position: null, isReached: true }, { kind: 'first' })).toBeUndefined()
})
