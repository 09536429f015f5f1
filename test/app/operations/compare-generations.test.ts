import { expect, test } from 'vitest'
import { compareGenerations } from '../../../src/app/operations/generations/compare-generations.js'
import type { ComparedRow } from '../../../src/app/operations/generations/digest.js'
import type { Row } from '../../../src/domain/row.js'
import { comparedRows } from '../../support/compared-rows.js'
import { at, row } from '../reconcile/fixtures.js'

const sales = (more: Partial<Row> = {}, answered = [1_000]): Row =>
  row(['sales', 'voice', null, null], at(0), { tAnswered: answered }, more)
const rows = (...all: readonly Row[]): ReadonlyMap<string, ComparedRow> =>
  new Map(comparedRows(all).map((each) => [each.key, each]))

test('equal values with another target, status or correction are told apart from equal rows', () => {
  const before = rows(sales({ serviceTarget: 0.8, status: 'corrected', correction: 'late' }))
  expect(compareGenerations(before, before)).toMatchObject([{ same: true, published: {} }])
  const after = rows(sales({ serviceTarget: 0.9, status: 'final', correction: null }))
  expect(compareGenerations(before, after)).toMatchObject([
    { same: true, published: { serviceTarget: 1, status: 1, correction: 1 } },
  ])
})

test('other values are no matter of what is published besides', () => {
  expect(compareGenerations(rows(sales()), rows(sales({}, [2_000])))).toMatchObject([{ same: false, published: {} }])
  expect(compareGenerations(rows(), rows(sales()))).toMatchObject([{ same: false, before: undefined, published: {} }])
})

test('an interval of rows without values is compared too', () => {
  const empty = (more: Partial<Row>) => rows(row(['sales', 'voice', null, null], at(0), {}, more))
  expect(compareGenerations(empty({ status: 'provisional' }), empty({ status: 'final' }))).toMatchObject([
    { start: at(0), same: true, published: { status: 1 } },
  ])
})
