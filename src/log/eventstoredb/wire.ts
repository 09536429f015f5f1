import { createRequire } from 'node:module'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { AppendReq, BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js'
import type { NewEvent } from '../event-log.js'
import { streamIdentifier } from './request.js'

type Empty = NonNullable<ReturnType<BatchAppendReq.Options['getNoStream']>>
// The client's own copy of the well-known messages, wherever it lies.
const fromClient = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))
const { Empty } = fromClient('google-protobuf/google/protobuf/empty_pb.js') as { Empty: new () => Empty }

const fill = <T extends AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage>(
  message: T,
  { id, type, data, metadata }: NewEvent,
  contentType: string,
): T => {
  const uuid = new shared.UUID()
  uuid.setString(id)
  message.setId(uuid)
  message.getMetadataMap().set('type', type).set('content-type', contentType)
  message.setData(plain(data))
  message.setCustomMetadata(plain(metadata))
  return message
}

/** Parsed by nobody on the way: JSON would be kept as text that the server may index, and comes back no faster. */
const BINARY = 'application/octet-stream'

/** A `Buffer` would be copied. */
const plain = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The messages of one append by a call of its own. `last` is the revision the stream must have, -1 for none. */
export function* appendMessages(
  stream: string,
  last: number,
  events: readonly NewEvent[],
  contentType = BINARY,
): Generator<AppendReq> {
  const options = new streams.AppendReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
  if (last < 0) options.setNoStream(new shared.Empty())
  else options.setRevision(`${last}`)
  const header = new streams.AppendReq()
  header.setOptions(options)
  yield header
  for (const event of events) {
    const message = new streams.AppendReq()
    message.setProposedMessage(fill(new streams.AppendReq.ProposedMessage(), event, contentType))
    yield message
  }
}

/**
 * Bytes of events in one message at most; servers take no messages above four megabytes unless told to. An event alone
 * may be larger.
 */
const MESSAGE_BYTES_MAX = 3 * 1024 * 1024

/** The messages of one append over the batch call; the last one is marked final. */
export function* batchMessages(
  correlationId: string,
  stream: string,
  last: number,
  events: readonly NewEvent[],
): Generator<BatchAppendReq> {
  const options = new streams.BatchAppendReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
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
    message.addProposedMessages(fill(new streams.BatchAppendReq.ProposedMessage(), event, BINARY))
  }
  yield message.setIsFinal(true)
}
