import fc from 'fast-check'
import { expect, test } from 'vitest'
import { familyNames } from '../../src/domain/family.js'
import { metricKind, metricNames } from '../../src/domain/metric.js'
import { valueText, type Row } from '../../src/domain/row.js'
import { noSketch } from '../../src/domain/sketch.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import { anyRow, anyRowOf } from './any-row.js'

const figuresOf = (row: Row): string | undefined => {
  const { encode, figures } = rowCodec(row.family)
  const bytes = figures(encode(row)).figures
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

const textOf = (row: Row): string | undefined => {
  const text = valueText(row)
  return text === '' ? undefined : text.slice(row.key.length)
}

/** The same row without one of its measures, or with another one's value. */
const slightlyOther = (row: Row, at: number): Row => ({
  ...row,
  measures: row.measures.map((measure, place) => (place % 7 === at ? undefined : measure)),
})

test('the figures of two rows are equal bytes exactly if their values are equal texts', () => {
  const pairs = fc
    .constantFrom(...familyNames)
    .chain((family) => fc.tuple(anyRowOf(family), anyRowOf(family), fc.nat({ max: 6 })))
  fc.assert(
    fc.property(pairs, ([one, other, at]) => {
      const published: Row = { ...other, measures: one.measures, kpis: one.kpis }
      for (const each of [other, published, slightlyOther(one, at)])
        expect(figuresOf(one) === figuresOf(each)).toBe(textOf(one) === textOf(each))
    }),
  )
})

test('a row holds no figures exactly if it has no values', () => {
  fc.assert(
    fc.property(anyRow, (row) => {
      expect(figuresOf(row) === undefined).toBe(textOf(row) === undefined)
    }),
  )
})

test('time in a state that was taken back as a whole is no figure', () => {
  const taken = { count: 1, sum: 0, min: 0, max: 0, sketch: noSketch }
  const [row] = fc.sample(anyRowOf('agent-state'), 1) as [Row]
  const measures = metricNames.map((name) => (metricKind(name) === 'state' ? taken : undefined))
  expect(figuresOf({ ...row, measures, kpis: {} })).toBeUndefined()
})

test('target and erased points of a row are told beside its figures', () => {
  fc.assert(
    fc.property(anyRow, (row) => {
      const { encode, figures } = rowCodec(row.family)
      expect(figures(encode(row))).toMatchObject({ erased: row.erased, serviceTarget: row.serviceTarget })
    }),
  )
})

test('KPIs of a profile count as figures in whatever order they were written', () => {
  const [row] = fc.sample(
    anyRowOf('queue').filter((each) => textOf(each) !== undefined),
    1,
  ) as [Row]
  const ratios = [
    ['mine', { numerator: 1, denominator: null }],
    ['yours', { numerator: 2, denominator: 3 }],
  ] as const
  const one = { ...row, kpis: Object.fromEntries(ratios) }
  const other = { ...row, kpis: Object.fromEntries(ratios.toReversed()) }
  expect(figuresOf(one)).toBe(figuresOf(other))
  expect(figuresOf(one)).not.toBe(figuresOf({ ...row, kpis: Object.fromEntries(ratios.slice(1)) }))
})
