import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hrefOf, isWithin, routeOf } from '../../../../src/console/frame/route/route.js'

const routeIn = (href: string) => {
  const { pathname, search } = new URL(href, 'http://console')
  return routeOf(pathname, search)
}

test('an address names a place and its query', () => {
  expect(routeOf('/console/operations/dead-letters', '?state=open')).toEqual({
    path: ['operations', 'dead-letters'],
    query: { state: 'open' },
  })
})

test('the base address, with or without a slash, and addresses of other applications are the start page', () => {
  for (const pathname of ['/console', '/console/', '/', '/consoles/flow'])
    expect(routeOf(pathname)).toEqual({ path: [], query: {} })
})

test('an address that is not well encoded is taken as it stands', () => {
  expect(routeOf('/console/%E0%A4%A').path).toEqual(['%E0%A4%A'])
})

test('members of a query without a value are left out', () => {
  expect(hrefOf('figures', { family: 'queue', from: undefined, to: '', limit: 0 })).toBe(
    '/console/figures?family=queue&limit=0',
  )
})

test('a place is found again by its address, whatever its parts hold', () => {
  const part = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text !== '.' && text !== '..')
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.dictionary(part, part), (path, query) => {
      expect(routeIn(hrefOf(path, query))).toEqual({ path, query: { ...query } })
    }),
    { numRuns: 200 },
  )
})

test('a place is within the paths above it', () => {
  const route = routeOf('/console/operations/jobs')
  expect([isWithin(route, ['operations']), isWithin(route, ['operations', 'replay'])]).toEqual([true, false])
})
