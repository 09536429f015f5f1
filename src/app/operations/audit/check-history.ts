import type { Finding, Place } from '../../../audit/finding.js'
import { CompactRange, rootAt, sameHash, type Hash } from '../../../audit/merkle.js'
import type { SignedHead } from '../../../audit/tree-head.js'
import type { Position } from '../../../log/event-log.js'
import type { ErasedLeaves } from './audit-log.js'
import { leavesOf, type Leaf } from './leaves.js'
import type { TileStore } from './tile-store.js'
import type { SealedTree } from './trees.js'

/** A difference beside so many others says nothing new. */
export const FINDINGS_MAX = 20

/** Leaves whose hashes are read at once. */
const CHUNK = 4_096

/** `erased`: how many leaves of each erased stream were met. `range`: the tree at its last head. */
export type History = Readonly<{
  findings: readonly Finding[]
  leaves: number
  erased: ReadonlyMap<string, ErasedStream>
  range: CompactRange
}>

/** The first and the last leaf of a stream that was erased, to be compared with the record of the erasure. */
export type ErasedStream = { leaves: number; first: Leaf; firstLeaf: number }

export type HistoryOptions = Readonly<{
  tree: SealedTree
  erased: ErasedLeaves
  /** All heads of the tree, in order, their signatures checked; the last is `last`. */
  heads: AsyncIterable<SignedHead>
  last: SignedHead
  /** Hashes that were kept, if they lead to the root of the last head; with them each event is found that differs. */
  signed: TileStore | undefined
  /** Takes the hashes of the log where there are none. */
  rebuilt: TileStore | undefined
  signal: AbortSignal
  onProgress?: ((leaves: number, total: number) => void) | undefined
}>

/** Whether the kept hashes are those of the head: only then do they say what was signed. */
export const areSigned = (tiles: TileStore, { size, root }: SignedHead): boolean =>
  tiles.size >= size &&
  sameHash(
    rootAt(size, (level, index) => tiles.node(level, index)),
    root,
  )

/**
 * Reads all of a tree's events through its last head again and compares them with what was signed. Events and kept
 * hashes are aligned by position, so each event that was changed, removed or added is found; without kept hashes the
 * first stretch between two heads is.
 */
export const checkHistory = async (options: HistoryOptions): Promise<History> => {
  const check = new HistoryCheck(options)
  try {
    for await (const batch of leavesOf(options.tree, options.erased, START, options.last.through)) {
      for (const leaf of batch) if (!(await check.leaf(leaf))) return check.history()
      options.onProgress?.(check.size, options.last.size)
      options.signal.throwIfAborted()
    }
    await check.end()
    return check.history()
  } finally {
    await check.close()
  }
}

const START = { position: undefined, size: 0 }

class HistoryCheck {
  readonly #options: HistoryOptions
  readonly #heads: AsyncIterator<SignedHead>
  readonly #range = new CompactRange()
  readonly #findings: Finding[] = []
  readonly #erased = new Map<string, ErasedStream>()
  readonly #wanted: Wanted | undefined
  #head: SignedHead | undefined
  #before: SignedHead | undefined

  constructor(options: HistoryOptions) {
    this.#options = options
    this.#heads = options.heads[Symbol.asyncIterator]()
    this.#wanted = options.signed === undefined ? undefined : new Wanted(options.signed, options.last.size)
  }

  get size(): number {
    return this.#range.size
  }

