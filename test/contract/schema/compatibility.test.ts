import { describe, expect, test } from 'vitest'
import { familyNames } from '../../../src/domain/family.js'
import { incompatibilities } from '../../../src/contract/schema/compatibility.js'
import { rowSchema } from '../../../src/contract/schema/row-schema.js'

const record = (...fields: readonly object[]) => ({ type: 'record', name: 'R', namespace: 'n', fields })
const status = (symbols: readonly string[], byDefault?: string) => ({
  name: 'status',
  type: { type: 'enum', name: 'E', symbols, ...(byDefault !== undefined && { default: byDefault }) },
})
const long = (name: string) => ({ name, type: 'long' })
const optional = (name: string) => ({ name, type: ['null', 'long'], default: null })
const nested = (...fields: readonly object[]) => ({
  name: 'below',
  type: ['null', { type: 'record', name: 'N', fields }],
  default: null,
})

const kinds = (earlier: object, later: object): readonly string[] =>
  incompatibilities(earlier as never, later as never).map(({ kind }) => kind)

describe('a schema may follow an earlier one', () => {
  test.each<[string, object, object]>([
    ['if nothing changed', record(long('a')), record(long('a'))],
    ['if a nullable field with default null was added', record(long('a')), record(long('a'), optional('b'))],
    ['if such a field was added in the middle', record(long('a')), record(optional('b'), long('a'))],
    ['if only docs changed', record(long('a')), record({ ...long('a'), doc: 'better' })],
    ['if a nested record got such a field', record(nested(long('a'))), record(nested(long('a'), optional('b')))],
    ['if an enum with a default got a symbol', record(status(['x'], 'x')), record(status(['x', 'y'], 'x'))],
  ])('%s', (_, earlier, later) => {
    expect(kinds(earlier, later)).toEqual([])
  })
})

describe('a schema may not follow an earlier one', () => {
  test.each<[string, object, object, string[]]>([
    ['if a field without default was added', record(long('a')), record(long('a'), long('b')), ['backward']],
    [
      'if a field without default was removed',
      record(long('a'), long('b')),
      record(long('a')),
      ['forward', 'contract'],
    ],
    ['if a nullable field was removed, which Avro allows', record(optional('b')), record(), ['contract']],
    ['if a field was renamed', record(optional('b')), record(optional('c')), ['contract']],
    ['if a number was widened', record(long('a')), record({ name: 'a', type: 'double' }), ['forward']],
    ['if a number was narrowed', record(long('a')), record({ name: 'a', type: 'int' }), ['backward']],
    ['if a field became nullable', record(long('a')), record(optional('a')), ['forward']],
    ['if an enum without default got a symbol', record(status(['x'])), record(status(['x', 'y'])), ['forward']],
    ['if an enum without default lost a symbol', record(status(['x', 'y'])), record(status(['x'])), ['backward']],
    [
      'if a nested record changed',
      record(nested(long('a'))),
      record(nested(long('b'))),
      ['backward', 'forward', 'contract'],
    ],
    [
      'if the unit of an instant changed, which Avro does not see',
      record({ name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } }),
      record({ name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } }),
      ['contract'],
    ],
    ['if the record has another name', record(), { ...record(), name: 'Q' }, ['backward', 'forward']],
  ])('%s', (_, earlier, later, expected) => {
    expect(kinds(earlier, later)).toEqual(expected)
  })

  test('and the reason names the field', () => {
    const [gone] = incompatibilities(record(nested(optional('a'))), record(nested()))
    expect(gone?.reason).toBe('the field below.a is gone')
  })
})

test('a schema that refers to itself is compared', () => {
  const list = record(long('a'), { name: 'next', type: ['null', 'n.R'], default: null })
  expect(kinds(list, list)).toEqual([])
  expect(kinds(list, record(long('a')))).toEqual(['contract'])
})

test.each(familyNames)('fields of types that are spelled out once are compared at each use: %s', (family) => {
  const schema = rowSchema(family)
  const withoutSums = JSON.parse(
    JSON.stringify(schema, (_, value: unknown) =>
      Array.isArray(value) ? value.filter((each) => (each as { name?: string } | null)?.name !== 'sum') : value,
    ),
  ) as typeof schema
  const gone = incompatibilities(schema, withoutSums).filter(({ kind }) => kind === 'contract')
  const sums = JSON.stringify(schema).match(/"sum"/g)?.length ?? 0
  expect(gone.length).toBeGreaterThanOrEqual(sums)
  expect(gone.every(({ reason }) => /^the field measures\.\w+\.sum is gone$/.test(reason))).toBe(true)
})
