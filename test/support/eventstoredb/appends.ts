/** Test support: the two ways to append (a call per append, one call for all), and their faults. */
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerDuplexStream, ServerReadableStream } from '@grpc/grpc-js'
import type { Backend } from './data.js'
import { takes } from './faults.js'
import type { Faults } from './faults.js'
import { batchAccessDenied, batchNotHandled, batchTooLarge } from './messages.js'
import { appendTooLarge, NO_LEADER, NOT_READY, refusalOf, UNAVAILABLE } from './refusals.js'
import type { Refusal } from './refusals.js'

type ProposedMessage = AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage
const sizeOf = (events: readonly ProposedMessage[]): number =>
  events.reduce((sum, event) => sum + event.getData_asU8().byteLength + event.getCustomMetadata_asU8().byteLength, 0)

export const appendServices = (backend: Backend, faults: Faults, appendBytesMax: number) => {
  const later = (act: () => void): void => void (faults.lateMs > 0 ? setTimeout(act, faults.lateMs) : act())

  const batch = (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void => {
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

  const append = (
    call: ServerReadableStream<AppendReq, AppendResp>,
    answer: (error: object | null, value?: AppendResp) => void,
  ): void => {
    const messages: AppendReq[] = []
    call.on('data', (request: AppendReq) => void messages.push(request))
    call.on('end', () => {
      if (takes(faults, 'swallow')) return
      const refusal = refusalOf(faults, call.metadata) ?? (faults.readOnly ? NOT_READY : undefined)
      if (refusal !== undefined) return answer(refusal)
      if (sizeOf(messages.flatMap((message) => message.getProposedMessage() ?? [])) > appendBytesMax)
        return answer(appendTooLarge(appendBytesMax))
      const isLost = takes(faults, 'loseAnswers')
      backend.append(messages).then(
        (message) => (isLost ? answer(UNAVAILABLE) : later(() => answer(null, message))),
        (cause: unknown) => answer(isLost ? UNAVAILABLE : (cause as Refusal)),
      )
    })
  }

  return { batch, append }
}
