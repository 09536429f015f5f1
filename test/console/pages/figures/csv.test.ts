import { expect, test } from 'vitest'
import { csvOf } from '../../../../src/console/pages/figures/csv.js'
import { at, columns, item } from './fixtures.js'

const of = {
  dimensions: ['queueId', 'mediaType', 'direction', 'messageType'],
  nameOf: (dimension: string, value: string) =>
    dimension === 'queueId' && value === 'a' ? 'Sales, "north"' : undefined,
  ...{ columns, shown: ['serviceLevel', 'nOffered.count'] },
}

test('what is seen is written with names beside ids, and ratios with their terms', () => {
  const rows = [
    item('a', 0, [4, [3, 4], null, null]),
    item('b', 0, [null, [0, 0], null, null], {
      status: 'corrected',
      corrections: ['late', 'settings'],
      revision: null,
    }),
  ]
  expect(csvOf(rows, of).split('\r\n')).toEqual([
    'intervalStart,intervalEnd,queueId,queueIdName,mediaType,direction,messageType,status,corrections,revision,serviceLevel,serviceLevel.numerator,serviceLevel.denominator,nOffered.count',
    `${at(0)},${at(1)},a,"Sales, ""north""",voice,,,final,,1,0.75,3,4,4`,
    `${at(0)},${at(1)},b,,voice,,,corrected,late settings,,,0,0,`,
    '',
  ])
})

test('a name that a spreadsheet would run as a formula is written as a text', () => {
  const nameOf = () => '=HYPERLINK("http://x")'
  expect(csvOf([item('a', 0, [])], { ...of, nameOf })).toContain(`"'=HYPERLINK(""http://x"")"`)
})
