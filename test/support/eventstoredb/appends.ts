/** Test support: appends, which share one call, and their faults. */
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { Backend } from './data.js'
import { takes } from './faults.js'
import type { Faults } from './faults.js'
import { batchAccessDenied, batchEventTooLarge, batchNotHandled, batchTooLarge, nameOf } from './messages.js'
import { NO_LEADER, refusalOf, UNAVAILABLE } from './refusals.js'
import type { Refusal } from './refusals.js'
import type { May } from './rights.js'

/** What a server takes. Before 24.10.4 the data alone counts; there is no limit of one event then. */
export type AppendSizes = Readonly<{ appendBytesMax: number; eventBytesMax: number; countsDataAlone: boolean }>

/** Why the server refuses an append of these events, if it does. */
const sizeRefusal = (
  request: BatchAppendReq,
  events: readonly BatchAppendReq.ProposedMessage[],
  { appendBytesMax, eventBytesMax, countsDataAlone }: AppendSizes,
): BatchAppendResp | undefined => {
  let sum = 0
  for (const event of events) {
    const data = event.getData_asU8().byteLength
    const type = event.getMetadataMap().get('type') ?? ''
    const size = countsDataAlone ? data : data + event.getCustomMetadata_asU8().byteLength + 2 * type.length
    if (size > eventBytesMax) return batchEventTooLarge(request, event.getId()?.getString() ?? '', size, eventBytesMax)
    sum += size
  }
  return sum > appendBytesMax ? batchTooLarge(request, appendBytesMax) : undefined
}

export const appendService = (backend: Backend, faults: Faults, sizes: AppendSizes, may?: May) => {
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
    const take = (request: BatchAppendReq): void => {
      const id = request.getCorrelationId()!.getString()
      const messages = parts.get(id) ?? []
      parts.set(id, messages)
      messages.push(request)
      if (!request.getIsFinal()) return
      parts.delete(id)
      isStuck ||= faults.stuck
      if (isStuck) return
      if (takes(faults, 'swallow')) return
      if (faults.swallowsAfter !== undefined && faults.swallowsAfter-- <= 0) return
      if (faults.denies) return answer(batchAccessDenied(request, new shared.AccessDenied().serializeBinary()))
      if (faults.readOnly) return answer(batchNotHandled(request, 'Server Is Not Ready'))
      const refusal = refusalOf(faults, call.metadata)
      if (refusal !== undefined)
        return refusal.details === NO_LEADER ? answer(batchNotHandled(request, NO_LEADER)) : fail(refusal)
      const proposed = messages.flatMap((message) => message.getProposedMessagesList())
      const tooLarge = sizeRefusal(request, proposed, sizes)
      if (tooLarge !== undefined) return answer(tooLarge)
      if (takes(faults, 'loseAnswers')) lost.add(id)
      behind.append(messages)
    }
    const named = new Map<string, string>()
    let before: Promise<unknown> = Promise.resolve()
    const takeIfAllowed = async (request: BatchAppendReq): Promise<void> => {
      const id = request.getCorrelationId()!.getString()
      const stream = named.get(id) ?? nameOf(request.getOptions()?.getStreamIdentifier())
      named.set(id, stream)
      if (await may!(call.metadata, 'write', stream)) return take(request)
      if (request.getIsFinal()) answer(batchAccessDenied(request, new shared.AccessDenied().serializeBinary()))
    }
    call.on('data', (request: BatchAppendReq) => {
      if (may === undefined) take(request)
      else before = before.then(() => takeIfAllowed(request))
    })
  }
}
