import { isSecretAt } from '../secrets/secrets.js'

export type Tree = Record<string, unknown>

/**
 * What one source of the configuration says: a file, the environment, the flags. `nameAt` names the source of the value
 * that it gives at a path, for people: the path of the file, the variable, the flag.
 */
export type Layer = Readonly<{ tree: Tree; nameAt: (path: readonly string[]) => string }>

/**
 * Lays each layer over those before it: mappings are merged key by key, everything else is replaced as a whole. So is a
 * reference to a secret: one by `env` and one by `file` would make one that has both.
 */
export const overlaid = (layers: readonly Layer[]): Tree =>
  layers.reduce<Tree>((below, { tree }) => merge(below, tree, []), {})

/**
 * The name of the layer whose value is in force at a path of the configuration; `undefined`: no layer gives one, and it
 * is the default, or follows from another setting. What stands in a list, or is printed as a mapping where a text was
 * written, comes from where the list or the text does.
 */
export const originAt = (layers: readonly Layer[], path: readonly string[]): string | undefined => {
  for (const { tree, nameAt } of layers.toReversed()) {
    const depth = depthGiven(tree, path)
    if (depth !== undefined) return nameAt(path.slice(0, depth))
  }
  return undefined
}

/** How many levels of a path lead to the value that a tree gives for it; `undefined`: it gives none. */
const depthGiven = (tree: Tree, path: readonly string[]): number | undefined => {
  let value: unknown = tree
  for (const [depth, key] of path.entries()) {
    if (!isTree(value)) return depth
    value = Object.hasOwn(value, key) ? value[key] : undefined
    if (value === undefined) return undefined
  }
  return path.length
}

const merge = (weak: Tree, strong: Tree, path: readonly string[]): Tree => {
  const merged: Tree = { ...weak }
  for (const [key, value] of Object.entries(strong)) {
    if (value === undefined) continue
    const [below, at] = [merged[key], [...path, key]]
    merged[key] = isTree(below) && isTree(value) && !isSecretAt(at) ? merge(below, value, at) : value
  }
  return merged
}

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
