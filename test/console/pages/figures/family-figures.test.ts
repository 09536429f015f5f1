import { expect, test } from 'vitest'
import {
  askedColumns,
  chartFiguresOf,
  firstColumns,
  titleOf,
} from '../../../../src/console/pages/figures/family-figures.js'
import { columnsByName, figureName, joiningOf } from '../../../../src/app/operations/figures/column.js'
import { familyNames } from '../../../../src/domain/family.js'
import { namedKpisOf } from '../../../../src/domain/named-kpi.js'
import { defaultProfile } from '../../../../src/domain/profile.js'

const figuresOf = (family: (typeof familyNames)[number]) =>
  namedKpisOf({ ...defaultProfile, families: [family] }, family).map((figure) => ({
    ...{ name: figureName(figure), joining: joiningOf(figure), unit: figure.unit, doc: figure.doc },
    ...{ formula: figure.formula, isOn: figure.isOn, note: figure.note },
  }))

test('every family begins with figures that it has and that the profile computes', () => {
  for (const family of familyNames) {
    const first = firstColumns(figuresOf(family))
    expect(first.length, family).toBeGreaterThan(0)
    for (const name of first) expect(columnsByName(family, [defaultProfile]).has(name), `${family}.${name}`).toBe(true)
  }
})

test('queues are charted by what was offered and what became of it, agents by what they answered, states not at all', () => {
  expect(chartFiguresOf(figuresOf('queue'))).toHaveLength(7)
  expect(chartFiguresOf(figuresOf('agent'))).toEqual(['tAnswered.count', 'asa', 'aht'])
  expect(chartFiguresOf(figuresOf('agent-state'))).toEqual([])
})

test('a column that is shown and charted is asked for once', () => {
  expect(askedColumns(['aht', 'tHandle.p90'], ['asa', 'aht'])).toEqual(['aht', 'tHandle.p90', 'asa'])
})

test('a figure without a name of supervisors keeps the one of Genesys', () => {
  expect(titleOf('serviceLevel')).toBe('Service level')
  expect(titleOf('tHeld.max')).toBe('tHeld.max')
})
