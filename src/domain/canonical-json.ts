/** Nesting beyond this is refused: no Genesys body comes near it. */
export const DEPTH_MAX = 64

export class TooDeep extends Error {
  override readonly name = 'TooDeep'
}

/** JSON with keys in code-unit order and without white space, equal for every order of keys. Throws `TooDeep`. */
export const canonicalJson = (value: unknown, depth = 0): string => {
  if (depth > DEPTH_MAX) throw new TooDeep(`nested deeper than ${DEPTH_MAX}`)
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  const record = value as Readonly<Record<string, unknown>>
  const { sorted, heads } = shapeOf(Object.keys(record))
  if (sorted.length === 0) return '{}'
  let json = ''
  for (let i = 0; i < sorted.length; i++)
    json += (heads[i] as string) + canonicalJson(record[sorted[i] as string], depth + 1)
  return `${json}}`
}

const NOTHING_TO_ESCAPE = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

const quoted = (value: string): string => (NOTHING_TO_ESCAPE.test(value) ? `"${value}"` : JSON.stringify(value))

/** The keys of an object as they came and in order, and what stands before each value: `{"a":`, `,"b":`. */
type Shape = Readonly<{ keys: readonly string[]; sorted: readonly string[]; heads: readonly string[] }>

/**
 * Events of one topic come in few shapes: sorting and quoting the keys of each once makes `canonicalJson` three times
 * as fast.
 */
const shapes = new Map<string, Shape>()
const SHAPES_MAX = 1_000
/** Objects with more keys, or longer ones, are not cached: they would fill memory, and no Genesys body has them. */
const SHAPE_KEYS_MAX = 200
const SHAPE_CHARS_MAX = 8_000

const shapeOf = (keys: readonly string[]): Shape => {
  if (keys.length > SHAPE_KEYS_MAX) return newShape(keys)
  const name = keys.join('\n')
  const known = shapes.get(name)
  // A key may hold a line feed itself, so that other keys can have the same name.
  if (known !== undefined && known.keys.length === keys.length && known.keys.every((key, i) => key === keys[i]))
    return known
  const shape = newShape(keys)
  if (name.length > SHAPE_CHARS_MAX) return shape
  if (shapes.size >= SHAPES_MAX) shapes.clear()
  shapes.set(name, shape)
  return shape
}

const newShape = (keys: readonly string[]): Shape => {
  const sorted = [...keys].sort()
  return { keys, sorted, heads: sorted.map((key, i) => `${i === 0 ? '{' : ','}${JSON.stringify(key)}:`) }
}
