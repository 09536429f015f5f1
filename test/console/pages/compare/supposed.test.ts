import { expect, test } from 'vitest'
import { nothingSupposed, setOf } from '../../../../src/console/pages/compare/supposed.js'

test('the what-if form gives settings in milliseconds, and nothing for fields that are left empty', () => {
  expect(setOf(nothingSupposed)).toEqual([])
  expect(
    setOf({
      ...nothingSupposed,
      ...{ threshold: '30', shortAbandon: '2.5', includeFlowOuts: 'true', other: ' zone=Europe/Berlin\n\n' },
    }),
  ).toEqual([
    'serviceLevel.durationMs=30000',
    'shortAbandonMs=2500',
    'serviceLevel.includeFlowOuts=true',
    'zone=Europe/Berlin',
  ])
})
