import * as E from 'fp-ts/lib/Either.js'
import { feedsStream } from '../../../domain/stream-name.js'
import { contentId } from '../../../log/content-id.js'
import type { ProcessIdentity } from '../../../log/embedded/lock/process-identity.js'
import { LogUnavailable, type EventLog, type NewEvent, type RecordedEvent } from '../../../log/event-log.js'
import type { Logs } from '../../pipeline/logs/logs.js'

/** A range of intervals, `[from, to)`, as ISO 8601 in UTC. */
export type Range = Readonly<{ from: string; to: string }>

/**
 * `regular`: the next period. `correction`: intervals that changed, or are complete by now. `manual`: asked for by an
 * operator.
 */
export type DeliveryKind = 'regular' | 'correction' | 'manual'

/** A delivery as it begins: everything that its bytes follow from. Instants are ISO 8601. */
export type DeliveryBegan = Readonly<{
  type: 'DeliveryBegan'
  feed: string
  /** From 1, ascending without gaps, and never used for other bytes. */
  number: number
  kind: DeliveryKind
  /** Why: corrections of rows (`late`, `settings`, …), `completed`, `generation`, `changed`; an operator's own words. */
  reasons: readonly string[]
  ranges: readonly Range[]
  version: number
  /** The rows: those of this generation as its stream was at this revision. */
  generation: string
  through: number
  /** Starts of intervals that were not complete. */
  incomplete: readonly string[]
  /** Rows that were added up, and the digest of their keys and revisions (as of markers). */
  rows: number
  digest: number
  records: number
  file: string
  bytes: number
  sha256: string
  /** `contentDigest`: with other settings the same rows give other bytes. */
  content: string
  at: string
  by?: string
  process: ProcessIdentity
}>

/** What the receiver answered: a status and words, of which none is a secret. */
export type Answer = Readonly<{ status: string; words?: string }>

export const deliveryResults = ['accepted', 'refused', 'void'] as const
/** `void`: it was given up, because its bytes could not be made again, and its number names no file of any receiver. */
export type DeliveryResult = (typeof deliveryResults)[number]

export type DeliveryEnded = Readonly<{
  type: 'DeliveryEnded'
  feed: string
  number: number
  result: DeliveryResult
  answer: Answer
  attempts: number
  at: string
}>

/**
 * - `FeedBegan`: deliveries begin with the period that starts at `from`
 * - `LayoutPublished`: a version of the layout is in use, with the digest of what its receiver sees
 * - `NamesSeen`: names of objects, by dimension and id, that deliveries from here on write
 */
export type FeedEvent =
  | Readonly<{ type: 'FeedBegan'; feed: string; from: string; at: string }>
  | Readonly<{ type: 'LayoutPublished'; feed: string; version: number; digest: string; at: string }>
  | Readonly<{ type: 'NamesSeen'; feed: string; number: number; names: Readonly<Record<string, string>> }>
  | DeliveryBegan
  | DeliveryEnded

/** Another process appended to the log of deliveries at the same moment: read it again and decide again. */
export class FeedsChanged extends Error {
  override readonly name = 'FeedsChanged'
}

/** A later version may have written kinds of events that this one does not know. */
export const decodeFeedEvent = ({ type, data }: Pick<RecordedEvent, 'type' | 'data'>): FeedEvent =>
  ({ type, ...(JSON.parse(Buffer.from(data).toString('utf8')) as object) }) as FeedEvent

/** Appends behind the revision that was read (-1: nothing). Throws `FeedsChanged` and `LogUnavailable`. */
export const appendFeedEvents = (
  logs: Pick<Logs, 'changingControl'>,
  tenant: string,
  expected: number,
  events: readonly FeedEvent[],
): Promise<number> =>
  logs.changingControl(async (control: EventLog) => {
    const stream = feedsStream(tenant)
    const [answer] = await control.append([
      { stream, expected, events: events.map((event, place) => newEvent(tenant, expected + place, event)) },
    ])
    if (answer !== undefined && E.isRight(answer)) return answer.right.revision
    if (answer?.left.tag === 'WrongExpectedRevision')
      throw new FeedsChanged('the log of deliveries was changed meanwhile')
    throw new LogUnavailable(`the stream ${stream} of the log cannot be written (${answer?.left.tag ?? 'no answer'})`)
  })

const newEvent = (tenant: string, after: number, { type, ...event }: FeedEvent): NewEvent => {
  const data = Buffer.from(JSON.stringify(event))
  return { id: contentId(type, tenant, String(after), data), type, data, metadata: Buffer.from('{}') }
}
