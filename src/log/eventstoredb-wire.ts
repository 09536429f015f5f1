import { createRequire } from 'node:module'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { AppendReq, BatchAppendReq, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import { LogUnavailable } from './event-log.js'
import type { NewEvent, Position, RecordedEvent } from './event-log.js'

/**
 * `$all` is ordered by a commit and a prepare position. They are equal but for transactions of the old TCP clients, which nobody writes to this log, so one of
 * the two is the position: it counts bytes, and what derives ascending ids from it finds a small number. An event of such a transaction is refused
 * aloud, because all events of one share their commit position and a reader resumed between them would lose the rest.
 */
export const positionOf = (commit: string): Position => BigInt(commit)

/** How many records the server looks at between checkpoints, and in one go, where few of them match. */
const SEARCH_WINDOW = 500
const ALL_COUNT = `${Number.MAX_SAFE_INTEGER}`

const identifier = (stream: string) => {
  const named = new shared.StreamIdentifier()
  named.setStreamName(new Uint8Array(Buffer.from(stream)))
  return named
}

const { FORWARDS, BACKWARDS } = streams.ReadReq.Options.ReadDirection

const request = (
  direction: ReadReq.Options.ReadDirection,
  count: number | 'live' | 'all',
): Readonly<{ whole: ReadReq; options: ReadReq.Options }> => {
  const options = new streams.ReadReq.Options()
  const uuid = new streams.ReadReq.Options.UUIDOption()
  uuid.setString(new shared.Empty())
  options.setUuidOption(uuid)
  options.setReadDirection(direction)
  options.setResolveLinks(false)
  options.setNoFilter(new shared.Empty())
  if (count === 'live') options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
  else options.setCount(count === 'all' ? ALL_COUNT : `${count}`)
  const whole = new streams.ReadReq()
  whole.setOptions(options)
  return { whole, options }
}

/** No prefixes: every stream but the server's own, which begin with a dollar sign. */
const filterOf = (prefixes: readonly string[] | undefined): ReadReq.Options.FilterOptions => {
  const expression = new streams.ReadReq.Options.FilterOptions.Expression()
  if (prefixes === undefined || prefixes.includes('')) expression.setRegex('^[^$]')
  else expression.setPrefixList([...prefixes])
  const filter = new streams.ReadReq.Options.FilterOptions()
  filter.setStreamIdentifier(expression)
  filter.setMax(SEARCH_WINDOW)
  filter.setCheckpointintervalmultiplier(1)
  return filter
}

/** `$all` from `after`, where the server begins with the record at `after` itself when reading, and behind it when subscribing. */
export const readAllRequest = (kind: 'all' | 'live', after: Position | undefined, prefixes: readonly string[] | undefined): ReadReq => {
  const { whole, options } = request(FORWARDS, kind)
  const from = new streams.ReadReq.Options.AllOptions()
  if (after === undefined || after < 0n) from.setStart(new shared.Empty())
  else {
    const position = new streams.ReadReq.Options.Position()
    position.setCommitPosition(`${after}`)
    position.setPreparePosition(`${after}`)
    from.setPosition(position)
  }
  options.setAll(from)
  options.setFilter(filterOf(prefixes))
  return whole
}

export const headRequest = (): ReadReq => {
  const { whole, options } = request(BACKWARDS, 1)
  const from = new streams.ReadReq.Options.AllOptions()
  from.setEnd(new shared.Empty())
  options.setAll(from)
  return whole
}

/** A stream from a revision; backwards without `from`: from its end. */
export const readStreamRequest = (stream: string, backwards: boolean, from: number | undefined, max: number): ReadReq => {
  const { whole, options } = request(backwards ? BACKWARDS : FORWARDS, Number.isSafeInteger(max) ? max : 'all')
  const of = new streams.ReadReq.Options.StreamOptions()
  of.setStreamIdentifier(identifier(stream))
  if (from !== undefined) of.setRevision(`${from}`)
  else if (backwards) of.setEnd(new shared.Empty())
  else of.setStart(new shared.Empty())
  options.setStream(of)
  return whole
}

const UNKNOWN_POSITION = `${2n ** 64n - 1n}`

/** Throws `LogUnavailable` if the server (before 22.6) gives no position to events read by stream, and for an event of a TCP transaction. */
export const recordedEvent = (event: ReadResp.ReadEvent.RecordedEvent): RecordedEvent => {
  const [commit, prepare] = [event.getCommitPosition(), event.getPreparePosition()]
  if (commit === UNKNOWN_POSITION)
    throw new LogUnavailable('the server tells no position when a stream is read; EventStoreDB 22.6 or later does')
  if (commit !== prepare)
    throw new LogUnavailable(`the event at ${commit}/${prepare} belongs to a transaction of a TCP client, which this log cannot hold`)
  return {
    id: event.getId()?.getString() ?? '',
    type: event.getMetadataMap().get('type') ?? '',
    data: event.getData_asU8(),
    metadata: event.getCustomMetadata_asU8(),
    stream: Buffer.from(event.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString(),
    revision: Number(event.getStreamRevision()),
    position: positionOf(commit),
  }
}

const fill = <T extends AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage>(
  message: T,
  { id, type, data, metadata }: NewEvent,
): T => {
  const uuid = new shared.UUID()
  uuid.setString(id)
  message.setId(uuid)
  message.getMetadataMap().set('type', type).set('content-type', 'application/octet-stream')
  message.setData(plain(data))
  message.setCustomMetadata(plain(metadata))
  return message
}

/** A `Buffer` would be copied. */
const plain = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The messages of one append by a call of its own. `last` is the revision the stream must have, -1 for none. */
export function* appendMessages(stream: string, last: number, events: readonly NewEvent[]): Generator<AppendReq> {
  const options = new streams.AppendReq.Options()
  options.setStreamIdentifier(identifier(stream))
  if (last < 0) options.setNoStream(new shared.Empty())
  else options.setRevision(`${last}`)
  const header = new streams.AppendReq()
  header.setOptions(options)
  yield header
  for (const event of events) {
    const message = new streams.AppendReq()
    message.setProposedMessage(fill(new streams.AppendReq.ProposedMessage(), event))
    yield message
  }
}

type Timestamp = NonNullable<ReturnType<BatchAppendReq.Options['getDeadline']>>
type Empty = NonNullable<ReturnType<BatchAppendReq.Options['getNoStream']>>
// The client's own copy of the well-known messages, wherever it lies.
const fromClient = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))
const { Timestamp } = fromClient('google-protobuf/google/protobuf/timestamp_pb.js') as {
  Timestamp: { fromDate: (date: Date) => Timestamp }
}
const { Empty } = fromClient('google-protobuf/google/protobuf/empty_pb.js') as { Empty: new () => Empty }

/** Bytes of events in one message at most; servers take no messages above four megabytes unless told to. An event alone may be larger. */
const MESSAGE_BYTES_MAX = 3 * 1024 * 1024

/** The messages of one append over the batch call; the last one is marked final. */
export function* batchMessages(
  correlationId: string,
  stream: string,
  last: number,
  events: readonly NewEvent[],
  deadline: Date,
): Generator<BatchAppendReq> {
  const options = new streams.BatchAppendReq.Options()
  options.setStreamIdentifier(identifier(stream))
  options.setDeadline(Timestamp.fromDate(deadline))
  if (last < 0) options.setNoStream(new Empty())
  else options.setStreamPosition(`${last}`)
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
    message.addProposedMessages(fill(new streams.BatchAppendReq.ProposedMessage(), event))
  }
  yield message.setIsFinal(true)
}
