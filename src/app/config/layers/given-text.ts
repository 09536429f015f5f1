import type { z } from 'zod'
import { ConfigError } from '../schema.js'
import { isTree, type Tree } from './layer.js'
import { yaml } from './yaml.js'

/** A warning would quote the text, for example an unknown tag. */
const QUIET = { logLevel: 'error' } as const

/**
 * Only the schema knows the type of a value that is given as text: a password of digits is text, and `a:1,b:2` a list.
 * Parses such values again from their text, unless a flag has overridden them. Returns whether there were any.
 */
export const respell = (
  tree: Tree,
  texts: ReadonlyMap<string, string>,
  flags: Readonly<Tree>,
  issues: readonly z.core.$ZodIssue[],
): boolean => {
  let any = false
  for (const issue of issues) {
    const path = issue.path.map(String)
    const text = texts.get(path.join('.'))
    if (issue.code !== 'invalid_type' || text === undefined || valueAt(flags, path) !== undefined) continue
    if (issue.expected === 'string') setAt(tree, path, text)
    else if (issue.expected === 'array') setAt(tree, path, listOf(text))
    else continue
    any = true
  }
  return any
}

export const valueAt = (tree: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((below, key) => (isTree(below) ? below[key] : undefined), tree)

export const listOf = (text: string): readonly string[] => text.split(',').map((item) => item.trim())

/** Reads numbers, booleans and lists as YAML; everything else is text. */
export const scalar = (value: string): unknown => {
  try {
    const parsed: unknown = yaml().parse(value, QUIET)
    return typeof parsed === 'number' || typeof parsed === 'boolean' || Array.isArray(parsed) ? parsed : value
  } catch {
    return value
  }
}

/** Gives the value at a path. Throws `ConfigError` where a value stands on the way. */
export const setAt = (tree: Tree, path: readonly string[], value: unknown): void => {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) {
    tree[head] = value
    return
  }
  const below = (tree[head] ??= {})
  if (isTree(below)) setAt(below, rest, value)
  else throw new ConfigError(`${head} is given a value in one place, and keys below it (${rest.join('.')}) in another`)
}
