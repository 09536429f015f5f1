import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { splitJson } from '../../src/ingress/split.js'

const texts = (events: readonly Uint8Array[]): readonly string[] =>
  events.map((event) => Buffer.from(event).toString('utf8'))
const split = (document: string | Buffer): E.Either<string, readonly string[]> => {
  const events = splitJson(Buffer.from(document))
  return E.isLeft(events) ? E.left(`${events.left.reason}: ${events.left.detail}`) : E.right(texts(events.right))
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
/** JSON text of any value, with white space of any kind inside. */
const jsonText = fc
  .tuple(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 1, 2, '\t'))
  .map(([value, indent]) => JSON.stringify(value, null, indent))

test('splitting an array and parsing the events gives the same as parsing the array', () => {
  fc.assert(
    fc.property(fc.array(jsonText), space, space, (elements, before, after) => {
      const document = `${before}[${elements.map((element) => `${after}${element}${before}`).join(',')}]${after}`
      const events = split(document)
      expect(events).toEqual(E.right(elements.map((element) => element.trim())))
      expect((E.isRight(events) ? events.right : []).map((event) => JSON.parse(event) as unknown)).toEqual(
        JSON.parse(document),
      )
    }),
    { numRuns: 500 },
  )
})

test('a text splits into valid events exactly if it is valid JSON', () => {
  const soup = fc.array(
    fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '1', '"a"', '{"a":1}', '[]', ' ', '\n', 'null', 'é'),
    {
      maxLength: 14,
    },
  )
  const parses = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  fc.assert(
    fc.property(soup, (parts) => {
      const document = parts.join('')
      const events = split(document)
      const good = E.isRight(events) && events.right.every(parses)
      expect(good).toBe(parses(document))
    }),
    { numRuns: 20_000 },
  )
})

test.each([
  ['white space and line breaks inside', '{ "a" :\r\n\t1 }'],
  ['escapes', String.raw`{"a":"\"}],[{\\","b":"\u00e9\n\\\""}`],
  ['letters beyond ASCII', '{"é":"😀 ]}"}'],
  ['numbers as they were written', '{"a":1.0,"b":1e3,"c":-0,"d":12345678901234567890}'],
  ['keys given twice', '{"a":1,"a":2}'],
])('bytes stay as received: %s', (_, element) => {
  expect(split(element)).toEqual(E.right([element]))
  expect(split(`\n[ ${element} ,${element}] `)).toEqual(E.right([element, element]))
})

describe('the place of the error in a malformed document', () => {
  test.each([
    ['', /the body is empty/],
    [' \n ', /the body is empty/],
    ['{"a":1', /ends at byte 6, before its last bracket/],
    ['[{"a":1},', /before its last bracket/],
    ['{"a":"b}', /string that begins at byte 5 is not closed/],
    ['{"a":1}}', /unexpected text after the document, at byte 7/],
    ['{"a":1}\n{"a":2}', /at byte 7; events one a line are sent as application\/x-ndjson/],
    [']', /unexpected \] at byte 0/],
    ['[{"a":1}}', /ends with another bracket/],
    ['['.repeat(70) + ']'.repeat(70), /^too-deep: nested deeper than 68 at byte 68/],
  ])('%s', (document, detail) => {
    expect(split(document)).toEqual(E.left(expect.stringMatching(detail)))
  })
})

test('an element that is missing or broken does not affect its neighbours', () => {
  expect(split('[{"a":1},,{"b":tru},{"c":3} {"d":4}]')).toEqual(
    E.right(['{"a":1}', '', '{"b":tru}', '{"c":3} {"d":4}']),
  )
  expect(split('[{"a":1},]')).toEqual(E.right(['{"a":1}', '']))
  expect(split('[]')).toEqual(E.right([]))
})

test('a byte order mark is not part of the document', () => {
  expect(split(Buffer.from('\ufeff[{"a":1}]'))).toEqual(E.right(['{"a":1}']))
})

test('splitting ends after one event more than the limit', () => {
  const many = Array.from({ length: 1_000 }, () => '1')
  expect(
    E.getOrElse<unknown, readonly Uint8Array[]>(() => [])(splitJson(Buffer.from(`[${many.join(',')}]`), 10)),
  ).toHaveLength(11)
})
