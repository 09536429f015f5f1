import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeEntry, encodeEntry, entryOf, leafHashOf, type LeafEntry } from '../../src/audit/leaf.js'
import { leafHash } from '../../src/audit/merkle.js'
import { anyEvent } from './any-event.js'

describe('the entry of a leaf', () => {
  test('has the bytes that the format describes', () => {
    const event = {
      ...{ stream: 'acme.clock', revision: 258, position: 65_537n, type: 'ClockTicked' },
      id: '00112233-4455-8677-8899-aabbccddeeff',
      ...{ metadata: Buffer.from('{}'), data: Buffer.from('[1]') },
    }
    const payload = createHash('sha256').update(Buffer.from('000000027b7d5b315d', 'hex')).digest('hex')
    const stream = Buffer.from('acme.clock').toString('hex')
    const type = Buffer.from('ClockTicked').toString('hex')
    expect(Buffer.from(encodeEntry(entryOf(event))).toString('hex')).toBe(
      `01000a${stream}00000000000001020000000000010001001122334455867788 99aabbccddeeff000b${type}${payload}`.replace(
        ' ',
        '',
      ),
    )
  })

  test('is read back from its bytes, for any event', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const entry = entryOf(event)
        expect(decodeEntry(encodeEntry(entry))).toEqual(entry)
        expect(leafHashOf(event)).toEqual(leafHash(encodeEntry(entry)))
      }),
      { numRuns: 100 },
    )
  })

  test('differs where any field of two events differs', () => {
    fc.assert(
      fc.property(anyEvent, anyEvent, (a, b) => {
        const mixed = (['stream', 'revision', 'position', 'id', 'type', 'metadata', 'data'] as const).filter(
          (field) => String(a[field]) !== String(b[field]),
        )
        for (const field of mixed) expect(hex(entryOf({ ...a, [field]: b[field] }))).not.toBe(hex(entryOf(a)))
      }),
      { numRuns: 100 },
    )
  })

  test('is no other bytes: one that is cut short, lengthened or of another version is none', () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), (event, cut) => {
        const bytes = encodeEntry(entryOf(event))
        expect(decodeEntry(bytes.subarray(0, cut % bytes.length))).toBeUndefined()
        expect(decodeEntry(Buffer.concat([bytes, Buffer.of(0)]))).toBeUndefined()
        expect(decodeEntry(Buffer.concat([Buffer.of(2), bytes.subarray(1)]))).toBeUndefined()
      }),
      { numRuns: 100 },
    )
  })
})

const hex = (entry: LeafEntry): string => Buffer.from(encodeEntry(entry)).toString('hex')
