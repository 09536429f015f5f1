import avro from 'avsc'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { familyNames } from '../../src/domain/family.js'
import { rowKey } from '../../src/domain/row.js'
import { codecOfSchema, rowCodec } from '../../src/egress/row-codec.js'
import { rowJson } from '../../src/egress/row-json.js'
import { contractName, rowSchema } from '../../src/egress/row-schema.js'
import { anyRow } from './any-row.js'
import { queueRow } from './some-rows.js'

describe('the published contract', () => {
  test.each(familyNames)('the file for %s is what the catalogue says', (family) => {
    const file = readFileSync(new URL(`../../schemas/avro/${contractName(family)}.avsc`, import.meta.url), 'utf8')
    expect(file, 'run `npx tsx dev/write-schemas.ts` and review the difference').toBe(`${JSON.stringify(rowSchema(family), null, 2)}\n`)
  })

  // A changed fingerprint makes rows in existing logs unreadable until a resolver for the old one is kept: never adjust this in passing.
  test('fingerprints are those of version 1', () => {
    expect(Object.fromEntries(familyNames.map((family) => [family, rowCodec(family).fingerprint]))).toEqual(FINGERPRINTS)
  })

  test.each(familyNames)('every field for %s says what it is, and measures name unit and source', (family) => {
    type Field = { name: string; doc?: string; type: unknown }
    const undocumented: string[] = []
    const walk = (node: unknown, path: string): void => {
      if (Array.isArray(node)) return node.forEach((branch) => walk(branch, path))
      if (typeof node !== 'object' || node === null || !('fields' in node)) return
      for (const field of node.fields as Field[]) {
        const at = `${path}.${field.name}`
        const doc = field.doc ?? ''
        if (doc.length < 10 || (path.endsWith('measures') && !/Unit: .*Source: Genesys metric/.test(doc))) undocumented.push(at)
        walk(field.type, at)
      }
    }
    walk(rowSchema(family), family)
    expect(undocumented).toEqual([])
  })
})

test('decoding gives back what was encoded', () => {
  fc.assert(
    fc.property(anyRow, (published) => {
      const { encode, decode } = rowCodec(published.row.family)
      expect(decode(encode(published))).toEqual(published)
    }),
  )
})

test('a reader that knows nothing but the schema reads the same numbers as the JSON rendering', () => {
  fc.assert(
    fc.property(anyRow, (published) => {
      const codec = rowCodec(published.row.family)
      const foreign = avro.Type.forSchema(JSON.parse(JSON.stringify(codec.schema))).fromBuffer(Buffer.from(codec.encode(published)))
      const { intervalStart, intervalEnd, ...fields } = JSON.parse(JSON.stringify(rowJson(published)))
      expect(present(foreign)).toEqual(
        present({
          ...fields,
          ...(published.row.family === 'agent-state' ? { kpis: undefined } : {}),
          intervalStart: Date.parse(intervalStart),
          intervalEnd: Date.parse(intervalEnd),
        }),
      )
    }),
  )
})

test('the bytes of a row do not change when later rows are encoded', () => {
  const codec = rowCodec('queue')
  const bytes = codec.encode(queueRow({ revision: 1 }))
  const copy = Buffer.from(bytes)
  codec.encode(queueRow({ revision: 2, queueId: 'another' }))
  expect(bytes).toEqual(copy)
})

test('a row larger than the buffer is encoded whole', () => {
  const published = queueRow({ queueId: 'q'.repeat(200_000) })
  expect(rowCodec('queue').decode(rowCodec('queue').encode(published))).toEqual(published)
})

test('a sum that is no whole number of milliseconds is refused', () => {
  const { row, kpis } = queueRow({})
  const measures = row.measures.map((measure) => measure && { ...measure, sum: 0.5 })
  expect(() => rowCodec('queue').encode({ row: { ...row, measures }, kpis })).toThrow()
})

test('truncated bytes and bytes with a tail are refused', () => {
  const bytes = rowCodec('queue').encode(queueRow({}))
  expect(() => rowCodec('queue').decode(bytes.subarray(0, bytes.length - 1))).toThrow()
  expect(() => rowCodec('queue').decode(Uint8Array.from([...bytes, 0]))).toThrow()
})

test('a codec is found by the fingerprint beside the row; an unknown one says what to do', () => {
  expect(codecOfSchema(rowCodec('agent').fingerprint)).toEqual(E.right(rowCodec('agent')))
  const unknown = codecOfSchema('0123456789abcdef')
  expect(unknown).toMatchObject({ left: { tag: 'UnknownSchema', fingerprint: '0123456789abcdef' } })
})

test('JSON spells dimensions as fields and leaves out what has no value', () => {
  const published = queueRow({})
  expect(rowJson(published)).toEqual({
    family: 'queue',
    key: rowKey(published.row),
    tenant: 'acme',
    queueId: 'sales',
    mediaType: 'voice',
    intervalStart: '2026-01-05T10:00:00.000Z',
    intervalEnd: '2026-01-05T10:15:00.000Z',
    status: 'final',
    revision: 3,
    measures: { nOffered: { count: 2 }, tAnswered: { count: 1, sum: 9_000, min: 9_000, max: 9_000 } },
    kpis: { serviceLevel: { numerator: 1, denominator: 1 } },
  })
})

/** Without nulls and undefined, as plain objects: absent in JSON is null in Avro. */
const present = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, field]) => field !== null && field !== undefined)
          .map(([name, field]) => [name, present(field)]),
      )
    : value

const FINGERPRINTS = { queue: 'b1c6a7bdeb35981e', agent: '9830bc99fb122e03', 'agent-state': '91fd60b25f1468f1' }
