import { describe, expect, test } from 'vitest'
import { Ledger, nameOf, type HeldRows, type SeenRow, type Verdict } from './ledger.js'

const row = (key: string, revision: number, more: Partial<SeenRow> = {}): SeenRow => ({
  generation: 'g1',
  key,
  revision,
  digest: `bytes of ${key} ${revision}`,
  publishedMs: 0,
  arrivedMs: 0,
  ...more,
})

const published = [row('a', 1), row('b', 1), row('a', 4), row('b', 2), row('a', 6)]
const held: HeldRows = new Map(published.map((each) => [nameOf(each), each.digest]))

const verdictOn = (seen: readonly SeenRow[]): Verdict => {
  const ledger = new Ledger()
  for (const each of seen) ledger.add(each)
  return ledger.verdict(held)
}

const NOTHING: Verdict = { lost: [], doubled: [], reordered: [], altered: [], unknown: [] }

describe('the account that the bounce test keeps of a consumer', () => {
  test('rows that come once and in order per row key are in order, however the keys take turns', () => {
    expect(verdictOn(published)).toEqual(NOTHING)
    expect(verdictOn([row('b', 1), row('b', 2), row('a', 1), row('a', 4), row('a', 6)])).toEqual(NOTHING)
  })

  test('a row that comes twice is doubled, and not reordered as well', () => {
    expect(verdictOn([...published, row('a', 1)])).toEqual({ ...NOTHING, doubled: ['g1/a/1'] })
  })

  test('a row that the log holds and that never comes is lost', () => {
    expect(verdictOn(published.filter(({ revision }) => revision !== 4))).toEqual({ ...NOTHING, lost: ['g1/a/4'] })
  })

  test('a revision that comes after a later one of its row is reordered', () => {
    const seen = [row('a', 4), row('b', 1), row('a', 1), row('b', 2), row('a', 6)]
    expect(verdictOn(seen)).toEqual({ ...NOTHING, reordered: ['g1/a/1'] })
  })

  test('a row with other bytes is altered', () => {
    const seen = published.map((each) => (each.revision === 6 ? { ...each, digest: 'others' } : each))
    expect(verdictOn(seen)).toEqual({ ...NOTHING, altered: ['g1/a/6'] })
  })

  test('a row that comes again with other bytes is altered and doubled', () => {
    expect(verdictOn([...published, row('a', 1, { digest: 'others' })])).toEqual({
      ...NOTHING,
      doubled: ['g1/a/1'],
      altered: ['g1/a/1'],
    })
  })

  test('a row that the log does not hold is unknown, also if only its generation differs', () => {
    expect(verdictOn([...published, row('a', 7), row('a', 1, { generation: 'g2' })])).toEqual({
      ...NOTHING,
      unknown: ['g1/a/7', 'g2/a/1'],
    })
  })

  test('the longest pause is the longest time between two arrivals', () => {
    const ledger = new Ledger()
    for (const [revision, arrivedMs] of [100, 150, 900, 1_000].entries()) ledger.add(row('a', revision, { arrivedMs }))
    expect(ledger.longestPause).toEqual({ pauseMs: 750, endedMs: 900 })
  })
})
