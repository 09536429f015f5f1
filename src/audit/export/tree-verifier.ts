import type { Finding, LeafFindingKind } from '../finding.js'
import { HeadChain } from '../head-chain.js'
import { CompactRange, sameHash } from '../merkle.js'
import type { VerifierKey } from '../note.js'
import { decodeProof, proofFault } from '../proof.js'
import { headFault, parseHead, type SignedHead } from '../tree-head.js'
import { align } from './align.js'
import { decodeBlock, type Item } from './block.js'
import { ErasedInExport, type ExportedErasure } from './erased.js'
import type { ExportedTree } from './manifest.js'

export type VerifiedTree = Readonly<{
  tree: string
  origin: string
  from: number
  to: number
  heads: number
  last: SignedHead | undefined
  erasures: readonly ExportedErasure[]
}>

/** Checks the leaves and heads of one tree. */
export class TreeVerifier {
  readonly #exported: ExportedTree
  readonly #chain: HeadChain
  readonly #range: CompactRange
  readonly #keys: readonly VerifierKey[]
  readonly #find: (finding: Finding) => void
  readonly #erased = new ErasedInExport()
  /** Heads whose root is still to be compared, by size. */
  readonly #pending: SignedHead[] = []
  readonly #held: SignedHead[]
  #heads = 0
  #leaves = 0
  #from: number
  #after: bigint | undefined
  /** A root was wrong, or leaves could not be read: further roots would be wrong too. */
  #hasParted = false

  constructor(
    exported: ExportedTree,
    keys: readonly VerifierKey[],
    held: readonly SignedHead[],
    find: (finding: Finding) => void,
  ) {
    const { origin, from, subtrees } = exported
    this.#exported = exported
    this.#keys = keys
    this.#find = find
    this.#chain = new HeadChain(origin, keys, from === 0)
    this.#range = CompactRange.of(from, subtrees)
    this.#from = from
    this.#held = held.filter((head) => head.origin === origin && head.size >= from).sort((a, b) => a.size - b.size)
  }

  get name(): string {
    return this.#exported.tree
  }

  get leaves(): number {
    return this.#leaves
  }

  get next(): number {
    return this.#range.size
  }

  head(note: string): string | undefined {
    const head = parseHead(note)
    if (head === undefined) return 'it is no head'
    const fault = this.#chain.next(head)
    if (fault !== undefined) this.#headFinding(head.size, fault)
    else {
      this.#heads += 1
      this.#pending.push(head)
      this.#compareRoots()
    }
    return undefined
  }

  block(payload: Buffer): string | undefined {
    const block = decodeBlock(payload)
    if (block === undefined) return 'it is no block of leaves'
    const { hashes, items } = block
    if (block.first !== this.#range.size)
      this.#stretch(
        block.first > this.#range.size
          ? `leaves ${this.#range.size} to ${block.first - 1} are missing in the export`
          : `leaf ${block.first} comes again`,
      )
    const first = this.#range.size
    for (const hash of hashes) {
      this.#range.append(hash)
      this.#compareRoots()
    }
    this.#leaves += hashes.length
    if (items === undefined) return 'its events cannot be read'
    for (const pair of align(first, hashes, items)) {
      if (pair.kind === 'missing')
        this.#leafFinding('missing', pair.leaf, undefined, 'the event that was signed here is missing')
      else if (pair.kind === 'changed')
        this.#leafFinding('changed', pair.leaf, pair.item, 'it is not the event that was signed')
      else if (pair.kind === 'added') this.#leafFinding('added', pair.leaf, pair.item, 'no event was signed here')
      else this.#erased.see(pair.leaf, pair.item)
    }
    return undefined
  }

  /** The record of an erasure, proved for a later head of the same tree. */
  proof(text: string): string | undefined {
    const proof = decodeProof(text)
    if (proof === undefined) return 'it is no proof'
    const fault = headFault(proof.head, this.#exported.origin, this.#keys) ?? proofFault(proof, this.#keys)
    if (fault !== undefined) return fault
    this.#erased.see(proof.index, proof.item)
    return undefined
  }

  end(): VerifiedTree {
    const { tree, origin, from, to } = this.#exported
    const last = this.#chain.last
    if (this.#range.size !== to)
      this.#stretch(`the export says that it goes to leaf ${to - 1}, and ends before ${this.#range.size}`)
    else if (last?.size !== to) this.#headFinding(to, 'the head of the last leaf is missing')
    for (const { size } of this.#pending) this.#headFinding(size, 'it speaks of leaves that are not there')
    for (const { size, at } of this.#held)
      if (size > to) this.#headFinding(size, `you hold this head, signed at ${at}, and the export ends before it`)
    for (const { leaf, item, leaves } of this.#erased.unrecorded())
      this.#leafFinding(
        'unrecorded-erasure',
        leaf,
        item,
        `${leaves} events of the stream are erased, and no record of it is in the export`,
      )
    return { tree, origin, from, to, heads: this.#heads, last, erasures: this.#erased.recorded() }
  }

  /** Compares the root at the present size with each head of that size. */
  #compareRoots(): void {
    const { size } = this.#range
    while (this.#pending.length > 0 && this.#pending[0]!.size <= size) this.#compareRoot(this.#pending.shift()!)
    while (this.#held.length > 0 && this.#held[0]!.size <= size) {
      const held = this.#held.shift()!
      if (held.size === size && !this.#hasParted && !sameHash(held.root, this.#range.root()))
        this.#headFinding(size, 'you hold another head of this size: the log was forked, or changed and signed again')
    }
  }

  #compareRoot(head: SignedHead): void {
    if (this.#hasParted) return
    if (head.size !== this.#range.size)
      return this.#headFinding(head.size, 'it stands behind leaves that it should speak of')
    if (!sameHash(head.root, this.#range.root())) return this.#stretch('the leaves are not those that were signed')
    this.#from = head.size
    this.#after = head.through
  }

  #stretch(what: string): void {
    if (this.#hasParted) return
    this.#hasParted = true
    const to = Math.max(this.#range.size, this.#from + 1)
    const through = this.#chain.last?.through ?? 0n
    this.#find({ kind: 'stretch', tree: this.name, from: this.#from, to, after: this.#after, through, what })
  }

  #headFinding(size: number, what: string): void {
    this.#find({ kind: 'head', tree: this.name, size, what })
  }

  #leafFinding(kind: LeafFindingKind, leaf: number, item: Item | undefined, what: string): void {
    const { stream, revision, position, id } = item?.entry ?? {}
    const place = {
      ...(position === undefined ? {} : { position }),
      ...(stream === undefined || revision === undefined ? {} : { stream, revision }),
      ...(id === undefined ? {} : { id }),
    }
    this.#find({ kind, tree: this.name, leaf, ...place, what })
  }
}
