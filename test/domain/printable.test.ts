import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable, printableJson, printableLines } from '../../src/domain/printable.js'

test('what controls a terminal is escaped, everything else stays', () => {
  expect(printable('a\u001b[2J\u0000\r\n\u007f\u009b\u2028\u202e\u2066\ud800')).toBe(
    'a\\u001b[2J\\u0000\\u000d\\u000a\\u007f\\u009b\\u2028\\u202e\\u2066\\ud800',
  )
  for (const text of ['', 'Köln – 東京', '👩‍💻', 'v2.users.{id}.presence', 'مرحبا']) expect(printable(text)).toBe(text)
})

test('of lines, the line feeds stay', () => expect(printableLines('a\n\u001bb\n')).toBe('a\n\\u001bb\n'))

test('JSON means the same after it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const json = printableJson({ value, text })
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })))
      expect(json).not.toMatch(/[\p{Cc}\u2028\u202e]/u)
    }),
  )
})
