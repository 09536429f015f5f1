import { shared, streams, WellKnownEmpty } from './client-internals.js'
import type { BatchAppendReq, ReadReq } from './client-internals.js'
import { LogUnavailable } from '../../event-log.js'
import type { NewEvent, Position, RecordedEvent } from '../../event-log.js'

/**
 * `$all` is ordered by a commit and a prepare position. The log's position is the commit position alone: it counts
 * bytes, so ids derived from it stay small. Two events at one position belong to a transaction of an old TCP client: a
 * reader that resumes between them would lose the second, so they are refused. No writer of this log makes such
 * transactions.
 */
export const ascending = (at: Position | undefined, { position, stream }: RecordedEvent): void => {
  if (position === at)
    throw new LogUnavailable(
      `stream ${stream} holds a transaction of a TCP client at position ${position}, which this log cannot hold`,
    )
}

export const streamIdentifier = (stream: string) => {
  const named = new shared.StreamIdentifier()
  named.setStreamName(new Uint8Array(Buffer.from(stream)))
  return named
}

const { FORWARDS, BACKWARDS } = streams.ReadReq.Options.ReadDirection

/** No limit. */
const ALL = 2 ** 31 - 1

const request = (
  direction: ReadReq.Options.ReadDirection,
  count: number | 'live',
): Readonly<{ whole: ReadReq; options: ReadReq.Options }> => {
  const options = new streams.ReadReq.Options()
  const uuid = new streams.ReadReq.Options.UUIDOption()
  uuid.setString(new shared.Empty())
  options.setUuidOption(uuid)
  options.setReadDirection(direction)
  options.setResolveLinks(false)
  options.setNoFilter(new shared.Empty())
  if (count === 'live') options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
  else options.setCount(`${Math.min(count, ALL)}`)
  const whole = new streams.ReadReq()
  whole.setOptions(options)
  return { whole, options }
}

/**
 * Records that the server looks through at a time, and how many such times there are between two checkpoints: the real
 * server looks through 200,000 records of a kilobyte in a second.
 */
const WINDOW = 4_096
const WINDOWS_PER_CHECKPOINT = 8

/** Without prefixes: every stream except the system streams, which begin with a dollar sign. */
const filterOf = (prefixes: readonly string[] | undefined): ReadReq.Options.FilterOptions => {
  const expression = new streams.ReadReq.Options.FilterOptions.Expression()
  if (prefixes === undefined || prefixes.includes('')) expression.setRegex('^[^$]')
  else expression.setPrefixList([...prefixes])
  const filter = new streams.ReadReq.Options.FilterOptions()
  filter.setStreamIdentifier(expression)
  filter.setMax(WINDOW)
  filter.setCheckpointintervalmultiplier(WINDOWS_PER_CHECKPOINT)
  return filter
}

const allFrom = (at: Position | undefined): ReadReq.Options.AllOptions => {
  const from = new streams.ReadReq.Options.AllOptions()
  if (at === undefined || at < 0n) from.setStart(new shared.Empty())
  else {
    const position = new streams.ReadReq.Options.Position()
    position.setCommitPosition(`${at}`)
    position.setPreparePosition(`${at}`)
    from.setPosition(position)
  }
  return from
}

/** What matches in `$all` through its end, beginning with the record at `from` itself. */
export const readAllRequest = (from: Position | undefined, prefixes: readonly string[] | undefined): ReadReq =>
  filteredRequest(ALL, from, prefixes)

/** A subscription to `$all` after the record at `after`. */
export const subscribeRequest = (after: Position | undefined, prefixes: readonly string[] | undefined): ReadReq =>
  filteredRequest('live', after, prefixes)

const filteredRequest = (
  count: number | 'live',
  from: Position | undefined,
  prefixes: readonly string[] | undefined,
): ReadReq => {
  const { whole, options } = request(FORWARDS, count)
  options.setAll(allFrom(from))
  options.setFilter(filterOf(prefixes))
  return whole
}

/** The last `count` records of `$all`, backwards, system records included. */
export const fromEndRequest = (count: number): ReadReq => {
  const { whole, options } = request(BACKWARDS, count)
  const from = new streams.ReadReq.Options.AllOptions()
  from.setEnd(new shared.Empty())
  options.setAll(from)
  return whole
}

/** A stream from a revision; backwards without `from`: from its end. */
export const readStreamRequest = (stream: string, backwards: boolean, from: number | undefined, max: number): ReadReq =>
  streamRequest(backwards ? BACKWARDS : FORWARDS, max, stream, (of) => {
    if (from !== undefined) of.setRevision(`${from}`)
    else if (backwards) of.setEnd(new shared.Empty())
    else of.setStart(new shared.Empty())
  })

/** A subscription to a stream after the revision `after`. */
export const subscribeStreamRequest = (stream: string, after: bigint | undefined): ReadReq =>
  streamRequest(FORWARDS, 'live', stream, (of) => {
    if (after === undefined || after < 0n) of.setStart(new shared.Empty())
    else of.setRevision(`${after}`)
  })

const streamRequest = (
  direction: ReadReq.Options.ReadDirection,
  count: number | 'live',
  stream: string,
  begin: (of: ReadReq.Options.StreamOptions) => void,
): ReadReq => {
  const { whole, options } = request(direction, count)
  const of = new streams.ReadReq.Options.StreamOptions()
  of.setStreamIdentifier(streamIdentifier(stream))
  begin(of)
  options.setStream(of)
  return whole
}

const proposed = ({ id, type, data, metadata }: NewEvent, contentType: string): BatchAppendReq.ProposedMessage => {
  const message = new streams.BatchAppendReq.ProposedMessage()
  const uuid = new shared.UUID()
  uuid.setString(id)
  message.setId(uuid)
  message.getMetadataMap().set('type', type).set('content-type', contentType)
  message.setData(plain(data))
  message.setCustomMetadata(plain(metadata))
  return message
}

/** The server does not parse it: JSON would be stored as text that it may index, and is read no faster. */
const BINARY = 'application/octet-stream'
/** The server reads events of its own streams: policies and settings. */
const JSON_TEXT = 'application/json'

/** A `Buffer` would be copied. */
const plain = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Bytes of events in one message at most: servers accept messages of up to four megabytes unless configured otherwise.
 * A single event may be larger.
 */
const MESSAGE_BYTES_MAX = 3 * 1024 * 1024

/**
 * The messages of one append over the batch call; the last one is marked final. `last` is the revision that the stream
 * must have, -1 for none, `any` for whatever it is.
 */
export function* batchMessages(
  correlationId: string,
  stream: string,
  last: number | 'any',
  events: readonly NewEvent[],
): Generator<BatchAppendReq> {
  const options = new streams.BatchAppendReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
  if (last === 'any') options.setAny(new WellKnownEmpty())
  else if (last < 0) options.setNoStream(new WellKnownEmpty())
  else options.setStreamPosition(`${last}`)
  const contentType = stream.startsWith('$') ? JSON_TEXT : BINARY
  const correlation = new shared.UUID()
  correlation.setString(correlationId)
  const next = (): BatchAppendReq => new streams.BatchAppendReq().setCorrelationId(correlation).setIsFinal(false)
  let message = next().setOptions(options)
  let bytes = 0
  for (const event of events) {
    const size = event.data.byteLength + event.metadata.byteLength + 200
    if (bytes > 0 && bytes + size > MESSAGE_BYTES_MAX) {
      yield message
      message = next()
      bytes = 0
    }
    bytes += size
    message.addProposedMessages(proposed(event, contentType))
  }
  yield message.setIsFinal(true)
}
