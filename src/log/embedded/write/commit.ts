import type { Position } from '../../event-log.js'
import { BLOCK_BYTES, BLOCK_EVENTS_MAX, blockShare, encodeBlock } from '../format/block.js'
import { idKey, positionKey, runIdKey, runKey, streamKey } from '../format/keys.js'
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
    const runs = new Map<WrittenStream, Placed[]>()
    for (const event of block)
      if (event.revision < ENTRY_EVENTS_MAX) setBlock(event.of.entry, event.revision, key)
      else if (!runs.get(event.of)?.push(event)) runs.set(event.of, [event])
    for (const [stream, run] of runs) puts.push(...runPuts(overflow, stream, run, key))
  }
  for (const { number, entry } of touched) puts.push([streamIndex, streamKey(number), entryBytes(entry)])
  return { puts, touched, head, nextStream }
}

/** Shorter runs have a key for each id, which takes less room. */
const RUN_IDS_MIN = 3

/** The keys of a run: what one block holds of a stream beyond its entry. */
const runPuts = (
  overflow: EmbeddedStore['overflow'],
  stream: WrittenStream,
  run: readonly Placed[],
  block: Buffer,
): readonly Put[] => {
  const byRevision: Put = [overflow, runKey(stream.number, run.at(-1)!.revision), block]
  const { ascending, others } = parted(stream.lastRunId, run)
  const isRun = ascending.length >= RUN_IDS_MIN && areClose(ascending[0]!.id, ascending.at(-1)!.id)
  const singles = isRun ? others : run
  if (singles.length > 0) stream.hasSingleIds = true
  const byId = singles.map(({ id }): Put => [overflow, idKey(stream.number, id), NOTHING])
  if (!isRun) return [byRevision, ...byId]
  const [first, last] = [ascending[0]!.id, ascending.at(-1)!.id]
  stream.lastRunId = last
  return [byRevision, [overflow, runIdKey(stream.number, last), Buffer.concat([first, block])], ...byId]
}

/**
 * Ids that ascend by design begin alike. A few random ids may ascend too, but their run would be as wide as all ids:
 * each later id would be looked for in its block.
 */
const areClose = (first: Buffer, last: Buffer): boolean => first.readUInt16BE(0) === last.readUInt16BE(0)

/**
 * The events whose ids ascend and follow `before`, and the others. An id that is greater than the next one is left out:
 * the checkpoint among a projector's rows may have any id, and must not end their run.
 */
const parted = (
  before: Buffer | undefined,
  run: readonly Placed[],
): Readonly<{ ascending: readonly Placed[]; others: readonly Placed[] }> => {
  const [ascending, others]: [Placed[], Placed[]] = [[], []]
  run.forEach((event, i) => {
    const next = run[i + 1]
    const follows = before === undefined || event.id.compare(before) > 0
    if (follows && (next === undefined || next.id.compare(event.id) > 0)) {
      ascending.push(event)
      before = event.id
    } else others.push(event)
  })
  return { ascending, others }
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
