import avro from 'avsc'
import type { AvroSchema } from './named-types.js'

/**
 * What stands between two schemas.
 *
 * - `backward`: readers with the later schema cannot read records of the earlier one
 * - `forward`: readers with the earlier schema cannot read records of the later one
 * - `contract`: Avro allows it, and the contract does not: a field that is gone, or that means something else
 */
export type Incompatibility = Readonly<{ kind: 'backward' | 'forward' | 'contract'; reason: string }>

/**
 * Why a schema may not follow an earlier one; empty if it may. Both directions are demanded (FULL), by Avro's rules of
 * schema resolution as avsc applies them: fields by name, a default where the writer has no such field, promotions of
 * numbers one way, all symbols of an enum or a default, branches of unions.
 */
export const incompatibilities = (earlier: AvroSchema, later: AvroSchema): readonly Incompatibility[] => {
  const [before, after] = [typeOf(earlier), typeOf(later)]
  const backward = whyUnreadable(after, before)
  const forward = whyUnreadable(before, after)
  return [
    ...(backward === undefined ? [] : [{ kind: 'backward' as const, reason: backward }]),
    ...(forward === undefined ? [] : [{ kind: 'forward' as const, reason: forward }]),
    ...brokenPromises(fieldsOf(earlier), fieldsOf(later)).map((reason) => ({ kind: 'contract' as const, reason })),
  ]
}

const typeOf = (schema: AvroSchema): avro.Type => avro.Type.forSchema(schema as unknown as avro.Schema)

const whyUnreadable = (reader: avro.Type, writer: avro.Type): string | undefined => {
  try {
    reader.createResolver(writer)
    return undefined
  } catch (cause) {
    return (cause as Error).message
  }
}

type Field = Readonly<{ name: string; type: unknown }>

/** Fields of an earlier schema that the later one does not have, or reads as something else. */
const brokenPromises = (earlier: ReadonlyMap<string, string>, later: ReadonlyMap<string, string>): readonly string[] =>
  [...earlier].flatMap(([path, logicalType]) => {
    const now = later.get(path)
    if (now === undefined) return [`the field ${path} is gone`]
    return now === logicalType
      ? []
      : [`the field ${path} has logical type ${now || 'none'} instead of ${logicalType || 'none'}`]
  })

/** Every field by its path (`measures.tTalk.sum`), with its logical type; empty: none. */
const fieldsOf = (schema: AvroSchema): ReadonlyMap<string, string> => {
  const named = new Map<string, readonly Field[]>()
  const fields = new Map<string, string>()
  /** Types that the path leads through: a schema of somebody else may refer to itself. */
  const open = new Set<readonly Field[]>()
  const visit = (type: unknown, path: string): void => {
    if (Array.isArray(type)) return type.forEach((branch) => visit(branch, path))
    if (typeof type === 'string') return visitFields(named.get(shortName(type)) ?? [], path)
    if (typeof type !== 'object' || type === null) return
    const { name, fields: own, items, values, type: inner } = type as Partial<Field> & TypeNode
    if (own !== undefined) {
      if (name !== undefined) named.set(shortName(name), own)
      visitFields(own, path)
    }
    for (const below of [items, values, typeof inner === 'object' ? inner : undefined]) visit(below, path)
  }
  const visitFields = (of: readonly Field[], path: string): void => {
    if (open.has(of)) return
    open.add(of)
    for (const field of of) {
      const at = path === '' ? field.name : `${path}.${field.name}`
      fields.set(at, logicalTypeOf(field.type))
      visit(field.type, at)
    }
    open.delete(of)
  }
  visit(schema, '')
  return fields
}

/** A registry may spell out the namespace of a type that is used again. */
const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

type TypeNode = Readonly<{ fields?: readonly Field[]; items?: unknown; values?: unknown }>

const logicalTypeOf = (type: unknown): string =>
  (Array.isArray(type) ? type : [type])
    .map((branch) => (branch as { logicalType?: string } | null)?.logicalType ?? '')
    .join('')
