import * as E from 'fp-ts/lib/Either.js'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { nearNames } from '../../../domain/near-names.js'
import { profileSchema } from './profile-schema.js'

/** The part of JSON Schema that the schema of profiles uses. */
type Schema = Readonly<{
  type?: string
  enum?: readonly string[]
  properties?: Readonly<Record<string, Schema>>
  additionalProperties?: Schema | false
  items?: Schema | false
  anyOf?: readonly Schema[]
}>

const root = (): Schema => (known ??= z.toJSONSchema(profileSchema, { io: 'input' }) as Schema)
let known: Schema | undefined

/**
 * The value that a text gives to a key of a profile, by the type that the schema has there. `path` names the key by its
 * levels. The left side says in a sentence what is wrong: an unknown key, with near names, or a value of another type.
 * Whether the value is allowed is for the whole schema to say.
 */
export const profileValue = (path: readonly string[], text: string): E.Either<string, unknown> =>
  E.flatMap(schemaAt(path), (schema) => valueOf(path.join('.'), schema, text))

const schemaAt = (path: readonly string[]): E.Either<string, Schema> => {
  let schema = root()
  for (const [level, key] of path.entries()) {
    const { properties = {}, additionalProperties } = schema
    const below = Object.hasOwn(properties, key) ? properties[key] : undefined
    const next = below ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    if (next === undefined) return E.left(unknownKey(path, level, Object.keys(properties)))
    schema = next
  }
  const members = Object.keys(schema.properties ?? {})
  if (schema.type === 'object')
    return E.left(
      members.length > 0
        ? `${path.join('.')} holds other keys; name one of them: ${members.map((name) => [...path, name].join('.')).join(', ')}`
        : `${path.join('.')} holds values by name; write ${[...path, '<name>'].join('.')}`,
    )
  return E.right(schema)
}

const unknownKey = (path: readonly string[], level: number, members: readonly string[]): string => {
  const above = path.slice(0, level)
  const [key = '', prefix] = [path[level], above.join('.')]
  if (members.length === 0) return `${prefix} is a value and holds no ${key}`
  const near = [...nearNames(key, members), ...(level === 0 ? pathsTo(key) : [])]
  const help = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${members.join(', ')}`
  return `a profile has no ${[...above, key].join('.')}; ${help}`
}

/** The full names of keys that stand one level down: `durationMs` is `serviceLevel.durationMs`. */
const pathsTo = (key: string): readonly string[] =>
  Object.entries(root().properties ?? {}).flatMap(([name, { properties }]) =>
    properties !== undefined && Object.hasOwn(properties, key) ? [`${name}.${key}`] : [],
  )

const valueOf = (name: string, schema: Schema, text: string): E.Either<string, unknown> => {
  const wrong = (expected: string): E.Either<string, never> => E.left(`${name} is ${expected}, not ${text}`)
  switch (schema.type) {
    case 'integer': {
      const isTime = /Ms($|By)/.test(name)
      const value = (isTime ? durationOf(text) : undefined) ?? (text.trim() === '' ? NaN : Number(text))
      if (Number.isSafeInteger(value)) return E.right(value)
      return wrong(isTime ? 'whole milliseconds, or a time such as 30s or 5min' : 'a whole number')
    }
    case 'boolean':
      return text === 'true' || text === 'false' ? E.right(text === 'true') : wrong('true or false')
    case 'array': {
      const parsed = yamlOf(text)
      const isList = Array.isArray(parsed)
      // Without brackets it is a list separated by commas. A list of mappings cannot be written so.
      if (!isList && typeof schema.items === 'object' && schema.items.type === 'object')
        return wrong('a list of mappings, written as in YAML')
      return E.right(isList ? parsed : text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()])))
    }
    case 'string':
      if (schema.enum === undefined || schema.enum.includes(text)) return E.right(text)
      return wrong(`one of ${schema.enum.join(', ')}`)
    default:
      return E.right(yamlOf(text) ?? null)
  }
}

const yamlOf = (text: string): unknown => {
  try {
    return parseYaml(text, { logLevel: 'error' }) as unknown
  } catch {
    return text
  }
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `30s`, `12 s`, `5min`, `1.5h`; `undefined` for any other text. */
export const durationOf = (text: string): number | undefined => {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|m|min|h|d)$/.exec(text.trim()) ?? []
  const ms = Number(number) * (units[unit ?? ''] ?? NaN)
  return Number.isSafeInteger(ms) ? ms : undefined
}
