import { kpiStream } from '../../domain/stream-name.js'
import type { EpochMs } from '../../domain/interval.js'
import { Damage } from '../../log/embedded/lmdb/damage.js'
import type { RecordedEvent } from '../../log/event-log.js'
import {
  hasRowIndex,
  IndexDamaged,
  removeRowIndex,
  RowIndex,
  type Found,
  type RowRange,
  type RowsOf,
} from './row-index.js'

/** So many events of the stream are read without an index: that takes no longer than a command takes to start. */
const UNINDEXED_MAX = 50_000
/** Revisions that lie no further apart than this are read together. */
const GAP_MAX = 128

/**
 * The events that hold the rows of a range, all revisions of each, and what the stream holds beyond the index. Where no
 * index is to be had (a folder that may only be read, a full disk), these are all events of the stream. `closed` is
 * told, before the first event comes, what the index knows of intervals out of the range (`RowIndex.find`).
 */
export async function* rowEvents(
  of: RowsOf,
  range: RowRange,
  closed: (through: EpochMs | undefined) => void = () => undefined,
): AsyncGenerator<readonly RecordedEvent[]> {
  const found = await inIndex(of, UNINDEXED_MAX, (index) => index.find(range))
  if (found !== undefined) closed(found.closedThrough)
  yield* eventsToTheEnd(of, found)
}

/** Revisions of rows in one window: a few megabytes of decoded rows. */
const WINDOW_REVISIONS = 20_000

/**
 * Divides a range into ascending windows of bounded content, so that a long range is read and forgotten piece by piece.
 * Where no index is to be had the range is one window.
 */
export const rowWindows = async (
  of: RowsOf,
  range: RowRange,
  revisionsMax = WINDOW_REVISIONS,
): Promise<readonly RowRange[]> => (await inIndex(of, 0, (index) => index.windows(range, revisionsMax))) ?? [range]

/**
 * The markers of the intervals of a range, and with `withRows` the events that `rowEvents` gives, in their order. At most
 * about `unindexedMax` events are read without the index.
 */
export async function* markerEvents(
  of: RowsOf,
  range: RowRange,
  withRows: boolean,
  unindexedMax = UNINDEXED_MAX,
): AsyncGenerator<readonly RecordedEvent[]> {
  const found = await inIndex(of, unindexedMax, (index) => index.findMarkers(range, withRows), unindexedMax)
  yield* eventsToTheEnd(of, found)
}

/**
 * The events that hold the rows of all intervals of a range in which something was corrected, and the checkpoints
 * behind the corrections; or all events of the stream. What is appended meanwhile is left out: it may correct an
 * interval whose earlier rows were passed by.
 */
export async function* correctedEvents(of: RowsOf, range: RowRange): AsyncGenerator<readonly RecordedEvent[]> {
  yield* eventsAt(of, await inIndex(of, 0, (index) => index.findCorrected(range)))
}

/** The events that were found, and all that the stream holds beyond the index. */
async function* eventsToTheEnd(of: RowsOf, found: Found | undefined): AsyncGenerator<readonly RecordedEvent[]> {
  yield* eventsAt(of, found)
  if (found !== undefined) yield* of.kpi.readStream(kpiStream(of.tenant, of.generation), { from: found.through + 1 })
}

async function* eventsAt(
  { kpi, tenant, generation }: RowsOf,
  found: Found | undefined,
): AsyncGenerator<readonly RecordedEvent[]> {
  const stream = kpiStream(tenant, generation)
  if (found === undefined) yield* kpi.readStream(stream)
  // Most of the stream: read in one go.
  else if (2 * found.revisions.length > found.through) yield* kpi.readStream(stream, { max: found.through + 1 })
  else for (const { from, to } of runsOf(found.revisions)) yield* kpi.readStream(stream, { from, max: to - from + 1 })
}

/** Brings the index up to date, if there is a data folder for it. Throws if it cannot be written. */
export const keepRowIndex = async (of: RowsOf, signal?: AbortSignal): Promise<void> => {
  if (!hasFolder(of)) return
  await using(of, (index) => index.catchUp(signal))
}

const hasFolder = (of: RowsOf): of is RowsOf & Readonly<{ data: string }> => of.data !== undefined

/** What the index knows, brought up to date if it is more than `behindMax` events behind its stream. */
const inIndex = async <F>(
  of: RowsOf,
  behindMax: number,
  find: (index: RowIndex) => F,
  unindexedMax = UNINDEXED_MAX,
): Promise<F | undefined> => {
  if (!hasFolder(of)) return undefined
  const last = (await of.kpi.streamRevision(kpiStream(of.tenant, of.generation))) ?? -1
  if (last < unindexedMax && !hasRowIndex(of)) return undefined
  try {
    return await using(of, async (index) => {
      if (last - index.through > behindMax) await index.catchUp()
      return find(index)
    })
  } catch (cause) {
    // The index may not be written to, the disk is full, or the log cannot be read: reading all of that will say so.
    if (cause instanceof IndexDamaged || cause instanceof Damage) removeRowIndex(of)
    return undefined
  }
}

const using = async <A>(
  of: RowsOf & Readonly<{ data: string }>,
  work: (index: RowIndex) => A | Promise<A>,
): Promise<A> => {
  const index = await RowIndex.open(of)
  try {
    return await work(index)
  } finally {
    await index.close()
  }
}

type Run = Readonly<{ from: number; to: number }>

const runsOf = (revisions: readonly number[]): readonly Run[] => {
  const runs: { from: number; to: number }[] = []
  for (const revision of revisions) {
    const last = runs.at(-1)
    if (last !== undefined && revision - last.to <= GAP_MAX) last.to = revision
    else runs.push({ from: revision, to: revision })
  }
  return runs
}
