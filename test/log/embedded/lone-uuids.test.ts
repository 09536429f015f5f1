import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { moveLoneUuids, putLoneUuidsBack } from '../../../src/log/embedded/format/lone-uuids.js'

const pool = ['0b5f1c1e-91f4-4c0a-8f6e-7d2a35c1b9e0', 'ffffffff-ffff-ffff-ffff-ffffffffffff']

const HEX_AND_MORE = Array.from('0123456789abcdef-"{}:xyz')

/** What is a UUID, what nearly is one, and what is none. */
const piece = fc.oneof(
  fc.uuid().map((id) => Buffer.from(id)),
  fc.constantFrom(...pool).map((id) => Buffer.from(id)),
  fc.uuid().map((id) => Buffer.from(id.toUpperCase())),
  fc.tuple(fc.uuid(), fc.nat({ max: 35 })).map(([id, cut]) => Buffer.from(id.slice(cut))),
  fc.tuple(fc.uuid(), fc.nat({ max: 35 })).map(([id, at]) => Buffer.from(`${id.slice(0, at)}-${id.slice(at + 1)}`)),
  fc.string({ maxLength: 30, unit: fc.constantFrom(...HEX_AND_MORE) }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
)

const moved = (text: string): Buffer | undefined => moveLoneUuids(Buffer.from(text))

test('any bytes come back as they were, whatever UUIDs are in them, and are not changed on the way', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const body = Buffer.concat(pieces)
      const before = Buffer.from(body)
      const apart = moveLoneUuids(body)
      expect(body.equals(before)).toBe(true)
      if (apart !== undefined) expect(putLoneUuidsBack(Buffer.from(apart)).equals(before)).toBe(true)
    }),
  )
})

test('a UUID that occurs once leaves 36 zeros in the text; behind it are its distance, its 16 bytes and the count', () => {
  expect(moved('{"id":"01234567-89ab-cdef-0123-456789abcdef"}')).toEqual(
    Buffer.concat([
      Buffer.from('{"id":"'),
      Buffer.alloc(36),
      Buffer.from('"}'),
      Buffer.of(7, 0, 0, 0),
      Buffer.from('0123456789abcdef0123456789abcdef', 'hex'),
      Buffer.of(1, 0, 0, 0),
    ]),
  )
})

test('bytes that were stored so stay readable: the distances lie apart by their bytes', () => {
  const stored = Buffer.concat([
    Buffer.alloc(36),
    Buffer.from(`-${'.'.repeat(300)}`),
    Buffer.alloc(36),
    Buffer.from([0, 301 & 0xff, 0, 301 >> 8, 0, 0, 0, 0]),
    Buffer.from('00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef', 'hex'),
    Buffer.of(2, 0, 0, 0),
  ])
  expect(putLoneUuidsBack(stored).toString()).toBe(
    `00112233-4455-6677-8899-aabbccddeeff-${'.'.repeat(300)}01234567-89ab-cdef-0123-456789abcdef`,
  )
})

test('a UUID that occurs again, in upper case or with a digit missing stays in the text', () => {
  const [id, other] = [randomUUID(), randomUUID()]
  expect(moved(`${id} ${id}`)).toBeUndefined()
  expect(moved(`x${id.toUpperCase().replaceAll(/\d/g, 'A')}`)).toBeUndefined()
  expect(moved(id.slice(1))).toBeUndefined()
  expect(moved(`${id.slice(0, 20)}g${id.slice(21)}`)).toBeUndefined()
  expect(moved('')).toBeUndefined()
  const text = moved(`${id} ${other} ${id}`)!.toString('latin1')
  expect(text.split(id)).toHaveLength(3)
  expect(text).not.toContain(other)
})
