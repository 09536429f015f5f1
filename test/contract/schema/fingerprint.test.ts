import avro from 'avsc'
import { expect, test } from 'vitest'
import { familyNames } from '../../../src/domain/family.js'
import { releasedSchemas } from '../../../src/contract/schema-history.js'
import { statementSchema } from '../../../src/contract/schema/completeness-schema.js'
import { fingerprintOf } from '../../../src/contract/schema/fingerprint.js'
import { nameSchema } from '../../../src/contract/schema/name-schema.js'
import type { AvroSchema } from '../../../src/contract/schema/named-types.js'
import { rowSchema } from '../../../src/contract/schema/row-schema.js'

const byAvsc = (schema: AvroSchema): string =>
  avro.Type.forSchema(schema as unknown as avro.Schema)
    .fingerprint('sha256')
    .toString('hex')
    .slice(0, 16)

test.each(familyNames)('the schema of %s rows has the fingerprint that avsc computes', (family) => {
  expect(fingerprintOf(rowSchema(family))).toBe(byAvsc(rowSchema(family)))
})

test('so have statements, names and every schema that was released', () => {
  const schemas = [statementSchema('interval-complete'), statementSchema('generation-complete'), nameSchema]
  for (const schema of [...schemas, ...releasedSchemas()]) expect(fingerprintOf(schema)).toBe(byAvsc(schema))
})

const suit = { type: 'enum', name: 'Suit', symbols: ['A', 'B'], doc: 'Which.' }

test.each<[string, AvroSchema]>([
  ['a record without a namespace', { type: 'record', name: 'Card', fields: [{ name: 'suit', type: suit }] }],
  [
    'names within the namespace of the record around them',
    {
      type: 'record',
      name: 'Card',
      namespace: 'a.b',
      fields: [
        { name: 'one', type: suit },
        { name: 'two', type: ['null', 'Suit'], default: null },
        { name: 'three', type: { type: 'array', items: 'a.b.Suit' } },
      ],
    },
  ],
  [
    'a namespace within another, by key and in the name',
    {
      type: 'record',
      name: 'Card',
      namespace: 'a',
      fields: [
        { name: 'one', type: { type: 'record', name: 'In', namespace: 'b', fields: [{ name: 'suit', type: suit }] } },
        { name: 'two', type: { type: 'map', values: { type: 'fixed', name: 'c.Key', size: 4 } } },
        { name: 'three', type: 'b.Suit' },
      ],
    },
  ],
  [
    'attributes that do not change how bytes are read',
    {
      type: 'record',
      name: 'Card',
      aliases: ['Old'],
      fields: [
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, order: 'ignore' },
        { name: 'text', type: { type: 'string', 'avro.java.string': 'String' }, default: '' },
      ],
    },
  ],
])('avsc agrees on %s', (_, schema) => {
  expect(fingerprintOf(schema)).toBe(byAvsc(schema))
})

test('what explains a field does not change the fingerprint, and its type does', () => {
  const of = (type: string, doc: string) =>
    fingerprintOf({ type: 'record', name: 'Card', fields: [{ name: 'at', type, doc }] })
  expect(of('long', 'Since 1970.')).toBe(of('long', 'Milliseconds since 1970.'))
  expect(of('long', '')).not.toBe(of('int', ''))
})
