/** Test support: reads and subscriptions, and their faults. */
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import type { Backend } from './data.js'
import { takes } from './faults.js'
import type { Faults } from './faults.js'
import { isBackwards, nameOf } from './messages.js'
import { ACCESS_DENIED, refusalOf, TOO_SLOW, UNAVAILABLE } from './refusals.js'
import type { Refusal } from './refusals.js'
import type { May } from './rights.js'

export type ReadingCall = ServerWritableStream<ReadReq, ReadResp>

export const readService = (
  backend: Backend,
  faults: Faults,
  open: ReadonlySet<unknown>,
  close: (call: ReadingCall, refusal: Refusal) => void,
  may?: May,
) => {
  return async (call: ReadingCall): Promise<void> => {
    const options = call.request.getOptions()!
    const refusal =
      refusalOf(faults, call.metadata) ?? (faults.deniesAll && options.hasAll() ? ACCESS_DENIED : undefined)
    if (refusal !== undefined) return close(call, refusal)
    const stream = options.hasAll() ? '$all' : nameOf(options.getStream()?.getStreamIdentifier())
    if (may !== undefined && !(await may(call.metadata, 'read', stream))) return close(call, ACCESS_DENIED)
    const breaksAfter = takes(faults, 'breakReads') ? faults.breakAfter : Infinity
    const isLive = options.hasSubscription()
    const isOfHead = options.hasAll() && isBackwards(options)
    if (faults.hangs && !isLive && !isOfHead) return
    const over = new AbortController()
    for (const end of ['close', 'error', 'cancelled']) call.on(end, () => over.abort())
    let isSilent = isLive && faults.silent
    let sent = 0
    try {
      for await (const message of backend.read(call.request, over.signal)) {
        if (!open.has(call)) return
        isSilent ||= isLive && faults.silent
        if (isSilent && !message.hasConfirmation()) continue
        if (isLive && message.hasEvent() && takes(faults, 'tooSlow')) return close(call, TOO_SLOW)
        if (sent++ >= breaksAfter) return close(call, UNAVAILABLE)
        call.write(message)
        if (call.writableNeedDrain) await drained(call)
      }
    } catch (cause) {
      if (open.has(call)) close(call, cause as Refusal)
      return
    }
    if (!open.has(call)) return
    if (breaksAfter !== Infinity && !isLive) return close(call, UNAVAILABLE)
    call.end()
  }
}

/** Resolves when the client has read what was ready, or is gone. */
const drained = (call: ReadingCall): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      for (const event of ['drain', 'close', 'cancelled']) call.off(event, go)
      resolve()
    }
    for (const event of ['drain', 'close', 'cancelled']) call.on(event, go)
  })
