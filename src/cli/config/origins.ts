import { Document, isMap, isScalar, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml'
import { printable } from '../../domain/printable.js'

/** Names where the value at a path of the configuration comes from. */
export type OriginAt = (path: readonly string[]) => string

/**
 * A configuration as YAML, each value with a comment that names its origin. A list has one for all that is in it. Comments
 * change nothing: what is printed loads to the same configuration.
 */
export const withOrigins = (configuration: unknown, originAt: OriginAt): string => {
  const document = new Document(configuration, { aliasDuplicateObjects: false })
  if (isMap(document.contents)) comment(document.contents, originAt, [])
  return document.toString({ lineWidth: 0 })
}

/** A value is followed by its comment; a list, which may be long, has it above its key. */
const comment = (map: YAMLMap, originAt: OriginAt, above: readonly string[]): void => {
  for (const { key, value } of map.items as readonly Pair<Scalar<string>, Node>[]) {
    const path = [...above, key.value]
    const origin = ` ${printable(originAt(path))}`
    if (isMap(value) && value.items.length > 0) comment(value, originAt, path)
    else if (isScalar(value)) value.comment = origin
    else key.commentBefore = origin
  }
}

/** The origin of each value, by its path. Of a mapping or list without members that of itself. */
export const originsOf = (
  value: unknown,
  originAt: OriginAt,
  path: readonly string[] = [],
): Readonly<Record<string, string>> => {
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  if (members.length === 0) return { [path.join('.')]: originAt(path) }
  return Object.assign({}, ...members.map(([key, below]) => originsOf(below, originAt, [...path, key]))) as Record<
    string,
    string
  >
}
