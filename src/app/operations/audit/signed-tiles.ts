import { join } from 'node:path'
import { CompactRange } from '../../../audit/merkle.js'
import type { SignedHead } from '../../../audit/tree-head.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { ErasedLeaves } from './audit-log.js'
import { areSigned } from './check-history.js'
import { leavesOf } from './leaves.js'
import { tilesFolder } from './sealing.js'
import { TileStore } from './tile-store.js'
import type { SealedTree } from './trees.js'

export type TilesFor = Readonly<{
  logs: Logs
  tenant: string
  data: string
  tree: SealedTree
  last: SignedHead
  /** A folder for hashes that are computed anew; its owner removes it. */
  scratch: string
  signal: AbortSignal
}>

/**
 * The hashes of a tree through its last head, to be read: those that the stage keeps, or, where they are not there or
 * not those of the head, hashes of the log as it is.
 */
export const tilesForReading = async ({
  logs,
  tenant,
  data,
  tree,
  last,
  scratch,
  signal,
}: TilesFor): Promise<TileStore> => {
  const kept = TileStore.open(tilesFolder(data, tenant, tree.name), 'read')
  if (kept !== undefined && areSigned(kept, last)) return kept
  kept?.close()
  const tiles = TileStore.open(join(scratch, tree.name), 'write')!
  const range = new CompactRange()
  const start = { position: undefined, size: 0 }
  for await (const batch of leavesOf(tree, new ErasedLeaves(logs, tenant), start, last.through)) {
    signal.throwIfAborted()
    for (const { hash, position } of batch) {
      range.append(hash, (level, _, node) => tiles.add(level, node))
      tiles.addPosition(position)
    }
  }
  if (range.size >= last.size) return tiles
  tiles.close()
  throw new HashesMissing(
    `${tree.name}: the log holds ${range.size} of the ${last.size} events that were signed, and the hashes that were kept of them are gone: streamvane audit verify says between which heads`,
  )
}

/** What was signed cannot be told any more: neither the events nor the kept hashes are whole. */
export class HashesMissing extends Error {
  override readonly name = 'HashesMissing'
}
