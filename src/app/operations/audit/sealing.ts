import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { findingText, type Finding } from '../../../audit/finding.js'
import { CompactRange, subtreesOf } from '../../../audit/merkle.js'
import type { SignerKey, VerifierKey } from '../../../audit/note.js'
import { headDigest, signHead, type SignedHead } from '../../../audit/tree-head.js'
import { openEmbeddedLog } from '../../../log/embedded/log.js'
import type { EventLog } from '../../../log/event-log.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { appendRecord, ErasedLeaves, headEvent, originOf } from './audit-log.js'
import { areSigned, checkHistory } from './check-history.js'
import { erasuresOf } from './erasures.js'
import { leavesOf } from './leaves.js'
import { headsOf, readSignedHeads, type SignedHeads } from './signed-heads.js'
import { TileStore } from './tile-store.js'
import { RAW_TREE, treesOf, type SealedTree } from './trees.js'

export type SealingOptions = Readonly<{
  logs: Logs
  tenant: string
  /** The data folder, where the hashes of the trees are kept. */
  data: string
  key: SignerKey
  /** Keys whose heads count: that of `key`, and earlier ones. */
  accepted: readonly VerifierKey[]
  /** No head speaks of more new events than this. */
  everyEvents: number
  /** Compare all events with what was signed of them before the first head of this process is signed. */
  isHistoryChecked: boolean
  now: () => number
  signal: AbortSignal
  onProgress?: (tree: string, leaves: number, total: number) => void
}>

/** History is not what was signed; nothing is signed any more. `findings` come in the order of the tree. */
export class HistoryChanged extends Error {
  override readonly name = 'HistoryChanged'
  readonly findings: readonly Finding[]
  constructor(findings: readonly Finding[]) {
    const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''
    super(
      `the log is not what was signed: ${findings[0] === undefined ? '' : findingText(findings[0])}${more}. ` +
        'No head is signed any more. `streamvane audit verify` lists what differs; restore the log from a backup, or begin the tree again with `streamvane audit seal --restart TREE --why TEXT`',
    )
    this.findings = findings
  }
}

export const tilesFolder = (data: string, tenant: string, tree: string): string =>
  join(data, 'state', `${tenant}.audit`, tree)

type OpenTree = { range: CompactRange; tiles: TileStore; last: SignedHead | undefined; number: number }

/**
 * Signs heads of the trees of a log. One process does at a time: a lock in the data folder says which, and the expected
 * revision of the stream of heads fences one with another data folder. The order of the steps is: hashes to the files,
 * then the head to the log. The files are cut to the last head when they are opened, so a crash between the two is as
 * if neither had happened.
 *
 * @throws HistoryChanged · SealingSuperseded · LogLocked · LogUnavailable
 */
export class Sealing {
  readonly #options: SealingOptions
  readonly #lock: EventLog
  readonly #erased: ErasedLeaves
  readonly #open = new Map<string, OpenTree>()
  #signed: SignedHeads | undefined
  #revision = -1

  private constructor(options: SealingOptions, lock: EventLog) {
    this.#options = options
    this.#lock = lock
    this.#erased = new ErasedLeaves(options.logs, options.tenant)
  }

  static async open(options: SealingOptions): Promise<Sealing> {
    const dir = tilesFolder(options.data, options.tenant, 'lock')
    return new Sealing(options, await openEmbeddedLog({ dir, mode: 'writer', owner: 'streamvane, stage audit' }))
  }

