import { expect, test } from 'vitest'
import type { FigureItem } from '../../../../src/console/pages/figures/answers.js'
import { itemOf, lacksTerms, merged, type LiveRow } from '../../../../src/console/pages/figures/live-figures.js'
import { families } from '../../../../src/domain/family.js'
import { namedKpisOf } from '../../../../src/domain/named-kpi.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { computedLog, servedAdmin } from '../../../http/admin/served-admin.js'
import { item } from './fixtures.js'

test('a live row has the figures that the API gives of the same row', async () => {
  const served = await servedAdmin({ log: await computedLog('acme') })
  const all = async <T>(path: string): Promise<readonly T[]> => {
    const answer = await served.call(path, { token: served.tokens.viewer })
    expect(answer.status, await answer.clone().text()).toBe(200)
    return ((await answer.json()) as { items: readonly T[] }).items
  }
  for (const family of ['queue', 'agent', 'agent-state'] as const) {
    const columns = namedKpisOf(defaultProfile, family).map(({ name }) => name.slice(family.length + 1))
    const isRatio = columns.map((name) => !name.includes('.'))
    const rows = await all<LiveRow>(`/rows?family=${family}&limit=1000`)
    const items = await all<FigureItem>(
      `/figures?family=${family}&limit=1000&columns=${columns.slice(0, 400).join(',')}`,
    )
    expect(rows.length).toBeGreaterThan(5)
    expect(items).toHaveLength(rows.length)
    for (const [place, row] of rows.entries()) {
      const live = itemOf(row, families[family].dimensions, columns.slice(0, 400))
      const read = items[place] as FigureItem
      // A live row publishes no terms of a ratio that divides by 0; the page reads them again.
      const values = read.values.map((value) => (Array.isArray(value) && value[1] === 0 ? null : value))
      expect(live).toEqual({ ...read, values })
      if (values.some((value, at) => value === null && isRatio[at] === true))
        expect(lacksTerms(live, isRatio)).toBe(true)
    }
  }
})

test('rows that come in take the place of theirs, an older revision changes nothing, and new ones are put in order', () => {
  const known = [item('a', 0, [1]), item('a', 2, [1], { revision: 5 })]
  const next = [
    item('b', 0, [2]),
    item('a', 0, [3], { revision: 2 }),
    item('a', 2, [9], { revision: 4 }),
    item('a', 1, [4]),
  ]
  expect(merged(known, next).map(({ key, values }) => [key.slice(6, 7), key.slice(-13, -8), values[0]])).toEqual([
    ['a', '08:00', 3],
    ['b', '08:00', 2],
    ['a', '08:15', 4],
    ['a', '08:30', 1],
  ])
})
