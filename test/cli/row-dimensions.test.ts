import { describe, expect, test } from 'vitest'
import { DimensionFilter, queueNamesOf, wantedDimensions } from '../../src/cli/command/row-dimensions.js'

const queues = new Map([
  ['9b1d', 'Sales'],
  ['7c2e', 'Support'],
  ['8d3f', 'sales'],
])
const row = (queueId: string) => ({ dimensions: [queueId, 'voice', null, null] })
const filterOf = (wanted: readonly (readonly [string, string])[]) =>
  new DimensionFilter(wantedDimensions('queue', wanted, queues))

describe('a queue', () => {
  test('is found by its id, or by its name in any case, also if several queues have it', () => {
    const matching = (said: string) =>
      ['9b1d', '7c2e', '8d3f'].filter((id) => filterOf([['queueId', said]]).matches(row(id)))
    expect(matching('7c2e')).toEqual(['7c2e'])
    expect(matching('Support')).toEqual(['7c2e'])
    expect(matching('SALES')).toEqual(['9b1d', '8d3f'])
  })

  test('that does not exist is refused with near names and ids', () => {
    const filter = filterOf([['queueId', 'Suport']])
    filter.matches(row('9b1d'))
    expect(() => filter.assertKnown(queues)).toThrow('no row has queueId Suport; did you mean Support?')
  })

  test('without rows that is configured, or has rows outside the range, is no mistake', () => {
    filterOf([['queueId', 'Sales']]).assertKnown(queues)
    const unnamed = filterOf([['queueId', '1111']])
    unnamed.matches(row('1111'))
    unnamed.assertKnown(queues)
  })
})

test('a value that no row has is refused with values that rows have', () => {
  const filter = filterOf([['mediaType', 'telepathy']])
  filter.matches(row('9b1d'))
  expect(() => filter.assertKnown(queues)).toThrow('no row has mediaType telepathy; there is voice')
})

test('a dimension that the family lacks is refused', () => {
  expect(() => wantedDimensions('agent-state', [['queueId', 'x']], queues)).toThrow('agent-state have no queueId')
})

test('names of queues are those set last', () => {
  const queue = (name: string | null, at: number) =>
    ({ type: 'QueueConfigured', queueId: 'q', name, at, serviceLevel: {}, acw: null }) as const
  expect(queueNamesOf([[queue('Old', 1), queue('New', 2)]])).toEqual(new Map([['q', 'New']]))
})