  /** Signs heads for what came since the last round, and returns them. */
  async round(): Promise<readonly SignedHead[]> {
    const { logs, tenant, accepted } = this.#options
    const trees = await treesOf(logs, tenant)
    if (this.#signed === undefined) {
      const ids = new Map<string, string>()
      for (const { name, log } of trees) ids.set(name, await log.id())
      const signed = await readSignedHeads(logs, tenant, accepted, (tree) => ids.get(tree))
      if (signed.findings.length > 0) throw new HistoryChanged(signed.findings)
      this.#signed = signed
      this.#revision = signed.revision
    }
    const heads: SignedHead[] = []
    for (const tree of trees) heads.push(...(await this.#seal(tree)))
    return heads
  }

  async close(): Promise<void> {
    for (const { tiles } of this.#open.values()) tiles.close()
    this.#open.clear()
    await this.#lock.close()
  }

  async #seal(tree: SealedTree): Promise<readonly SignedHead[]> {
    const { signal, everyEvents } = this.#options
    const through = await tree.log.head()
    if (through === undefined) return []
    const open = this.#open.get(tree.name) ?? (await this.#openTree(tree))
    this.#open.set(tree.name, open)
    const { range, tiles } = open
    const heads: SignedHead[] = []
    let at = open.last?.through
    for await (const batch of leavesOf(tree, this.#erased, { position: at, size: range.size }, through)) {
      for (const { position, hash } of batch) {
        range.append(hash, (level, _, node) => tiles.add(level, node))
        tiles.addPosition(position)
        at = position
        if (range.size - (open.last?.size ?? 0) >= everyEvents) heads.push(await this.#sign(tree, open, position))
      }
      if (signal.aborted) break
    }
    if (at !== undefined && range.size > (open.last?.size ?? 0)) heads.push(await this.#sign(tree, open, at))
    return heads
  }

  async #sign(tree: SealedTree, open: OpenTree, through: bigint): Promise<SignedHead> {
    const { logs, tenant, key, now } = this.#options
    open.tiles.flush()
    const { range, last, number } = open
    const head = signHead(
      {
        origin: originOf(tenant, await tree.log.id(), tree.name, number),
        ...{ size: range.size, root: range.root(), at: new Date(now()).toISOString(), through },
        previous: last === undefined ? undefined : headDigest(last),
      },
      key,
    )
    this.#revision = await appendRecord(logs, tenant, this.#revision, headEvent(tree.name, head))
    open.last = head
    return head
  }

  async #openTree(tree: SealedTree): Promise<OpenTree> {
    const { data, tenant, isHistoryChecked } = this.#options
    const dir = tilesFolder(data, tenant, tree.name)
    const { number = 1, last } = this.#signed?.trees.get(tree.name) ?? {}
    let tiles = TileStore.open(dir, 'write')!
    try {
      if (last === undefined) {
        tiles.truncate(0)
        return { range: new CompactRange(), tiles, last, number }
      }
      const isKept = areSigned(tiles, last)
      if (isKept) tiles.truncate(last.size)
      else {
        tiles.close()
        rmSync(dir, { recursive: true, force: true })
        tiles = TileStore.open(dir, 'write')!
      }
      if (!isKept || isHistoryChecked) await this.#check(tree, tiles, last, isKept)
      const hashes = subtreesOf(last.size).map(({ level, index }) => tiles.node(level, index))
      return { range: CompactRange.of(last.size, hashes), tiles, last, number }
    } catch (cause) {
      tiles.close()
      throw cause
    }
  }

  async #check(tree: SealedTree, tiles: TileStore, last: SignedHead, isKept: boolean): Promise<void> {
    const { logs, tenant, signal, onProgress } = this.#options
    const { findings, erased } = await checkHistory({
      ...{ tree, erased: this.#erased, last, signal },
      heads: headsOf(logs, tenant, this.#signed!.trees.get(tree.name)!),
      ...(isKept ? { signed: tiles, rebuilt: undefined } : { signed: undefined, rebuilt: tiles }),
      onProgress: (leaves, total) => onProgress?.(tree.name, leaves, total),
    })
    const gone = tree.name === RAW_TREE ? (await erasuresOf(tree.log, tenant, erased)).findings : []
    if (findings.length + gone.length > 0) throw new HistoryChanged([...findings, ...gone])
  }
}
