import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareGenerations, compareStored } from '../../../src/app/operations/generations/compare-generations.js'
import { comparedLike, comparedRow, type ComparedRow } from '../../../src/app/operations/generations/digest.js'
import { keepRowIndex } from '../../../src/app/row-index/row-events.js'
import type { RowsOf } from '../../../src/app/row-index/row-index.js'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import type { StoredPlace } from '../../../src/contract/kpi-stream/stored.js'
import { rowCodec } from '../../../src/contract/row-codec.js'
import { familyNames } from '../../../src/domain/family.js'
import type { Row } from '../../../src/domain/row.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { anyRowOf } from '../../contract/any-row.js'
import { comparedRows } from '../../support/compared-rows.js'
import { rowEvents } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'
import { right } from '../../support/right.js'
import { at, row } from '../reconcile/fixtures.js'

const sales = (more: Partial<Row> = {}, answered = [1_000]): Row =>
  row(['sales', 'voice', null, null], at(0), { tAnswered: answered }, more)
const rows = (...all: readonly Row[]): ReadonlyMap<string, ComparedRow> =>
  new Map(comparedRows(all).map((each) => [each.key, each]))

const placed = (each: Row): StoredPlace => {
  const reader = rowCodec(each.family)
  const avro = reader.encode(each)
  return { ...reader.place(avro), avro, reader }
}

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

test('figures that are taken from the other generation, where the bytes are equal, are those that are read', () => {
  const pairs = fc.constantFrom(...familyNames).chain((family) => fc.tuple(anyRowOf(family), anyRowOf(family)))
  fc.assert(
    fc.property(pairs, fc.boolean(), ([one, other], isAlike) => {
      const { measures, kpis, serviceTarget, erased } = isAlike ? one : other
      const [before, after] = [one, { ...other, measures, kpis, serviceTarget, erased }].map(placed) as [
        StoredPlace,
        StoredPlace,
      ]
      expect(comparedLike(before, after, comparedRow(after))).toEqual(comparedRow(before))
    }),
  )
})

test('generations that are read window by window compare as those that are read at once, also beyond the index', async () => {
  const aRow = fc.record({ id: fc.constantFrom('a', 'b'), quarter: fc.nat({ max: 9 }), offered: fc.nat({ max: 1 }) })
  const batches = fc.array(fc.array(aRow, { minLength: 1, maxLength: 6 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(batches, batches, fc.nat(4), fc.integer({ min: 1, max: 6 }), async (old, now, indexed, window) => {
      const data = await mkdtemp(join(tmpdir(), 'streamvane-compared-'))
      const before = await stored('g1', old, data, indexed)
      const after = await stored('g2', now, data, indexed)
      const atOnce = await compareStored({ ...before, data: undefined }, { ...after, data: undefined })
      expect(await compareStored(before, after, window)).toEqual(atOnce)
      await rm(data, { recursive: true, force: true })
    }),
    lawRuns(40),
  )
}, 60_000)

type StoredAs = Readonly<{ id: string; quarter: number; offered: number }>

/** A generation whose batches hold these rows; the index goes through one of them. */
const stored = async (
  generation: string,
  batches: readonly (readonly StoredAs[])[],
  data: string,
  indexed: number,
): Promise<RowsOf & { data: string }> => {
  const of = { kpi: memoryLog(), tenant: 't', generation, data }
  const revisions = new Map<string, number>()
  for (const [place, batch] of batches.entries()) {
    const rowsOfBatch = batch.map(({ id, quarter, offered }) => {
      const revision = (revisions.get(`${id} ${quarter}`) ?? 0) + 1
      revisions.set(`${id} ${quarter}`, revision)
      return row([id, 'voice', null, null], at(quarter), { nOffered: offered }, { revision })
    })
    const position = BigInt(place + 1)
    for (const events of appendsOf('t', generation, rowEvents('t', generation, rowsOfBatch, position), position))
      right((await of.kpi.append([{ stream: kpiStream('t', generation), expected: 'any', events }]))[0])
    if (place === indexed) await keepRowIndex(of)
  }
  return of
}
