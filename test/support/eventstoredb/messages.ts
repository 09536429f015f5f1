/**
 * Test support: EventStoreDB's own messages, made and taken apart with the definitions that the official client ships.
 */
import { createRequire } from 'node:module'
import gossip from '@eventstore/db-client/generated/gossip_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { BatchAppendReq, BatchAppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { Address } from './faults.js'
import type { Expected, Proposed, Stored } from './store.js'

type Any = NonNullable<ReturnType<InstanceType<typeof status.Status>['getDetails']>>
const fromClient = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))
const { Any } = fromClient('google-protobuf/google/protobuf/any_pb.js') as { Any: new () => Any }
const { Empty } = fromClient('google-protobuf/google/protobuf/empty_pb.js') as {
  Empty: new () => NonNullable<ReturnType<BatchAppendReq.Options['getAny']>>
}

const { BinaryWriter } = fromClient('google-protobuf') as {
  BinaryWriter: new () => {
    writeString: (field: number, value: string) => void
    writeUint32: (field: number, value: number) => void
    getResultBuffer: () => Uint8Array
  }
}

export const nameOf = (identifier: { getStreamName_asU8: () => Uint8Array } | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString()

export const proposedOf = (message: BatchAppendReq.ProposedMessage): Proposed => ({
  id: message.getId()?.getString() ?? '',
  metadata: new Map(message.getMetadataMap().toArray()),
  customMetadata: message.getCustomMetadata_asU8(),
  data: message.getData_asU8(),
})

export const expectedOf = (options: BatchAppendReq.Options): Expected => {
  if (options.hasNoStream()) return 'no-stream'
  return options.hasStreamPosition() ? Number(options.getStreamPosition()) : 'any'
}

export const isBackwards = (options: ReadReq.Options): boolean =>
  options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS

export const eventMessage = ({
  id,
  metadata,
  customMetadata,
  data,
  stream,
  revision,
  commit,
  prepare,
}: Stored): ReadResp => {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
  recorded.setId(new shared.UUID().setString(id))
  recorded.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(new Uint8Array(Buffer.from(stream))))
  recorded.setStreamRevision(`${revision}`).setCommitPosition(`${commit}`).setPreparePosition(`${prepare}`)
  for (const [key, value] of metadata) recorded.getMetadataMap().set(key, value)
  recorded.setCustomMetadata(customMetadata).setData(data)
  return new streams.ReadResp().setEvent(
    new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(`${commit}`),
  )
}

export const checkpointMessage = ({ commit, prepare }: Stored): ReadResp =>
  new streams.ReadResp().setCheckpoint(
    new streams.ReadResp.Checkpoint().setCommitPosition(`${commit}`).setPreparePosition(`${prepare}`),
  )

export const confirmationMessage = (): ReadResp =>
  new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('test'))

export const caughtUpMessage = (): ReadResp => new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp())

export const notFoundMessage = (options: ReadReq.Options.StreamOptions): ReadResp =>
  new streams.ReadResp().setStreamNotFound(
    new streams.ReadResp.StreamNotFound().setStreamIdentifier(options.getStreamIdentifier()),
  )

/** Answers to one batch append, by its correlation id. */
export const batchStored = (
  request: BatchAppendReq,
  revision: number,
  position: bigint | undefined,
): BatchAppendResp => {
  const success = new streams.BatchAppendResp.Success().setCurrentRevision(`${revision}`)
  if (position === undefined) success.setNoPosition(new Empty())
  else
    success.setPosition(
      new shared.AllStreamPosition().setCommitPosition(`${position}`).setPreparePosition(`${position}`),
    )
  return answerTo(request).setSuccess(success)
}

export const batchWrong = (request: BatchAppendReq, actual: number): BatchAppendResp => {
  const wrong = new shared.WrongExpectedVersion()
  if (actual < 0) wrong.setCurrentNoStream(new Empty())
  else wrong.setCurrentStreamRevision(`${actual}`)
  return batchError(request, 'WrongExpectedVersion', wrong.serializeBinary())
}

export const batchDeleted = (request: BatchAppendReq): BatchAppendResp =>
  batchError(request, 'StreamDeleted', new shared.StreamDeleted().serializeBinary())

export const batchAccessDenied = (request: BatchAppendReq, bytes: Uint8Array): BatchAppendResp =>
  batchError(request, 'AccessDenied', bytes)

export const batchTooLarge = (request: BatchAppendReq, bytesMax: number): BatchAppendResp =>
  batchError(
    request,
    'MaximumAppendSizeExceeded',
    new shared.MaximumAppendSizeExceeded().setMaxappendsize(bytesMax).serializeBinary(),
  )

/** A message that the client's definitions do not have yet: the event's id, its size and the limit. */
export const batchEventTooLarge = (
  request: BatchAppendReq,
  id: string,
  size: number,
  bytesMax: number,
): BatchAppendResp => {
  const writer = new BinaryWriter()
  writer.writeString(1, id)
  writer.writeUint32(2, size)
  writer.writeUint32(3, bytesMax)
  return batchError(request, 'MaximumAppendEventSizeExceeded', writer.getResultBuffer())
}

/** Not this server, or not now: reported by a message only. */
export const batchNotHandled = (request: BatchAppendReq, message: string): BatchAppendResp =>
  failed(request, message, new Uint8Array(), 'google.protobuf.Empty')

const batchError = (request: BatchAppendReq, name: string, bytes: Uint8Array): BatchAppendResp =>
  failed(request, name, bytes, `event_store.client.${name}`)

const failed = (request: BatchAppendReq, message: string, bytes: Uint8Array, type: string): BatchAppendResp => {
  const details = new Any()
  details.pack(bytes, type)
  const error = new status.Status()
  error.setMessage(message)
  error.setDetails(details)
  return answerTo(request).setError(error)
}

const answerTo = (request: BatchAppendReq): BatchAppendResp =>
  new streams.BatchAppendResp().setCorrelationId(request.getCorrelationId())

/** The cluster as a member sees it: itself, and the leader if there is one. */
export const gossipMessage = (self: Address, leader: Address | 'nobody') => {
  const { LEADER, FOLLOWER } = gossip.MemberInfo.VNodeState
  const member = ({ address, port }: Address, state: typeof LEADER | typeof FOLLOWER, id: string) => {
    const info = new gossip.MemberInfo()
    info.setInstanceId(new shared.UUID().setString(id)).setState(state).setIsAlive(true).setTimeStamp('0')
    return info.setHttpEndPoint(new gossip.EndPoint().setAddress(address).setPort(port))
  }
  const [first, second] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const
  const isLeading = leader !== 'nobody' && leader.port === self.port
  const members = isLeading ? [member(self, LEADER, first)] : [member(self, FOLLOWER, first)]
  if (!isLeading && leader !== 'nobody') members.push(member(leader, LEADER, second))
  return new gossip.ClusterInfo().setMembersList(members)
}
