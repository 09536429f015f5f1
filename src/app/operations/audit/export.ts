import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeBlock, encodeItem } from '../../../audit/export/block.js'
import { FRAME, FrameEncoder, MAGIC } from '../../../audit/export/frames.js'
import { encodeManifest, type ExportedTree } from '../../../audit/export/manifest.js'
import { inclusionProof, subtreesOf, type Nodes } from '../../../audit/merkle.js'
import { encodeProof } from '../../../audit/proof.js'
import type { VerifierKey } from '../../../audit/note.js'
import type { SignedHead } from '../../../audit/tree-head.js'
import { configStream } from '../../../domain/stream-name.js'
import type { RecordedEvent } from '../../../log/event-log.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { ErasedLeaves } from './audit-log.js'
import { leavesOf, type Leaf } from './leaves.js'
import { headsOf, readSignedHeads, type SignedTree } from './signed-heads.js'
import { tilesForReading } from './signed-tiles.js'
import type { TileStore } from './tile-store.js'
import { treesOf, type SealedTree } from './trees.js'

export type ExportOptions = Readonly<{
  logs: Logs
  tenant: string
  data: string
  keys: readonly VerifierKey[]
  /** Names of trees; all that are signed if absent. */
  trees: readonly string[] | undefined
  /** Epoch milliseconds: from the last head that was signed before, through the first that was signed after. */
  from: number | undefined
  to: number | undefined
  /** Takes the bytes in their order; resolves when it takes more. */
  write: (bytes: Uint8Array) => Promise<void>
  signal: AbortSignal
  onProgress?: (tree: string, leaves: number, total: number) => void
}>

export type Exported = Readonly<{
  trees: readonly Readonly<{ tree: string; origin: string; from: number; to: number; leaves: number; heads: number }>[]
  bytes: number
}>

/** There is nothing to export. */
export class NothingSigned extends Error {
  override readonly name = 'NothingSigned'
}

/** Leaves of a block, at most; and the bytes of its events at which it is closed. */
const BLOCK_LEAVES = 256
const BLOCK_BYTES = 1024 * 1024

type Part = Readonly<{ tree: SealedTree; signed: SignedTree; exported: ExportedTree; tiles: TileStore }>

/**
 * Writes what is signed of a log, or of a range of it, in a form that can be verified without the log. Throws
 * `NothingSigned` before the first byte.
 */
