import { encodeEntry, leafHashOf, type LeafEntry } from '../../../audit/leaf.js'
import { leafHash, type Hash } from '../../../audit/merkle.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'
import type { ErasedLeaves } from './audit-log.js'
import { RAW_TREE, type After, type SealedTree } from './trees.js'

/** A leaf as the log has it now: an event, or what was kept of one that was erased. */
export type Leaf = Readonly<{ position: Position; hash: Hash }> &
  (Readonly<{ event: RecordedEvent; erased?: undefined }> | Readonly<{ erased: LeafEntry; event?: undefined }>)

/**
 * The leaves of a tree after a place, through a position. Erasing first records the entries and then removes the
 * events, so the record is read after the events: an event that is not there any more is in it.
 */
export async function* leavesOf(
  tree: SealedTree,
  erased: ErasedLeaves,
  after: After,
  through: Position,
): AsyncGenerator<readonly Leaf[]> {
  const keptBetween = async (from: Position | undefined, to: Position): Promise<readonly LeafEntry[]> => {
    if (tree.name !== RAW_TREE) return []
    await erased.refresh()
    return erased.between(from, to)
  }
  let at = after.position
  for await (const batch of tree.events(after, through)) {
    const last = batch.at(-1)!.position
    yield merged(batch, await keptBetween(at, last))
    at = last
  }
  const rest = await keptBetween(at, through)
  if (rest.length > 0) yield rest.map(erasedLeaf)
}

const merged = (events: readonly RecordedEvent[], kept: readonly LeafEntry[]): readonly Leaf[] => {
  if (kept.length === 0) return events.map(eventLeaf)
  const leaves: Leaf[] = []
  let next = 0
  for (const event of events) {
    for (; next < kept.length && kept[next]!.position < event.position; next++) leaves.push(erasedLeaf(kept[next]!))
    // Its entry was kept, and the erasure has not come to it yet.
    if (kept[next]?.position === event.position) next++
    leaves.push(eventLeaf(event))
  }
  return leaves
}

const eventLeaf = (event: RecordedEvent): Leaf => ({ position: event.position, hash: leafHashOf(event), event })

const erasedLeaf = (erased: LeafEntry): Leaf => ({
  position: erased.position,
  hash: leafHash(encodeEntry(erased)),
  erased,
})
