import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../../src/domain/canonical-json.js'
import { mayHoldInexactNumber, withMarkedNumbers } from '../../../src/ingress/exact-numbers.js'
import { afterValue, NOT_PLAIN } from '../../../src/ingress/plain/plain-value.js'

/** Where the plain value at the beginning of this text ends. */
const endOf = (text: string): number => afterValue(Buffer.from(text), 0)

/** Delimiters belong to whoever reads the value. */
const isPlain = (text: string): boolean => endOf(text) === Buffer.byteLength(text)

const GARBAGE = ['{', '}', '[', ']', ':', ',', '"', '\\', '-', '.', '0', 'e', '1', 't', ' ', '\n', '\u0001', 'ü']

const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.constantFrom('0', '00', '1', '7', '10', '120', '123456789012345', '1234567890123456', ''),
    fc.constantFrom('', '.', '.0', '.5', '.50', '.000001', '.0000001', '.12345678901234', '.123456789012345'),
    fc.constantFrom('', '', '', 'e0', 'e3', 'E+2', 'e-7'),
  )
  .map((parts) => parts.join(''))

describe('a plain value', () => {
  test('is valid JSON, however its text was garbled', () => {
    let plain = 0
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 3 }),
        fc.constantFrom(undefined, 1, '\t'),
        fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...GARBAGE)), { maxLength: 3 }),
        (value, indent, changes) => {
          let text = JSON.stringify(value, null, indent)
          for (const [place, removed, added] of changes) {
            const at = place % (text.length + 1)
            text = text.slice(0, at) + added + text.slice(at + removed)
          }
          if (!isPlain(text)) return
          plain++
          expect(() => JSON.parse(text) as unknown).not.toThrow()
        },
      ),
      { numRuns: 20_000 },
    )
    expect(plain).toBeGreaterThan(2_000)
  })

  test('that is a number or a string stands in canonical JSON as it is written, and holds its number exactly', () => {
    let plain = 0
    fc.assert(
      fc.property(
        fc.oneof(
          numberText,
          fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
        ),
        (text) => {
          if (!isPlain(text)) return
          plain++
          expect(canonicalJson(JSON.parse(text))).toBe(text)
          expect(mayHoldInexactNumber(`[${text}]`) ? withMarkedNumbers(text, '#') : text).toBe(text)
        },
      ),
      { numRuns: 10_000 },
    )
    expect(plain).toBeGreaterThan(2_000)
  })

  test.each([
    '0',
    '-1',
    '4618',
    '-0.5',
    '0.000001',
    '12.5',
    '123456789012345',
    '"ü✓𝕊"',
    '"\u007f"',
    'true',
    'false',
    'null',
    '[]',
    '{}',
    '[ 1 , "a" ]',
    '{"a":{"b":[null]}}',
  ])('can be %s', (text) => {
    expect(isPlain(text)).toBe(true)
  })

  test.each([
    '-0',
    '00',
    '1.0',
    '1.50',
    '0.0000001',
    '1e3',
    '1234567890123456',
    '0.1234567',
    '-',
    '.5',
    '5.',
    '"a\\n"',
    '"a\u001f"',
    '"a',
    'tru',
    'nil',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{1:2}',
    '[1 2]',
    '',
    '['.repeat(30) + ']'.repeat(30),
  ])('cannot be %s', (text) => {
    expect(isPlain(text)).toBe(false)
  })

  test('that ends early is none', () => {
    const text = '{"a":["b",{"c":-12.5}],"d":true}'
    for (let length = 0; length < text.length; length++) expect(endOf(text.slice(0, length))).toBe(NOT_PLAIN)
  })
})
