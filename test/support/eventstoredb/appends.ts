/** Test support: appends, which share one call, and their faults. */
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { Backend } from './data.js'
import { takes } from './faults.js'
import type { Faults } from './faults.js'
import { batchAccessDenied, batchNotHandled, batchTooLarge } from './messages.js'
import { NO_LEADER, refusalOf, UNAVAILABLE } from './refusals.js'
import type { Refusal } from './refusals.js'

const sizeOf = (events: readonly BatchAppendReq.ProposedMessage[]): number =>
  events.reduce((sum, event) => sum + event.getData_asU8().byteLength + event.getCustomMetadata_asU8().byteLength, 0)

export const appendService = (backend: Backend, faults: Faults, appendBytesMax: number) => {
  const later = (act: () => void): void => void (faults.lateMs > 0 ? setTimeout(act, faults.lateMs) : act())

  return (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void => {
    const parts = new Map<string, BatchAppendReq[]>()
    const lost = new Set<string>()
    let held: (() => void)[] = []
    let isStuck = false
    const fail = (refusal: Refusal): void => void call.emit('error', refusal)
    const answer = (message: BatchAppendResp): void => {
      if (lost.has(message.getCorrelationId()!.getString())) return fail(UNAVAILABLE)
      held.push(() => later(() => call.write(message)))
      if (held.length < faults.reorder) return
      for (const each of held.reverse()) each()
      held = []
    }
    const behind = backend.batch(answer, fail)
    for (const end of ['close', 'error', 'cancelled']) call.on(end, () => behind.end())
    call.on('end', () => call.end())
    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId()!.getString()
      const messages = parts.get(id) ?? []
      parts.set(id, messages)
      messages.push(request)
      if (!request.getIsFinal()) return
      parts.delete(id)
      isStuck ||= faults.stuck
      if (isStuck) return
      if (takes(faults, 'swallow')) return
      if (faults.denies) return answer(batchAccessDenied(request, new shared.AccessDenied().serializeBinary()))
      if (faults.readOnly) return answer(batchNotHandled(request, 'Server Is Not Ready'))
      const refusal = refusalOf(faults, call.metadata)
      if (refusal !== undefined)
        return refusal.details === NO_LEADER ? answer(batchNotHandled(request, NO_LEADER)) : fail(refusal)
      if (sizeOf(messages.flatMap((message) => message.getProposedMessagesList())) > appendBytesMax)
        return answer(batchTooLarge(request, appendBytesMax))
      if (takes(faults, 'loseAnswers')) lost.add(id)
      behind.append(messages)
    })
  }
}