  history(): History {
    return { findings: this.#findings, leaves: this.size, erased: this.#erased, range: this.#range }
  }

  /** Answers false when enough is known. */
  async leaf(leaf: Leaf): Promise<boolean> {
    if (this.#wanted === undefined) {
      if (!(await this.#headsBefore(leaf.position))) return false
      this.#append(leaf.hash, leaf.position)
    } else {
      this.#missingBefore(this.#wanted, leaf.position)
      if (this.#wanted.position() === leaf.position) {
        const hash = this.#wanted.take()
        if (!sameHash(hash, leaf.hash)) this.#find('changed', leaf, 'it is not the event that was signed')
        this.#append(hash, leaf.position)
      } else {
        this.#find('added', leaf, 'no event was signed here')
        return this.#findings.length < FINDINGS_MAX
      }
    }
    if (leaf.erased !== undefined) {
      const { stream } = leaf.erased
      const known = this.#erased.get(stream)
      if (known === undefined) this.#erased.set(stream, { leaves: 1, first: leaf, firstLeaf: this.size - 1 })
      else known.leaves += 1
    }
    return this.#findings.length < FINDINGS_MAX
  }

  async end(): Promise<void> {
    if (this.#wanted === undefined) await this.#headsBefore(undefined)
    else this.#missingBefore(this.#wanted, undefined)
  }

  async close(): Promise<void> {
    this.#options.rebuilt?.flush()
    await this.#heads.return?.()
  }

  #append(hash: Hash, position: Position): void {
    const { rebuilt } = this.#options
    this.#range.append(hash, rebuilt && ((level, _, node) => rebuilt.add(level, node)))
    rebuilt?.addPosition(position)
  }

  /** Checks the heads that speak of less than a position (of everything, if there is none). */
  async #headsBefore(position: Position | undefined): Promise<boolean> {
    for (;;) {
      this.#head ??= (await this.#heads.next()).value as SignedHead | undefined
      const head = this.#head
      if (head === undefined || (position !== undefined && position <= head.through)) return true
      const isSame = head.size === this.size && sameHash(head.root, this.#range.root())
      if (!isSame) {
        const what =
          head.size === this.size
            ? 'events differ from those that were signed'
            : `${this.size} leaves are there, and ${head.size} were signed`
        const { tree } = this.#options
        const stretch = { tree: tree.name, from: this.#before?.size ?? 0, to: head.size }
        this.#findings.push({ kind: 'stretch', ...stretch, after: this.#before?.through, through: head.through, what })
        return false
      }
      this.#before = head
      this.#head = undefined
    }
  }

  /** Signed leaves of which the log has no event. */
  #missingBefore(wanted: Wanted, position: Position | undefined): void {
    for (let at = wanted.position(); at !== undefined; at = wanted.position()) {
      if ((position !== undefined && at >= position) || this.#findings.length >= FINDINGS_MAX) return
      const place = { tree: this.#options.tree.name, leaf: this.size, position: at }
      this.#findings.push({
        kind: 'missing',
        ...place,
        what: 'the event that was signed here is gone, and no erasure of it is recorded',
      })
      this.#append(wanted.take(), at)
    }
  }

  #find(kind: 'changed' | 'added', leaf: Leaf, what: string): void {
    this.#findings.push({ kind, ...placeOf(this.#options.tree.name, this.size, leaf), what })
  }
}

/** Where a leaf is, and of which event. */
export const placeOf = (tree: string, leaf: number, { position, event, erased }: Leaf): Place => {
  const { stream, revision, id } = event ?? erased
  return { tree, leaf, position, stream, revision, id }
}

/** The leaves that were signed, one by one. */
class Wanted {
  readonly #tiles: TileStore
  readonly #size: number
  #at = 0
  #from = 0
  #hashes: readonly Hash[] = []
  #positions: readonly Position[] = []

  constructor(tiles: TileStore, size: number) {
    this.#tiles = tiles
    this.#size = size
  }

  /** Where the event of the next leaf lay; `undefined` after the last. */
  position(): Position | undefined {
    if (this.#at >= this.#size) return undefined
    if (this.#at >= this.#from + this.#hashes.length) {
      this.#from = this.#at
      const count = Math.min(CHUNK, this.#size - this.#at)
      this.#hashes = this.#tiles.leaves(this.#at, count)
      this.#positions = this.#tiles.positions(this.#at, count)
    }
    return this.#positions[this.#at - this.#from]
  }

  take(): Hash {
    const hash = this.#hashes[this.#at - this.#from]!
    this.#at += 1
    return hash
  }
}