export const writeExport = async (options: ExportOptions): Promise<Exported> => {
  const { logs, tenant, keys, write, signal } = options
  const trees = await treesOf(logs, tenant)
  const ids = new Map<string, string>()
  for (const { name, log } of trees) ids.set(name, await log.id())
  const { trees: signed } = await readSignedHeads(logs, tenant, keys, (tree) => ids.get(tree))
  const scratch = await mkdtemp(join(tmpdir(), 'streamvane-audit-'))
  const parts: Part[] = []
  try {
    for (const tree of trees) {
      const one = signed.get(tree.name)
      if (one?.last === undefined || options.trees?.includes(tree.name) === false) continue
      const part = await partOf(options, tree, one, one.last, scratch)
      if (part !== undefined) parts.push(part)
    }
    if (parts.length === 0)
      throw new NothingSigned(
        'nothing of this range is signed by an accepted key: streamvane audit seal signs, audit verify says what is signed',
      )
    const file = new Frames(write, signal)
    await file.raw(MAGIC)
    await file.frame(FRAME.manifest, Buffer.from(encodeManifest({ trees: parts.map(({ exported }) => exported) })))
    const done: Exported['trees'][number][] = []
    for (const [index, part] of parts.entries()) done.push(await writeTree(options, file, index, part))
    const count = Buffer.alloc(4)
    count.writeUInt32BE(file.frames)
    await file.frame(FRAME.end, count)
    return { trees: done, bytes: file.bytes }
  } finally {
    for (const { tiles } of parts) tiles.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

const partOf = async (
  { logs, tenant, data, from, to, signal }: ExportOptions,
  tree: SealedTree,
  signed: SignedTree,
  last: SignedHead,
  scratch: string,
): Promise<Part | undefined> => {
  let [first, end] = [0, last.size]
  let isEnded = false
  for await (const { size, at } of headsOf(logs, tenant, signed)) {
    if (from !== undefined && Date.parse(at) <= from) first = size
    if (to !== undefined && !isEnded && Date.parse(at) >= to) [end, isEnded] = [size, true]
  }
  if (first >= end) return undefined
  const tiles = await tilesForReading({ logs, tenant, data, tree, last, scratch, signal })
  const subtrees = subtreesOf(first).map(({ level, index }) => tiles.node(level, index))
  return { tree, signed, tiles, exported: { tree: tree.name, origin: last.origin, from: first, to: end, subtrees } }
}

const writeTree = async (
  options: ExportOptions,
  file: Frames,
  number: number,
  { tree, signed, exported, tiles }: Part,
): Promise<Exported['trees'][number]> => {
  const { logs, tenant, onProgress } = options
  const { from, to, origin } = exported
  const index = Buffer.alloc(2)
  index.writeUInt16BE(number)
  await file.frame(FRAME.tree, index)
  const heads = headsOf(logs, tenant, signed)
  let count = 0
  let head = (await heads.next()).value as SignedHead | undefined
  const headsThrough = async (size: number): Promise<void> => {
    for (; head !== undefined && head.size <= size; head = (await heads.next()).value as SignedHead | undefined) {
      if (head.size < Math.max(1, from)) continue
      await file.frame(FRAME.head, Buffer.from(head.note))
      count += 1
    }
  }
  await headsThrough(from)
  const gone = new Set<string>()
  for await (const { first, leaves } of blocksOf(tree, new ErasedLeaves(logs, tenant), tiles, exported)) {
    const hashes = tiles.leaves(first, leaves.count)
    await headsThrough(first + leaves.count)
    for (const { erased } of leaves.some) if (erased !== undefined) gone.add(erased.stream)
    await file.frame(
      FRAME.block,
      encodeBlock(
        first,
        hashes,
        leaves.some.map((leaf) => encodeItem(toldOf(leaf))),
      ),
    )
    onProgress?.(tree.name, first + leaves.count - from, to - from)
  }
  await heads.return(undefined)
  await writeRecords(file, tree, tiles, tenant, signed.last!, to, gone)
  return { tree: tree.name, origin, from, to, leaves: to - from, heads: count }
}

const toldOf = (leaf: Leaf): Parameters<typeof encodeItem>[0] =>
  leaf.erased === undefined ? { event: leaf.event } : { erased: leaf.erased }

type LeavesOfBlock = Readonly<{ first: number; leaves: Readonly<{ count: number; some: readonly Leaf[] }> }>

/** Cuts the signed leaves into blocks, with what the log holds at their positions: that is checked by who verifies. */
async function* blocksOf(
  tree: SealedTree,
  erased: ErasedLeaves,
  tiles: TileStore,
  { from, to }: ExportedTree,
): AsyncGenerator<LeavesOfBlock> {
  const through = tiles.positions(to - 1, 1)[0]!
  const after = { position: from === 0 ? undefined : tiles.positions(from - 1, 1)[0], size: from }
  let [first, count, bytes] = [from, 0, 0]
  let some: Leaf[] = []
  let ahead: readonly bigint[] = []
  const covered = (position: bigint): void => {
    for (; first + count < to; count++) {
      if (count >= ahead.length) ahead = tiles.positions(first, Math.min(2 * BLOCK_LEAVES + count, to - first))
      if (ahead[count]! > position) return
    }
  }
  for await (const batch of leavesOf(tree, erased, after, through))
    for (const leaf of batch) {
      some.push(leaf)
      bytes += leaf.event === undefined ? 0 : leaf.event.data.length + leaf.event.metadata.length
      covered(leaf.position)
      if (count === 0 || (count < BLOCK_LEAVES && bytes < BLOCK_BYTES)) continue
      yield { first, leaves: { count, some } }
      ;[first, count, bytes, some, ahead] = [first + count, 0, 0, [], []]
    }
  if (first < to) yield { first, leaves: { count: to - first, some } }
}

/** Proofs of the records of erasures that lie behind the range, if they are signed. */
const writeRecords = async (
  file: Frames,
  tree: SealedTree,
  tiles: TileStore,
  tenant: string,
  last: SignedHead,
  to: number,
  gone: ReadonlySet<string>,
): Promise<void> => {
  const nodes: Nodes = (level, index) => tiles.node(level, index)
  for (const stream of gone) {
    let record: RecordedEvent | undefined
    for await (const batch of tree.log.readStream(configStream(tenant, 'erased', stream))) record = batch.at(-1)
    const leaf = record && tiles.indexOf(record.position, last.size)
    if (record === undefined || leaf === undefined || leaf < to) continue
    const proof = encodeProof({ event: record }, leaf, inclusionProof(leaf, last.size, nodes), last)
    await file.frame(FRAME.proof, Buffer.from(proof))
  }
}

/** The frames of an export, one after the other. */
class Frames {
  readonly #encoder = new FrameEncoder()
  readonly #write: ExportOptions['write']
  readonly #signal: AbortSignal
  bytes = 0

  constructor(write: ExportOptions['write'], signal: AbortSignal) {
    this.#write = write
    this.#signal = signal
  }

  get frames(): number {
    return this.#encoder.frames
  }

  frame(kind: number, payload: Uint8Array): Promise<void> {
    return this.raw(this.#encoder.encode(kind, payload))
  }

  async raw(bytes: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted()
    this.bytes += bytes.length
    await this.#write(bytes)
  }
}
