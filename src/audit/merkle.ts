import { hash } from 'node:crypto'

/**
 * The Merkle tree of certificate transparency (RFC 6962 section 2.1, RFC 9162 section 2.1): SHA-256, `0x00` in front of
 * a leaf, `0x01` in front of two nodes. A tree is a list of leaves; its root speaks for all of them and their order.
 * Sizes and indexes are whole numbers below 2^53.
 */
export type Hash = Uint8Array

export const HASH_BYTES = 32

const sha256 = (bytes: Uint8Array): Hash => hash('sha256', bytes, 'buffer')

/** The root of the tree without leaves. */
export const EMPTY_ROOT: Hash = sha256(Buffer.alloc(0))

/** `entry` is what the leaf states. */
export const leafHash = (entry: Uint8Array): Hash => sha256(Buffer.concat([LEAF_PREFIX, entry]))

const LEAF_PREFIX = Buffer.of(0)
const pair = Buffer.alloc(1 + 2 * HASH_BYTES)
pair[0] = 1

export const nodeHash = (left: Hash, right: Hash): Hash => {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new RangeError('a hash has 32 bytes')
  pair.set(left, 1)
  pair.set(right, 1 + HASH_BYTES)
  return sha256(pair)
}

export const sameHash = (a: Hash, b: Hash): boolean => Buffer.compare(a, b) === 0

/** Learns of each complete subtree: `index` counts the subtrees of 2^`level` leaves from the left. */
export type OnNode = (level: number, index: number, hash: Hash) => void

/**
 * The roots of the complete subtrees that a tree consists of, from the largest on the left to the smallest: what is
 * needed to add leaves and to say the root, in O(log n) memory.
 */
export class CompactRange {
  #size = 0
  readonly #hashes: Hash[] = []

  get size(): number {
    return this.#size
  }

  /** As many hashes as the binary form of `size` has ones. Throws `RangeError` if it is another number. */
  static of(size: number, hashes: readonly Hash[]): CompactRange {
    const range = new CompactRange()
    if (!Number.isSafeInteger(size) || size < 0 || hashes.length !== subtreesOf(size).length)
      throw new RangeError(`${hashes.length} hashes are not the subtrees of ${size} leaves`)
    range.#size = size
    range.#hashes.push(...hashes)
    return range
  }

  append(leaf: Hash, onNode?: OnNode): void {
    let node = leaf
    let level = 0
    let index = this.#size
    onNode?.(0, index, node)
    for (; index % 2 === 1; index = (index - 1) / 2) {
      node = nodeHash(this.#hashes.pop()!, node)
      level += 1
      onNode?.(level, (index - 1) / 2, node)
    }
    this.#hashes.push(node)
    this.#size += 1
  }

  root(): Hash {
    return rootOfSubtrees(this.#hashes)
  }

  hashes(): readonly Hash[] {
    return [...this.#hashes]
  }
}

const rootOfSubtrees = (hashes: readonly Hash[]): Hash =>
  hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right))

/** The complete subtrees of a tree of `size` leaves, from the left. */
export const subtreesOf = (size: number): readonly Readonly<{ level: number; index: number }>[] => {
  const subtrees: { level: number; index: number }[] = []
  for (let level = 0, left = size; left > 0; level += 1, left = Math.floor(left / 2))
    if (left % 2 === 1) subtrees.unshift({ level, index: left - 1 })
  return subtrees
}

/** Gives the root of a complete subtree. */
export type Nodes = (level: number, index: number) => Hash

/** The root of the first `size` leaves. */
export const rootAt = (size: number, nodes: Nodes): Hash =>
  rootOfSubtrees(subtreesOf(size).map(({ level, index }) => nodes(level, index)))

/** The largest power of two below `size`, which is 2 or more. */
const splitOf = (size: number): number => {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** The root of the leaves `[from, to)`, where `from` is a multiple of a power of two that is not below `to - from`. */
const rangeRoot = (from: number, to: number, nodes: Nodes): Hash => {
  const size = to - from
  const level = Math.log2(size)
  if (Number.isInteger(level)) return nodes(level, from / size)
  const middle = from + splitOf(size)
  return nodeHash(rangeRoot(from, middle, nodes), rangeRoot(middle, to, nodes))
}

/** The siblings from the leaf `index` up to the root of the first `size` leaves (RFC 9162 section 2.1.3.1). */
export const inclusionProof = (index: number, size: number, nodes: Nodes): readonly Hash[] => {
  const path: Hash[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      path.unshift(rangeRoot(middle, to, nodes))
      to = middle
    } else {
      path.unshift(rangeRoot(from, middle, nodes))
      from = middle
    }
  }
  return path
}

/** That the first `first` leaves are those of a smaller tree (RFC 9162 section 2.1.4.1); `0 < first <= size`. */
export const consistencyProof = (first: number, size: number, nodes: Nodes): readonly Hash[] => {
  const path: Hash[] = []
  let [from, to] = [0, size]
  let isWhole = true
  while (first < to) {
    const middle = from + splitOf(to - from)
    if (first <= middle) {
      path.unshift(rangeRoot(middle, to, nodes))
      to = middle
    } else {
      path.unshift(rangeRoot(from, middle, nodes))
      from = middle
      isWhole = false
    }
  }
  return isWhole ? path : [rangeRoot(from, to, nodes), ...path]
}

/** The root to which the proof leads (RFC 9162 section 2.1.3.2); `undefined` if it does not fit index and size. */
export const rootOfInclusion = (index: number, size: number, leaf: Hash, path: readonly Hash[]): Hash | undefined => {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return undefined
  let [node, last, root] = [index, size - 1, leaf]
  for (const sibling of path) {
    if (last === 0) return undefined
    if (node % 2 === 1 || node === last) {
      root = nodeHash(sibling, root)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else root = nodeHash(root, sibling)
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 ? root : undefined
}

/** Whether the leaf is at `index` of the tree of that root. */
export const isIncluded = (index: number, size: number, leaf: Hash, path: readonly Hash[], root: Hash): boolean => {
  const found = rootOfInclusion(index, size, leaf, path)
  return found !== undefined && sameHash(found, root)
}

type Tree = Readonly<{ size: number; root: Hash }>

/** Whether `older` is the beginning of `newer` (RFC 9162 section 2.1.4.2). The older tree is not empty. */
export const isConsistent = (older: Tree, newer: Tree, path: readonly Hash[]): boolean => {
  if (older.size < 1 || older.size > newer.size) return false
  if (older.size === newer.size) return path.length === 0 && sameHash(older.root, newer.root)
  const isComplete = Number.isInteger(Math.log2(older.size))
  const [first, ...rest] = isComplete ? [older.root, ...path] : path
  if (first === undefined) return false
  let [node, last] = [older.size - 1, newer.size - 1]
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  let [before, after] = [first, first]
  for (const sibling of rest) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      before = nodeHash(sibling, before)
      after = nodeHash(sibling, after)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else after = nodeHash(after, sibling)
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 && sameHash(before, older.root) && sameHash(after, newer.root)
}
