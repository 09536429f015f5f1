import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { isCheckpoint } from '../../contract/kpi-stream/marks.js'
import { familyOf, readKpiEvent, readPlace } from '../../contract/kpi-stream/stored.js'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { granularities, type Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import { kpiStream } from '../../domain/stream-name.js'
import { openLmdb } from '../../log/embedded/lmdb/lmdb-open.js'
import type { EventLog, RecordedEvent } from '../../log/event-log.js'
import { Stretch } from './stretch.js'
import {
  checked,
  checkpointIn,
  checkpointKey,
  closedKey,
  FORMAT,
  KIND,
  MARK_KEY,
  postingRange,
  readRevisions,
  startIn,
  unchecked,
  type Sort,
} from './postings.js'

/** Which rows: all families, lengths and starts where nothing is said. Intervals that start in `[from, to)`. */
export type RowRange = Readonly<{
  families?: ReadonlySet<FamilyName> | undefined
  granularity?: Granularity | undefined
  from?: EpochMs | undefined
  to?: EpochMs | undefined
}>

/** The rows of a generation: where their stream is, and where its index is kept (`undefined`: nowhere). */
export type RowsOf = Readonly<{ kpi: EventLog; tenant: string; generation: string; data: string | undefined }>

/** What the index knows: `revisions` of the stream, ascending, through the revision `through`. */
export type Found = Readonly<{ revisions: readonly number[]; through: number }>

/** How far the index goes: the last event that it counts, by which it is told from the index of another log. */
type Mark = Readonly<{ format: string; logId: string; revision: number; eventId: string }>

/** The index holds something else than was written. It is thrown away. */
export class IndexDamaged extends Error {
  override readonly name = 'IndexDamaged'
}

/** Events that are indexed in one transaction, which is synced to disk. */
const STRETCH_EVENTS = 20_000

/**
 * Which revisions of a generation's KPI stream hold the rows of which intervals, so that a question about a range reads
 * these and not the whole stream. Derived from the stream alone: it may be missing, behind or deleted at any time. Any
 * process may bring it up to date; the store's write lock puts them in order, and a stretch that another process has
 * added is not added again. It says how far it goes, and who asks reads the rest of the stream.
 */
export class RowIndex {
  private readonly root: RootDatabase
  private readonly table: Database<Buffer, Buffer>
  private readonly of: RowsOf
  private readonly logId: string

  /** @throws Error if the file cannot be used: rights, a read-only file system, no room, damage. */
  static async open(of: RowsOf & Readonly<{ data: string }>): Promise<RowIndex> {
    const path = indexPath(of)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const isNew = !existsSync(path)
    const options = {
      path,
      noSubdir: true,
      mapSize: 16 * 1024 ** 3,
      maxDbs: 2,
      // With either, nobody handles the promise of a commit that fails, which ends the process.
      overlappingSync: false,
      eventTurnBatching: false,
    }
    const logId = await of.kpi.id()
    const root = openLmdb({ data: path, lock: `${path}-lock` }, options)
    if (isNew) chmodSync(path, 0o600)
    try {
      const index = new RowIndex(root, of, logId)
      if (!(await index.isOfThisStream())) index.table.clearSync()
      return index
    } catch (cause) {
      await root.close()
      throw cause
    }
  }

  private constructor(root: RootDatabase, of: RowsOf, logId: string) {
    this.root = root
    this.table = root.openDB<Buffer, Buffer>('rows', { encoding: 'binary', keyEncoding: 'binary' })
    this.of = of
    this.logId = logId
  }

  /** The last revision that the index counts; -1: none. */
  get through(): number {
    this.root.resetReadTxn()
    return this.mark()?.revision ?? -1
  }

  /** Adds what the stream holds beyond the index. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    const { kpi, tenant, generation } = this.of
    for (let isDone = false; !isDone;) {
      isDone = true
      const options = { from: this.through + 1, batchMax: STRETCH_EVENTS }
      for await (const events of kpi.readStream(kpiStream(tenant, generation), options)) {
        if (signal?.aborted === true) return
        isDone = this.add(events)
        if (!isDone) break // another process was quicker: on from where it has come to
      }
    }
  }

  /** The revisions that hold rows of a range, and the latest end of an interval of which a row was final. */
  find(range: RowRange): Found & Readonly<{ closedThrough: EpochMs | undefined }> {
    const through = this.through
    const revisions: number[] = []
    let closedThrough: EpochMs | undefined
    for (const sort of sortsOf(range)) {
      this.postings(KIND.rows, sort, range, (key, value) => readRevisions(key, value, revisions))
      const end = this.value(closedKey(sort))?.readDoubleLE(0)
      if (end !== undefined) closedThrough = Math.max(closedThrough ?? end, end)
    }
    return { revisions: ascending(revisions), through, closedThrough }
  }

  /**
   * Divides a range, by the starts of intervals, into ranges that hold at most so many revisions of rows each, or a
   * single start. They are ascending and cover the range.
   */
  windows(range: RowRange, revisionsMax: number): readonly RowRange[] {
    const counts = new Map<EpochMs, number>()
    for (const sort of sortsOf(range))
      this.postings(KIND.rows, sort, range, (key, value) => {
        const revisions: number[] = []
        readRevisions(key, value, revisions)
        counts.set(startIn(key), (counts.get(startIn(key)) ?? 0) + revisions.length)
      })
    const cuts: EpochMs[] = []
    let held = 0
    for (const [start, count] of [...counts].sort(([a], [b]) => a - b)) {
      if (held > 0 && held + count > revisionsMax) {
        cuts.push(start)
        held = 0
      }
      held += count
    }
    return [range.from, ...cuts].map((from, place) => ({ ...range, from, to: cuts[place] ?? range.to }))
  }

  /**
   * The revisions that hold all rows of those intervals of a range in which something was corrected, and the checkpoints
   * that follow the corrections.
   */
  findCorrected(range: RowRange): Found {
    const through = this.through
    const corrections: number[] = []
    const revisions: number[] = []
    for (const sort of sortsOf(range)) {
      const starts = new Set<EpochMs>()
      this.postings(KIND.corrections, sort, range, (key, value) => {
        starts.add(startIn(key))
        readRevisions(key, value, corrections)
      })
      for (const start of starts)
        this.postings(KIND.rows, sort, { from: start, to: start + 1 }, (key, value) =>
          readRevisions(key, value, revisions),
        )
    }
    let checkpoint = -1
    for (const correction of ascending(corrections)) {
      if (checkpoint > correction) continue
      const range = { start: checkpointKey(correction), end: checkpointKey(through + 1), limit: 1 }
      for (const key of this.table.getKeys(range)) revisions.push((checkpoint = checkpointIn(asBuffer(key))))
    }
    return { revisions: ascending(revisions), through }
  }

  /**
   * The revisions that hold markers of the intervals of a range, and with `withRows` the rows that they count. A marker
   * without rows may begin before the range and reach into it.
   */
  findMarkers(range: RowRange, withRows: boolean): Found {
    const through = this.through
    const revisions: number[] = []
    const add = (key: Buffer, value: Buffer): void => readRevisions(key, value, revisions)
    for (const sort of sortsOf(range)) {
      this.postings(KIND.markers, sort, range, add)
      this.postings(KIND.gaps, sort, { to: range.to }, add)
      if (withRows) this.postings(KIND.rows, sort, range, add)
    }
    return { revisions: ascending(revisions), through }
  }

  async close(): Promise<void> {
    await this.root.close()
  }

  private postings(kind: number, sort: Sort, range: RowRange, each: (key: Buffer, value: Buffer) => void): void {
    const { from = -Infinity, to = Infinity } = range
    if (!(from < to)) return
    for (const { key, value } of this.table.getRange(postingRange(kind, sort, from, to)))
      each(asBuffer(key), sound(asBuffer(key), asBuffer(value)))
  }

  private value(key: Buffer): Buffer | undefined {
    const bytes = this.table.get(key)
    return bytes === undefined ? undefined : sound(key, asBuffer(bytes))
  }

  /** Adds a stretch of the stream in one transaction; `false` if it does not follow what is indexed by now. */
  private add(events: readonly RecordedEvent[]): boolean {
    const stretch = new Stretch()
    for (const event of events) {
      if (familyOf(event) !== undefined) {
        stretch.addRow(event.revision, readPlace(event).place)
        continue
      }
      const read = readKpiEvent(event)
      if (read?.kind === 'interval-complete') stretch.addMarker(event.revision, read.marker)
      else if (isCheckpoint(event)) stretch.addCheckpoint(event.revision)
    }
    const last = events.at(-1)!
    const mark: Mark = { format: FORMAT, logId: this.logId, revision: last.revision, eventId: last.id }
    return this.root.transactionSync(() => {
      if ((this.mark()?.revision ?? -1) + 1 !== events[0]!.revision) return false
      const put = (key: Buffer, value: Buffer): void => void this.table.putSync(key, checked(key, value))
      for (const [key, value] of stretch.puts()) put(key, value)
      for (const [sort, end] of stretch.closed()) {
        const known = this.value(closedKey(sort))?.readDoubleLE(0) ?? -Infinity
        const value = Buffer.alloc(8)
        value.writeDoubleLE(Math.max(known, end))
        put(closedKey(sort), value)
      }
      put(MARK_KEY, Buffer.from(JSON.stringify(mark)))
      return true
    })
  }

  private mark(): Mark | undefined {
    const bytes = this.value(MARK_KEY)
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Mark)
  }

  /** A folder may have been restored from a backup, or a log put in the place of another. */
  private async isOfThisStream(): Promise<boolean> {
    const { kpi, tenant, generation } = this.of
    const mark = this.mark()
    if (mark === undefined) return true
    if (mark.format !== FORMAT || mark.logId !== this.logId) return false
    for await (const [event] of kpi.readStream(kpiStream(tenant, generation), { from: mark.revision, max: 1 }))
      return event?.id === mark.eventId
    return false
  }
}

/** The file of the index in the data folder. */
const indexPath = ({ data, tenant, generation }: RowsOf & Readonly<{ data: string }>): string =>
  join(data, 'state', `${tenant}.${generation}.rows`)

/** Whether there is an index. */
export const hasRowIndex = (of: RowsOf & Readonly<{ data: string }>): boolean => existsSync(indexPath(of))

/** Throws the index away; it is made again by the next who needs it. */
export const removeRowIndex = (of: RowsOf & Readonly<{ data: string }>): void => {
  for (const file of [indexPath(of), `${indexPath(of)}-lock`]) rmSync(file, { force: true })
}

const sortsOf = ({ families, granularity }: RowRange): readonly Sort[] =>
  familyNames
    .filter((family) => families?.has(family) !== false)
    .flatMap((family) =>
      granularities
        .filter((each) => granularity === undefined || each === granularity)
        .map((each) => ({ family, granularity: each })),
    )

const ascending = (numbers: number[]): readonly number[] => [...new Set(numbers)].sort((a, b) => a - b)

const sound = (key: Buffer, bytes: Buffer): Buffer => {
  const value = unchecked(key, bytes)
  if (value === undefined) throw new IndexDamaged('an entry of the row index fails its checksum')
  return value
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
