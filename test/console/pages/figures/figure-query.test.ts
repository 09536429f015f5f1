import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dayAfter,
  notAddedOver,
  paramsOf,
  queryIn,
  type FigureQuery,
} from '../../../../src/console/pages/figures/figure-query.js'
import { hrefOf, routeOf } from '../../../../src/console/frame/route/route.js'
import { lawRuns } from '../../../support/law-runs.js'
import { item } from './fixtures.js'

const catalogue = { granularities: ['PT15M', 'PT1H', 'P1D'] } as const

const query: fc.Arbitrary<FigureQuery> = fc
  .record({
    family: fc.constantFrom('queue', 'agent', 'agent-state'),
    granularity: fc.constantFrom(...catalogue.granularities),
    days: fc.option(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 40 })), { nil: undefined }),
    columns: fc.option(fc.uniqueArray(fc.constantFrom('asa', 'tHandle.p90', 'nOffered.count'), { minLength: 1 }), {
      nil: undefined,
    }),
    filter: fc.string(),
    only: fc.dictionary(fc.constantFrom('queueId', 'mediaType'), fc.string({ minLength: 1 }), {
      noNullPrototype: true,
    }),
  })
  .map(({ days, ...rest }) => {
    if (days === undefined) return { ...rest, from: undefined, to: undefined }
    const from = dayAfter('2025-12-01', days[0])
    return { ...rest, from, to: dayAfter(from, days[1]) }
  })

test('what is shown is read back from its address', () => {
  fc.assert(
    fc.property(query, (shown) => {
      const href = hrefOf('figures', paramsOf(shown, 'PT15M'))
      const [pathname = '', search = ''] = href.split('?')
      expect(queryIn(routeOf(pathname, search).query, catalogue)).toEqual(shown)
    }),
    lawRuns(100),
  )
})

test('what an address says wrongly is as if it were not said', () => {
  const read = (params: Record<string, string>) => queryIn(params, catalogue)
  expect(read({ granularity: 'PT30M' }).granularity).toBe('PT15M')
  expect(read({ granularity: 'P1M' }).granularity).toBe('PT15M')
  expect(read({ from: '2026-01-06', to: '2026-01-05' })).toMatchObject({ from: undefined, to: undefined })
  expect(read({ from: 'yesterday', to: '2026-01-05' })).toMatchObject({ from: undefined, to: undefined })
})

test('a day after another is of the calendar', () => {
  expect(dayAfter('2026-02-28', 1)).toBe('2026-03-01')
  expect(dayAfter('2026-01-05', -6)).toBe('2025-12-30')
})

describe('rows are not added up', () => {
  const dimension = (name: string, isMultiValued = false) => ({
    name,
    doc: '',
    whenNull: '',
    isMultiValued,
    isNamed: false,
  })
  const rows = [item('a', 0, []), item('b', 0, [])]

  test('over a dimension of which something has several values', () => {
    expect(notAddedOver({ dimensions: [dimension('skillId', true), dimension('mediaType')] }, rows)).toBe('skillId')
    expect(notAddedOver({ dimensions: [dimension('skillId', true)] }, rows.slice(1))).toBeUndefined()
    expect(notAddedOver({ dimensions: [dimension('queueId'), dimension('mediaType')] }, rows)).toBeUndefined()
  })

  test('of two kinds of state, which are both times of the same agents', () => {
    expect(notAddedOver({ dimensions: [dimension('stateKind')] }, rows)).toBe('stateKind')
  })
})
