import { pointsStream } from '../../domain/stream-name.js'
import { contentId } from '../../log/content-id.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../../log/event-log.js'
import type { RawEventRef, RawMark, RawOrigin } from '../kpi-stream/marks.js'
import { decodeOperations, encodeOperations, type PlacedOperation } from './operation-codec.js'

/**
 * The points stream of a bucket holds `Points` events. Each has the operations of the raw positions after `after`,
 * through the position of its mark, and is the checkpoint of the bucket as well: output and progress are one event.
 */
const POINTS = 'Points'

/** Operations of one event: some hundred kilobytes. Those of one raw position are never divided. */
const OPERATIONS_MAX = 20_000

/** A stretch of the raw log as one bucket sees it. `after`: `undefined` at the beginning. */
export type PointsHead = Readonly<{ after: Position | undefined; mark: RawMark }>
export type PointsBatch = PointsHead & Readonly<{ operations: readonly PlacedOperation[] }>

type StoredHead = Readonly<{ after: string | null; through: string; logId?: string; event?: RawEventRef }>

/**
 * The events for one bucket's batch, to be appended in order: more than one where the operations are many. `owner` is
 * part of their ids, so that the same batch of another owner is no repeat of it and meets the expected revision.
 */
export const pointsEvents = (
  owner: string,
  stream: string,
  { after, mark, operations }: PointsBatch,
): readonly NewEvent[] => {
  const events: NewEvent[] = []
  let [from, since] = [0, after]
  do {
    const to = endOfPart(operations, from)
    const isLast = to === operations.length
    const through = isLast ? mark.position : (operations[to - 1] as PlacedOperation).position
    // The last event that was folded may lie behind a part, which then goes without it.
    const origin = isLast ? mark.origin : mark.origin && { logId: mark.origin.logId }
    events.push(pointsEvent(owner, stream, since, through, origin, operations.slice(from, to)))
    ;[from, since] = [to, through]
  } while (from < operations.length)
  return events
}

const endOfPart = (operations: readonly PlacedOperation[], from: number): number => {
  let to = Math.min(operations.length, from + OPERATIONS_MAX)
  while (to < operations.length && operations[to]?.position === operations[to - 1]?.position) to += 1
  return to
}

const pointsEvent = (
  owner: string,
  stream: string,
  after: Position | undefined,
  through: Position,
  origin: RawOrigin | undefined,
  operations: readonly PlacedOperation[],
): NewEvent => {
  const head: StoredHead = { after: after === undefined ? null : String(after), through: String(through), ...origin }
  return {
    id: contentId(POINTS, stream, owner, String(head.after), head.through),
    type: POINTS,
    data: encodeOperations(operations),
    metadata: Buffer.from(JSON.stringify(head)),
  }
}

/** The operations that an event of a points stream holds. */
export const readPoints = ({ data }: RecordedEvent): readonly PlacedOperation[] => decodeOperations(data)

/** Which stretch an event of a points stream is of. */
export const pointsHead = ({ metadata }: RecordedEvent): PointsHead => {
  const { after, through, logId, event } = JSON.parse(Buffer.from(metadata).toString('utf8')) as StoredHead
  const origin = logId === undefined ? undefined : { logId, ...(event === undefined ? {} : { event }) }
  return { after: after === null ? undefined : BigInt(after), mark: { position: BigInt(through), origin } }
}

/** Where a bucket is: its stream's last revision, and the mark there; both `undefined` before the first batch. */
export type PointsTail = Readonly<{ revision: number | undefined; mark: RawMark | undefined }>

export const pointsTail = async (
  log: EventLog,
  tenant: string,
  generation: string,
  bucket: string,
): Promise<PointsTail> => {
  for await (const [event] of log.readStream(pointsStream(tenant, generation, bucket), { backwards: true, max: 1 }))
    if (event !== undefined) return { revision: event.revision, mark: pointsHead(event).mark }
  return { revision: undefined, mark: undefined }
}

/** The first revision of a points stream that goes beyond a raw position; one after the last if none does. */
export const revisionBeyond = async (
  log: EventLog,
  stream: string,
  position: Position | undefined,
): Promise<number> => {
  if (position === undefined) return 0
  let [low, high] = [0, ((await log.streamRevision(stream)) ?? -1) + 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((await throughAt(log, stream, middle)) <= position) low = middle + 1
    else high = middle
  }
  return low
}

const throughAt = async (log: EventLog, stream: string, revision: number): Promise<Position> => {
  for await (const [event] of log.readStream(stream, { from: revision, max: 1 }))
    if (event !== undefined) return pointsHead(event).mark.position
  throw new Error(`${stream} has no revision ${revision}, although it had a moment ago`)
}
