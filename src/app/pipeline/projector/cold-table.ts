import type { Database } from 'lmdb'
import type { ColdStore, SpilledEntries, SpilledEntry } from '../../../projections/cells/cold-store.js'
import { BLOCK_BYTES, ColdBlock, coldEntry, entryBytes, type ColdEntry } from './cold-block.js'

/** Blocks that stay in memory after they were read: late events of one time meet the same ones. */
const BLOCKS_IN_MEMORY = 256

/**
 * The cold store in a table of LMDB. Entries are stored in blocks of neighbours, each under its first key: there are as
 * many entries as there are rows, and one by one they would take ten times the room.
 *
 * LMDB orders strings by their UTF-8 bytes, which for the characters that keys are made of is the order of code units.
 */
export class ColdTable implements ColdStore {
  private readonly table: Database<Buffer, string>
  private readonly recent = new Map<string, ColdBlock>()

  constructor(table: Database<Buffer, string>) {
    this.table = table
  }

  readonly get = (key: string): unknown => {
    const first = this.blockOf(key)
    return first === undefined ? undefined : this.block(first).get(key)
  }

  readonly keysAfter = (prefix: string, after: string, max: number): readonly string[] => {
    const keys: string[] = []
    for (const first of this.table.getKeys({ start: this.blockOf(after) ?? after })) {
      const block = this.block(first)
      for (let index = block.firstFrom(after); index < block.length; index++) {
        const key = block.key(index)
        if (key === after) continue
        if (keys.length === max || !key.startsWith(prefix)) return keys
        keys.push(key)
      }
    }
    return keys
  }

  /**
   * The blocks that have to be written so that the table holds these entries, of which one has a key once. Nothing is
   * written yet. Entries are encoded block by block: all of them at once would take as much memory as their cells.
   */
  blocksWith(changed: SpilledEntries): readonly (readonly [first: string, block: Buffer])[] {
    const entries = [...changed].sort(byKey)
    const blocks: (readonly [string, Buffer])[] = []
    for (let from = 0; from < entries.length;) {
      const { key } = entries[from] as SpilledEntry
      const first = this.blockOf(key)
      const next = this.firstAfter(key)
      let to = from + 1
      while (to < entries.length && (next === undefined || (entries[to] as SpilledEntry).key < next)) to++
      const known = first === undefined ? [] : this.block(first).entries()
      for (const part of parts(merged(known, entries.slice(from, to))))
        blocks.push([(part[0] as ColdEntry).key, ColdBlock.encode(part)])
      from = to
    }
    return blocks
  }

  /** Puts blocks that `blocksWith` made; in a batch of the caller, who calls `written` once it is committed. */
  put(blocks: readonly (readonly [first: string, block: Buffer])[]): void {
    for (const [first, block] of blocks) void this.table.put(first, block)
  }

  written(): void {
    this.recent.clear()
  }

  async clear(): Promise<void> {
    await this.table.clearAsync()
    this.recent.clear()
  }

  /** The first key of the block that holds `key` if any does. */
  private blockOf(key: string): string | undefined {
    for (const first of this.table.getKeys({ start: key, reverse: true, limit: 1 })) return first
    return undefined
  }

  private firstAfter(key: string): string | undefined {
    for (const first of this.table.getKeys({ start: key, limit: 2 })) if (first > key) return first
    return undefined
  }

  private block(first: string): ColdBlock {
    const known = this.recent.get(first)
    if (known !== undefined) return known
    const block = ColdBlock.decode(this.table.get(first) as Buffer)
    if (this.recent.size === BLOCKS_IN_MEMORY) this.recent.delete(this.recent.keys().next().value as string)
    this.recent.set(first, block)
    return block
  }
}

const byKey = (a: SpilledEntry, b: SpilledEntry): number => (a.key < b.key ? -1 : 1)

/** Both, which are ordered by key; of two entries of one key that of `changed`. */
function* merged(known: readonly ColdEntry[], changed: SpilledEntries): Generator<ColdEntry> {
  let index = 0
  for (const entry of known) {
    let last = ''
    for (; index < changed.length && (changed[index] as SpilledEntry).key <= entry.key; index++) {
      last = (changed[index] as SpilledEntry).key
      yield coldEntry(changed[index] as SpilledEntry)
    }
    if (last !== entry.key) yield entry
  }
  for (; index < changed.length; index++) yield coldEntry(changed[index] as SpilledEntry)
}

/** Cuts entries into blocks: full ones, and the last two of the same size. */
function* parts(entries: Iterable<ColdEntry>): Generator<readonly ColdEntry[]> {
  let waiting: ColdEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    waiting.push(entry)
    bytes += entryBytes(entry)
    if (bytes < 2 * BLOCK_BYTES) continue
    const full = firstOf(waiting, BLOCK_BYTES)
    yield full
    waiting = waiting.slice(full.length)
    bytes -= sizeOf(full)
  }
  const half = bytes <= BLOCK_BYTES ? waiting : firstOf(waiting, bytes / 2)
  if (half.length > 0) yield half
  if (half.length < waiting.length) yield waiting.slice(half.length)
}

/** The first entries, as many as have no more than so many bytes together, but at least one. */
const firstOf = (entries: readonly ColdEntry[], bytesMax: number): readonly ColdEntry[] => {
  let bytes = 0
  const end = entries.findIndex((entry) => (bytes += entryBytes(entry)) > bytesMax)
  return entries.slice(0, end < 0 ? entries.length : Math.max(1, end))
}

const sizeOf = (entries: readonly ColdEntry[]): number => entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
