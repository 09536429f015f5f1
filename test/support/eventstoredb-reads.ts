/** Test support: reads and subscriptions, of a stream and of `$all`. */
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import { takes } from './eventstoredb-faults.js'
import type { Faults } from './eventstoredb-faults.js'
import { checkpointMessage, confirmationMessage, eventMessage, nameOf, notFoundMessage } from './eventstoredb-messages.js'
import {
  ACCESS_DENIED,
  INVALID_POSITION,
  refusalOf,
  SMALL_WINDOW,
  streamDeleted,
  streamNotFound,
  UNAVAILABLE,
} from './eventstoredb-refusals.js'
import type { Refusal } from './eventstoredb-refusals.js'
import type { Store, Stored } from './eventstoredb-store.js'

export type ReadingCall = ServerWritableStream<ReadReq, ReadResp>

const UNKNOWN_POSITION = 2n ** 64n - 1n

export const readService = (
  store: Store,
  faults: Faults,
  open: ReadonlySet<unknown>,
  close: (call: ReadingCall, refusal: Refusal) => void,
) => {
  const shown = (event: Stored, options: ReadReq.Options): Stored => {
    if (options.hasStream() && faults.hidesStreamPositions) return { ...event, commit: UNKNOWN_POSITION, prepare: UNKNOWN_POSITION }
    return faults.isOf206 ? { ...event, prepare: event.firstOfAppend } : event
  }

  return async (call: ReadingCall): Promise<void> => {
    const options = call.request.getOptions()!
    const denied = faults.deniesAll && options.hasAll() ? ACCESS_DENIED : undefined
    const refusal = refusalOf(faults, call.metadata) ?? denied ?? faultOf(store, options)
    if (refusal !== undefined) return close(call, refusal)
    const breaksAfter = takes(faults, 'breakReads') ? faults.breakAfter : Infinity
    let sent = 0
    /** Whether the call still stands. */
    const send = (message: ReadResp): boolean => {
      if (!open.has(call)) return false
      if (sent++ < breaksAfter) return (call.write(message), true)
      close(call, UNAVAILABLE)
      return false
    }
    if (options.hasSubscription()) return subscribe(store, faults, call, options, open, send)
    const isOfHead = options.hasAll() && isBackwards(options)
    if (faults.hangs && !isOfHead) return
    const stream = nameOf(options.getStream()?.getStreamIdentifier())
    if (options.hasStream() && store.isDeleted(stream)) return close(call, streamDeleted(stream))
    const found = foundBy(store, options, faults.knowsThrough)
    if (options.hasStream() && store.streamOf(stream).length === 0) {
      if (faults.isOf206) return close(call, streamNotFound(stream))
      send(notFoundMessage(options.getStream()!))
    }
    for (const event of found) {
      if (!send(eventMessage(shown(event, options)))) return
      if (call.writableNeedDrain) await drained(call)
    }
    if (breaksAfter !== Infinity) return close(call, UNAVAILABLE)
    call.end()
  }
}

/** The client has taken what lay ready, or is gone. */
const drained = (call: ReadingCall): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      for (const event of ['drain', 'close', 'cancelled']) call.off(event, go)
      resolve()
    }
    for (const event of ['drain', 'close', 'cancelled']) call.on(event, go)
  })

const subscribe = (
  store: Store,
  faults: Faults,
  call: ReadingCall,
  options: ReadReq.Options,
  open: ReadonlySet<unknown>,
  send: (message: ReadResp) => boolean,
): void => {
  const isWanted = wantedBy(options)
  const window = options.getFilter()?.getMax() ?? 32
  let next = firstOf(store, options, true)
  let unmatched = 0
  let isDeaf = false
  const advance = (): void => {
    isDeaf ||= faults.deaf
    if (isDeaf) return
    for (; next < store.all.length; next++) {
      const event = store.all[next]!
      if (!isWanted(event)) {
        unmatched += 1
        if (unmatched % window === 0 && !send(checkpointMessage(event))) return
      } else if (!send(eventMessage(event))) return
    }
  }
  const deaf = store.onGrowth(() => (open.has(call) ? advance() : deaf()))
  if (send(confirmationMessage())) advance()
}

const isBackwards = (options: ReadReq.Options): boolean => options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS

/** What the real server would not take: a position at which no record begins, and (before 22) a window not larger than the count. */
const faultOf = (store: Store, options: ReadReq.Options): Refusal | undefined => {
  const position = options.getAll()?.getPosition()
  if (position !== undefined && store.indexAt(BigInt(position.getCommitPosition())) === undefined) return INVALID_POSITION
  const filter = options.getFilter()
  return filter !== undefined && !options.hasSubscription() && filter.getMax() <= Number(options.getCount()) ? SMALL_WINDOW : undefined
}

const wantedBy = (options: ReadReq.Options): ((event: Stored) => boolean) => {
  const expression = options.getFilter()?.getStreamIdentifier()
  if (expression === undefined) return () => true
  const prefixes = expression.getPrefixList()
  const regex = new RegExp(expression.getRegex())
  return ({ stream }) => (prefixes.length > 0 ? prefixes.some((prefix) => stream.startsWith(prefix)) : regex.test(stream))
}

/** Index in `$all` to begin at: the record at the position itself, or (subscriptions) the one behind it. */
const firstOf = (store: Store, options: ReadReq.Options, isBehind: boolean): number => {
  const position = options.getAll()?.getPosition()
  if (position === undefined) return 0
  return store.indexAt(BigInt(position.getCommitPosition()))! + (isBehind ? 1 : 0)
}

function* foundBy(store: Store, options: ReadReq.Options, knowsThrough: bigint | undefined): Generator<Stored> {
  const of = options.getStream()
  const held = of === undefined ? store.all : store.streamOf(nameOf(of.getStreamIdentifier()))
  const isWanted = wantedBy(options)
  const step = isBackwards(options) ? -1 : 1
  let left = Number(options.getCount())
  // A stream's first readable event may not be its very first.
  const revision = of?.hasRevision() === true ? Number(of.getRevision()) - (held[0]?.revision ?? 0) : undefined
  const start = of === undefined && step > 0 ? firstOf(store, options, false) : (revision ?? (step > 0 ? 0 : held.length - 1))
  for (let i = step > 0 ? Math.max(0, start) : Math.min(start, held.length - 1); i >= 0 && i < held.length && left > 0; i += step) {
    const event = held[i]!
    if (!isWanted(event) || (knowsThrough !== undefined && event.commit > knowsThrough)) continue
    left -= 1
    yield event
  }
}
