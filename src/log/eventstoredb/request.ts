import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js'
import type { Position } from '../event-log.js'

export const streamIdentifier = (stream: string) => {
  const named = new shared.StreamIdentifier()
  named.setStreamName(new Uint8Array(Buffer.from(stream)))
  return named
}

const { FORWARDS, BACKWARDS } = streams.ReadReq.Options.ReadDirection

/** As many as there are. Servers before 21.10 take the number for one of 32 bits. */
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
 * No prefixes: every stream but the server's own, which begin with a dollar sign. The server looks at `window` records
 * in one go.
 */
const filterOf = (prefixes: readonly string[] | undefined, window: number): ReadReq.Options.FilterOptions => {
  const expression = new streams.ReadReq.Options.FilterOptions.Expression()
  if (prefixes === undefined || prefixes.includes('')) expression.setRegex('^[^$]')
  else expression.setPrefixList([...prefixes])
  const filter = new streams.ReadReq.Options.FilterOptions()
  filter.setStreamIdentifier(expression)
  filter.setMax(window)
  filter.setCheckpointintervalmultiplier(1)
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

/**
 * `count` events of `$all`, beginning with the record at `from` itself. Servers before 22 refuse a window that is not
 * larger than the count.
 */
export const readAllRequest = (
  from: Position | undefined,
  prefixes: readonly string[] | undefined,
  count: number,
): ReadReq => {
  const { whole, options } = request(FORWARDS, count)
  options.setAll(allFrom(from))
  options.setFilter(filterOf(prefixes, count + 1))
  return whole
}

/** Records between the server's checkpoints, where few of them match. */
const LIVE_WINDOW = 500

/** `$all` from behind the record at `after`, for ever. */
export const subscribeRequest = (after: Position | undefined, prefixes: readonly string[] | undefined): ReadReq => {
  const { whole, options } = request(FORWARDS, 'live')
  options.setAll(allFrom(after))
  options.setFilter(filterOf(prefixes, LIVE_WINDOW))
  return whole
}

/** A stream from behind the revision `after`, for ever. */
export const subscribeStreamRequest = (stream: string, after: bigint | undefined): ReadReq => {
  const { whole, options } = request(FORWARDS, 'live')
  const of = new streams.ReadReq.Options.StreamOptions()
  of.setStreamIdentifier(streamIdentifier(stream))
  if (after === undefined || after < 0n) of.setStart(new shared.Empty())
  else of.setRevision(`${after}`)
  options.setStream(of)
  return whole
}

/** The last `count` records of `$all`, backwards, the server's own among them. */
export const fromEndRequest = (count: number): ReadReq => {
  const { whole, options } = request(BACKWARDS, count)
  const from = new streams.ReadReq.Options.AllOptions()
  from.setEnd(new shared.Empty())
  options.setAll(from)
  return whole
}

/** A stream from a revision; backwards without `from`: from its end. */
export const readStreamRequest = (
  stream: string,
  backwards: boolean,
  from: number | undefined,
  max: number,
): ReadReq => {
  const { whole, options } = request(backwards ? BACKWARDS : FORWARDS, max)
  const of = new streams.ReadReq.Options.StreamOptions()
  of.setStreamIdentifier(streamIdentifier(stream))
  if (from !== undefined) of.setRevision(`${from}`)
  else if (backwards) of.setEnd(new shared.Empty())
  else of.setStart(new shared.Empty())
  options.setStream(of)
  return whole
}
