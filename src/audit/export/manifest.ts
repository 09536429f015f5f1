import { HASH_BYTES, subtreesOf, type Hash } from '../merkle.js'
import { base64Of } from '../note.js'

/**
 * What an export holds of a tree: the leaves `[from, to)`. `subtrees` are the roots of the complete subtrees of the
 * first `from` leaves, from which the roots of the heads can be computed without those leaves.
 */
export type ExportedTree = Readonly<{
  tree: string
  origin: string
  from: number
  to: number
  subtrees: readonly Hash[]
}>

export type ExportManifest = Readonly<{ trees: readonly ExportedTree[] }>

const FORMAT = 'streamvane audit export v1'

/** The canonical text: nothing in it can be changed without being found. */
export const encodeManifest = ({ trees }: ExportManifest): string =>
  JSON.stringify({
    format: FORMAT,
    trees: trees.map(({ tree, origin, from, to, subtrees }) => ({
      ...{ tree, origin, from, to },
      subtrees: subtrees.map((hash) => Buffer.from(hash).toString('base64')),
    })),
  })

/** Reads a manifest; `undefined` if the text is not the canonical one of any. */
export const decodeManifest = (text: string): ExportManifest | undefined => {
  try {
    const { trees } = JSON.parse(text) as { trees: readonly Record<string, unknown>[] }
    const manifest = { trees: trees.map(treeOf) }
    return encodeManifest(manifest) === text ? manifest : undefined
  } catch {
    return undefined
  }
}

const treeOf = ({ tree, origin, from, to, subtrees }: Record<string, unknown>): ExportedTree => {
  const hashes = (subtrees as readonly string[]).map((each) => base64Of(each))
  const isFit =
    isSize(from) &&
    isSize(to) &&
    from < to &&
    hashes.length === subtreesOf(from).length &&
    hashes.every((each) => each?.length === HASH_BYTES)
  // The origin ends with the tree, or with the tree and how often it was begun again.
  const name =
    typeof origin === 'string'
      ? origin
          .split('/')
          .at(-1)
          ?.replace(/(?<=.)-\d+$/, '')
      : undefined
  if (!isFit || typeof tree !== 'string' || typeof origin !== 'string') throw new TypeError('no tree of an export')
  if (origin.split('/').at(-1) !== tree && name !== tree) throw new TypeError('a tree of another name')
  return { tree, origin, from, to, subtrees: hashes as readonly Hash[] }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
