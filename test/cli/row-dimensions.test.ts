import { describe, expect, test } from 'vitest'
import { DimensionFilter, wantedDimensions, type KnownNames } from '../../src/cli/command/row-dimensions.js'

const queues = new Map([
  ['9b1d', 'Sales'],
  ['7c2e', 'Support'],
  ['8d3f', 'sales'],
])
const names: KnownNames = new Map([
  ['queueId', queues],
  ['userId', new Map([['a1', 'Ann Adler']])],
])
const row = (queueId: string) => ({ dimensions: [queueId, 'voice', null, null] })
const filterOf = (wanted: readonly (readonly [string, string])[]) =>
  new DimensionFilter(wantedDimensions('queue', wanted, names))

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
    expect(() => filter.assertKnown(names)).toThrow('no row has queueId Suport; did you mean Support?')
  })

  test('without rows that is configured, or has rows outside the range, is no mistake', () => {
    filterOf([['queueId', 'Sales']]).assertKnown(names)
    const unnamed = filterOf([['queueId', '1111']])
    unnamed.matches(row('1111'))
    unnamed.assertKnown(names)
  })
})

test('a value that no row has is refused with values that rows have', () => {
  const filter = filterOf([['mediaType', 'telepathy']])
  filter.matches(row('9b1d'))
  expect(() => filter.assertKnown(names)).toThrow('no row has mediaType telepathy; there is voice')
})

test('a dimension that the family lacks is refused', () => {
  expect(() => wantedDimensions('agent-state', [['queueId', 'x']], names)).toThrow('agent-state have no queueId')
})

test('an agent is found by name too', () => {
  const filter = new DimensionFilter(wantedDimensions('agent', [['userId', 'ann adler']], names))
  expect(filter.matches({ dimensions: ['a1', '9b1d', 'voice', null, null] })).toBe(true)
  expect(filter.matches({ dimensions: ['b2', '9b1d', 'voice', null, null] })).toBe(false)
})
