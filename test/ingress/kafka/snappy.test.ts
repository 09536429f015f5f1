import { expect, test } from 'vitest'
import { unsnappied } from '../../../src/ingress/kafka/snappy.js'

/** `Wikipedia is a free, web-based, collaborative, multilingual encyclopedia project.`, the example of the format. */
const WIKIPEDIA = Buffer.concat([
  Buffer.from('51f050', 'hex'),
  Buffer.from('Wikipedia is a free, web-based, collaborative, multilingual encyclopedia project.'),
])

test('a literal is given out as it is', () => {
  expect(unsnappied(WIKIPEDIA.subarray(0)).toString()).toMatch(/^Wikipedia is a free/)
})

test('a copy may reach into what it writes itself', () => {
  // "ab", then 10 bytes from 2 back, with an offset of one, two and four bytes.
  for (const copy of ['1902', '260200', '2702000000'])
    expect(unsnappied(Buffer.from(`0c0461 62 ${copy}`.replaceAll(' ', ''), 'hex')).toString()).toBe('abababababab')
})

test('blocks in the frame of the Java client follow each other', () => {
  const block = Buffer.from('020461 62'.replaceAll(' ', ''), 'hex')
  const length = Buffer.alloc(4)
  length.writeInt32BE(block.length)
  const magic = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')
  expect(unsnappied(Buffer.concat([magic, length, block, length, block])).toString()).toBe('abab')
})

test.each([
  ['a copy from before the beginning', '0c0461620903'],
  ['a literal that is cut short', '0c2c6162'],
  ['less text than it says', '0c046162'],
  ['a length that no block has', 'ffffffff0f'],
  ['nothing', ''],
])('%s is refused as damaged', (_, hex) => {
  expect(() => unsnappied(Buffer.from(hex, 'hex'))).toThrow(RangeError)
})
