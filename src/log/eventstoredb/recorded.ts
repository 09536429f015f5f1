import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import { LogUnavailable } from '../event-log.js'
import type { Position, RecordedEvent } from '../event-log.js'

/**
 * `$all` is ordered by a commit and a prepare position. The commit position alone is ours: it counts bytes, so what
 * derives ascending ids from it finds a small number, and it is one event's own, but for transactions of the old TCP
 * clients. (The prepare position that servers before 21.10 tell of an event is that of the first event appended with
 * it, so the two may differ without any such transaction.)
 */
export const positionOf = (commit: string): Position => BigInt(commit)

const UNKNOWN_POSITION = `${2n ** 64n - 1n}`

/** Throws `LogUnavailable` if the server (before 22.6) gives no position to events read by stream. */
export const recordedEvent = (event: ReadResp.ReadEvent.RecordedEvent): RecordedEvent => {
  const commit = event.getCommitPosition()
  if (commit === UNKNOWN_POSITION)
    throw new LogUnavailable('the server tells no position when a stream is read; EventStoreDB 22.6 or later does')
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

/**
 * Refuses two events at one position, aloud: they belong to a transaction of a TCP client, and a reader resumed between
 * them would lose the second. Nobody who writes to this log makes any.
 */
export const ascending = (at: Position | undefined, { position, stream }: RecordedEvent): void => {
  if (position === at)
    throw new LogUnavailable(
      `stream ${stream} holds a transaction of a TCP client at position ${position}, which this log cannot hold`,
    )
}
