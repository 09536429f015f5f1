import avro from 'avsc'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { familyNames, type FamilyName } from '../../src/domain/family.js'
import { metricNames } from '../../src/domain/metric.js'
import { statementCodec } from '../../src/contract/completeness-codec.js'
import { oldReader, readerOfSchema, rowCodec } from '../../src/contract/row-codec.js'
import { headerOf } from '../../src/contract/row-header.js'
import type { AvroSchema } from '../../src/contract/schema/named-types.js'
import { anyRowOf } from './any-row.js'
import { datumOf } from './row-datum.js'

const folder = new URL('../../schemas/avro/history/', import.meta.url)
const files = readdirSync(folder)

describe('the history of schemas', () => {
  test.each(familyNames)('holds the schema that this version writes for %s', (family) => {
    expect(files, 'run `npx tsx dev/write-schemas.ts`').toContain(`${rowCodec(family).fingerprint}.avsc`)
  })

  test('holds the schema that this version writes for markers', () => {
    expect(files).toContain(`${statementCodec('interval-complete').fingerprint}.avsc`)
  })

  test('has every schema under its fingerprint, and each can be read by this version', () => {
    for (const file of files) {
      const fingerprint = file.replace('.avsc', '')
      if (fingerprint === statementCodec('interval-complete').fingerprint) continue
      const reader = readerOfSchema(fingerprint)
      if (E.isLeft(reader)) throw new Error(`${file}: ${reader.left.message}`)
      const schema = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as AvroSchema
      expect(oldReader(reader.right.family, schema).fingerprint).toBe(fingerprint)
    }
  })

  test('is asked by fingerprints alone, never by a path', () => {
    for (const name of ['../queue-metrics', '0538dea0d68f98f6/../x', ''])
      expect(E.isLeft(readerOfSchema(name))).toBe(true)
  })
})

type Field = Readonly<{ name: string; type: unknown }>

/** The schema of a version that did not have some measures and KPIs yet. Types keep being spelled out at first use. */
const earlierSchema = (family: FamilyName, isMissing: (field: string) => boolean): AvroSchema => {
  const spelledOut = new Map<string, object>()
  const used = new Set<string>()
  const named = (type: unknown): unknown => {
    if (Array.isArray(type)) return type.map(named)
    if (typeof type === 'string') return spelledOut.has(type) && !used.has(type) ? named(spelledOut.get(type)) : type
    const record = type as { name?: string; type?: string; fields?: Field[]; items?: unknown; values?: unknown }
    if (record.name !== undefined) {
      spelledOut.set(record.name, record)
      if (used.has(record.name)) return record.name
      used.add(record.name)
    }
    return {
      ...record,
      ...(record.fields && { fields: record.fields.map((field) => ({ ...field, type: named(field.type) })) }),
      ...(record.items !== undefined && { items: named(record.items) }),
      ...(record.values !== undefined && { values: named(record.values) }),
    }
  }
  const collect = (type: unknown): void => {
    if (Array.isArray(type)) for (const branch of type) collect(branch)
    if (typeof type !== 'object' || type === null) return
    const {
      name,
      fields = [],
      items,
      values,
    } = type as { name?: string; fields?: Field[]; items?: unknown; values?: unknown }
    if (name !== undefined) spelledOut.set(name, type)
    for (const field of fields) collect(field.type)
    collect(items)
    collect(values)
  }
  const { schema } = rowCodec(family)
  collect(schema)
  const without = (field: Field): Field => {
    const { fields, ...record } = field.type as { fields: Field[] }
    return { ...field, type: { ...record, fields: fields.filter(({ name }) => !isMissing(name)) } }
  }
  const fields = (schema['fields'] as Field[]).map((field) =>
    field.name === 'measures' || field.name === 'kpis' ? without(field) : field,
  )
  return named({ ...schema, fields }) as AvroSchema
}

describe('rows of an earlier version', () => {
  test.each(familyNames)(
    'of %s are read: measures and KPIs that it did not have are absent, all others are the same',
    (family) => {
      const { schema } = rowCodec(family)
      const added = (schema['fields'] as Field[])
        .filter(({ name }) => name === 'measures' || name === 'kpis')
        .flatMap(({ type }) => (type as { fields: Field[] }).fields.map(({ name }) => name))
      fc.assert(
        fc.property(anyRowOf(family), fc.subarray(added, { minLength: 1 }), (row, missing) => {
          const isMissing = (name: string): boolean => missing.includes(name)
          const earlier = earlierSchema(family, isMissing)
          const datum = datumOf(row) as { measures: object; kpis?: object }
          const bytes = avro.Type.forSchema(earlier as unknown as avro.Schema).toBuffer({
            ...datum,
            measures: omit(datum.measures, isMissing),
            ...(datum.kpis && { kpis: omit(datum.kpis, isMissing) }),
          })
          const reader = oldReader(family, earlier)
          expect(reader.fingerprint).not.toBe(rowCodec(family).fingerprint)
          expect(reader.header(bytes)).toEqual(headerOf(row))
          expect(reader.decode(bytes)).toEqual({
            ...row,
            measures: row.measures.map((measure, place) => (isMissing(metricNames[place] ?? '') ? undefined : measure)),
            kpis: omit(row.kpis, isMissing),
          })
        }),
        { numRuns: 20 },
      )
    },
  )

  test('that are damaged are refused', () => {
    const { schema, encode } = rowCodec('queue')
    const reader = oldReader('queue', schema)
    fc.assert(
      fc.property(anyRowOf('queue'), (row) => {
        expect(() => reader.decode(encode(row).subarray(0, 20))).toThrow(RangeError)
      }),
      { numRuns: 10 },
    )
  })
})

const omit = <A extends object>(from: A, isMissing: (name: string) => boolean): object =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !isMissing(name)))
