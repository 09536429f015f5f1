/** Test support: the two ways to append, one call for each append and one for all of them. */
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { AppendReq, AppendResp, BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerDuplexStream, ServerReadableStream } from '@grpc/grpc-js'
import { takes } from './eventstoredb-faults.js'
import type { Faults } from './eventstoredb-faults.js'
import {
  batchAccessDenied,
  batchDeleted,
  batchNotHandled,
  batchStored,
  batchTooLarge,
  batchWrong,
  expectedOf,
  nameOf,
  proposedOf,
  storedMessage,
  wrongMessage,
} from './eventstoredb-messages.js'
import {
  appendTooLarge,
  NO_LEADER,
  NOT_READY,
  refusalOf,
  streamDeleted,
  UNAVAILABLE,
  wrongExpectedVersion,
} from './eventstoredb-refusals.js'
import type { Expected, Proposed, Store } from './eventstoredb-store.js'

const sizeOf = (events: readonly Proposed[]): number =>
  events.reduce((sum, { data, customMetadata }) => sum + data.byteLength + customMetadata.byteLength, 0)

export const appendServices = (store: Store, faults: Faults, appendBytesMax: number) => {
  const told = (position: bigint | undefined): bigint | undefined => (faults.hidesAppendPositions ? undefined : position)
  const later = (act: () => void): void => void (faults.lateMs > 0 ? setTimeout(act, faults.lateMs) : act())

  const batch = (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void => {
    const parts = new Map<string, { stream: string; expected: Expected; events: Proposed[] }>()
    let held: (() => void)[] = []
    let isStuck = false
    const answer = (message: BatchAppendResp): void => {
      held.push(() => later(() => call.write(message)))
      if (held.length < faults.reorder) return
      for (const each of held.reverse()) each()
      held = []
    }
    call.on('end', () => call.end())
    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId()!.getString()
      const options = request.getOptions()
      const part = parts.get(id) ?? { stream: nameOf(options!.getStreamIdentifier()), expected: expectedOf(options!), events: [] }
      parts.set(id, part)
      part.events.push(...request.getProposedMessagesList().map(proposedOf))
      if (!request.getIsFinal()) return
      parts.delete(id)
      isStuck ||= faults.stuck
      if (isStuck) return
      if (takes(faults, 'swallow')) return
      if (faults.denies) return answer(batchAccessDenied(request, new shared.AccessDenied().serializeBinary()))
      if (faults.readOnly) return answer(batchNotHandled(request, 'Server Is Not Ready'))
      const refusal = refusalOf(faults, call.metadata)
      if (refusal !== undefined)
        return refusal.details === NO_LEADER ? answer(batchNotHandled(request, NO_LEADER)) : void call.emit('error', refusal)
      if (sizeOf(part.events) > appendBytesMax) return answer(batchTooLarge(request, appendBytesMax))
      const result = store.append(part.stream, part.expected, part.events)
      if (takes(faults, 'loseAnswers')) return void call.emit('error', UNAVAILABLE)
      if ('deleted' in result) answer(batchDeleted(request))
      else answer('wrong' in result ? batchWrong(request, result.wrong) : batchStored(request, result.revision, told(result.position)))
    })
  }

  const append = (call: ServerReadableStream<AppendReq, AppendResp>, answer: (error: object | null, value?: AppendResp) => void): void => {
    const events: Proposed[] = []
    let options: AppendReq.Options | undefined
    call.on('data', (request: AppendReq) => {
      options ??= request.getOptions()
      const proposed = request.getProposedMessage()
      if (proposed !== undefined) events.push(proposedOf(proposed))
    })
    call.on('end', () => {
      if (takes(faults, 'swallow')) return
      const refusal = refusalOf(faults, call.metadata) ?? (faults.readOnly ? NOT_READY : undefined)
      if (refusal !== undefined) return answer(refusal)
      if (sizeOf(events) > appendBytesMax) return answer(appendTooLarge(appendBytesMax))
      const stream = nameOf(options!.getStreamIdentifier())
      const result = store.append(stream, expectedOf(options!), events)
      if (takes(faults, 'loseAnswers')) return answer(UNAVAILABLE)
      if ('deleted' in result) return answer(streamDeleted(stream))
      if ('wrong' in result && faults.isOf206) return answer(wrongExpectedVersion(result.wrong))
      later(() => answer(null, 'wrong' in result ? wrongMessage(result.wrong) : storedMessage(result.revision, told(result.position))))
    })
  }

  return { batch, append }
}
