import type { Position } from '../../event-log.js'
import { BLOCK_BYTES, BLOCK_EVENTS_MAX, blockShare, encodeBlock } from '../format/block.js'
import { idKey, positionKey, runKey, streamKey } from '../format/keys.js'
import type { EmbeddedStore } from '../lmdb/store.js'
import { ENTRY_EVENTS_MAX, entryBytes, setBlock } from '../format/stream-index.js'
import type { Placed, WrittenStream } from './written-streams.js'

type Put = readonly [table: EmbeddedStore['blocks'], key: Buffer, value: Buffer]

/** What one commit stores, and where the log stands after it. */
export type Commit = Readonly<{
  puts: readonly Put[]
  /** The streams that it changes. */
  touched: ReadonlySet<WrittenStream>
  head: Position
  nextStream: number
}>

const NOTHING = Buffer.alloc(0)

/**
 * All puts of a commit, worked out before the first is made: an exception between two puts would leave the store to
 * commit the first of them. Streams that are new get their number.
 */
export const putsOf = (
  { blocks, streams, streamIndex, overflow }: EmbeddedStore,
  placed: readonly Placed[],
  head: Position,
  nextStream: number,
): Commit => {
  const puts: Put[] = []
  const touched = new Set(placed.map(({ of }) => of))
  for (const stream of touched) {
    if (stream.number >= 0) continue
    stream.number = nextStream++
    puts.push([streams, Buffer.from(stream.stream), streamKey(stream.number)])
  }
  for (const block of cutIntoBlocks(placed)) {
    head += BigInt(block.length)
    const key = positionKey(head)
    puts.push([blocks, key, encodeBlock(block)])
    const runs = new Map<WrittenStream, number>()
    for (const { of: stream, revision, id } of block)
      if (revision < ENTRY_EVENTS_MAX) setBlock(stream.entry, revision, key)
      else {
        puts.push([overflow, idKey(stream.number, id), NOTHING])
        runs.set(stream, revision)
      }
    for (const [{ number }, revision] of runs) puts.push([overflow, runKey(number, revision), key])
  }
  for (const { number, entry } of touched) puts.push([streamIndex, streamKey(number), entryBytes(entry)])
  return { puts, touched, head, nextStream }
}

/** Neighbours into blocks, each as large as a block may be. */
const cutIntoBlocks = (placed: readonly Placed[]): readonly (readonly Placed[])[] => {
  const blocks: Placed[][] = []
  let block: Placed[] = []
  let bytes = 0
  for (const event of placed) {
    const share = blockShare(event)
    if (block.length > 0 && (bytes + share > BLOCK_BYTES || block.length === BLOCK_EVENTS_MAX)) {
      blocks.push(block)
      block = []
      bytes = 0
    }
    block.push(event)
    bytes += share
  }
  if (block.length > 0) blocks.push(block)
  return blocks
}
