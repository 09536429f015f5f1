/** Test support: EventStoreDB's own messages, made and taken apart with the definitions that the official client ships. */
import { createRequire } from 'node:module'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import type { Expected, Proposed, Stored } from './eventstoredb-store.js'

type Any = NonNullable<ReturnType<InstanceType<typeof status.Status>['getDetails']>>
const fromClient = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))
const { Any } = fromClient('google-protobuf/google/protobuf/any_pb.js') as { Any: new () => Any }
const { Empty } = fromClient('google-protobuf/google/protobuf/empty_pb.js') as {
  Empty: new () => NonNullable<ReturnType<BatchAppendReq.Options['getAny']>>
}

export const nameOf = (identifier: { getStreamName_asU8: () => Uint8Array } | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString()

export const proposedOf = (message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage): Proposed => ({
  id: message.getId()?.getString() ?? '',
  metadata: new Map(message.getMetadataMap().toArray()),
  customMetadata: message.getCustomMetadata_asU8(),
  data: message.getData_asU8(),
})

export const expectedOf = (options: AppendReq.Options | BatchAppendReq.Options): Expected => {
  if (options.hasNoStream()) return 'no-stream'
  if ('hasStreamPosition' in options) return options.hasStreamPosition() ? Number(options.getStreamPosition()) : 'any'
  return options.hasRevision() ? Number(options.getRevision()) : 'any'
}

export const eventMessage = ({ id, metadata, customMetadata, data, stream, revision, commit, prepare }: Stored): ReadResp => {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
  recorded.setId(new shared.UUID().setString(id))
  recorded.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(stream))))
  recorded.setStreamRevision(`${revision}`).setCommitPosition(`${commit}`).setPreparePosition(`${prepare}`)
  for (const [key, value] of metadata) recorded.getMetadataMap().set(key, value)
  recorded.setCustomMetadata(customMetadata).setData(data)
  return new streams.ReadResp().setEvent(new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(`${commit}`))
}

export const checkpointMessage = ({ commit, prepare }: Stored): ReadResp =>
  new streams.ReadResp().setCheckpoint(new streams.ReadResp.Checkpoint().setCommitPosition(`${commit}`).setPreparePosition(`${prepare}`))

export const confirmationMessage = (): ReadResp =>
  new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('test'))

export const notFoundMessage = (options: ReadReq.Options.StreamOptions): ReadResp =>
  new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound().setStreamIdentifier(options.getStreamIdentifier()))

export const storedMessage = (revision: number): AppendResp =>
  new streams.AppendResp().setSuccess(new streams.AppendResp.Success().setCurrentRevision(`${revision}`).setNoPosition(new shared.Empty()))

export const wrongMessage = (actual: number): AppendResp => {
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (actual < 0) wrong.setCurrentNoStream(new shared.Empty())
  else wrong.setCurrentRevision(`${actual}`)
  return new streams.AppendResp().setWrongExpectedVersion(wrong)
}

/** Answers to one batch append, by its correlation id. */
export const batchStored = (request: BatchAppendReq, revision: number): BatchAppendResp =>
  answerTo(request).setSuccess(new streams.BatchAppendResp.Success().setCurrentRevision(`${revision}`).setNoPosition(new Empty()))

export const batchWrong = (request: BatchAppendReq, actual: number): BatchAppendResp => {
  const wrong = new shared.WrongExpectedVersion()
  if (actual < 0) wrong.setCurrentNoStream(new Empty())
  else wrong.setCurrentStreamRevision(`${actual}`)
  return batchError(request, 'WrongExpectedVersion', wrong.serializeBinary())
}

export const batchError = (request: BatchAppendReq, name: string, bytes: Uint8Array): BatchAppendResp => {
  const details = new Any()
  details.pack(bytes, `event_store.client.${name}`)
  const error = new status.Status()
  error.setMessage(name)
  error.setDetails(details)
  return answerTo(request).setError(error)
}

const answerTo = (request: BatchAppendReq): BatchAppendResp => new streams.BatchAppendResp().setCorrelationId(request.getCorrelationId())
