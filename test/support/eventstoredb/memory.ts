/** Test support: EventStoreDB's answers from a store in memory. If versions differ, it is like the stricter one. */
import type { BatchAppendReq, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { Backend, Data } from './data.js'
import type { Faults } from './faults.js'
import {
  batchDeleted,
  batchStored,
  batchWrong,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  expectedOf,
  isBackwards,
  nameOf,
  notFoundMessage,
  proposedOf,
} from './messages.js'
import { INVALID_POSITION, refused, SMALL_WINDOW, streamDeleted, streamNotFound } from './refusals.js'
import type { Refusal } from './refusals.js'
import { eventStoreDbStore } from './store.js'
import type { AppendResult, Store, Stored } from './store.js'

export const memoryData = (store: Store = eventStoreDbStore()): Data => ({
  backend: (faults) => memoryBackend(store, faults),
  streamOf: async (stream) => store.streamOf(stream),
  all: async () => store.all.filter(({ stream }) => !stream.startsWith('$')),
  tombstone: async (stream) => store.tombstone(stream),
  expire: async (stream) => store.expire(stream),
  close: async () => {},
})

const memoryBackend = (store: Store, faults: Faults): Backend => {
  const batched = (messages: readonly BatchAppendReq[]): AppendResult => {
    const options = messages[0]!.getOptions()!
    const events = messages.flatMap((message) => message.getProposedMessagesList().map(proposedOf))
    return store.append(nameOf(options.getStreamIdentifier()), expectedOf(options), events)
  }
  return {
    batch: (answer) => ({
      append: (messages) => {
        const request = messages.at(-1)!
        const result = batched(messages)
        if ('deleted' in result) answer(batchDeleted(request))
        else
          answer(
            'wrong' in result
              ? batchWrong(request, result.wrong)
              : batchStored(request, result.revision, result.position),
          )
      },
      end: () => undefined,
    }),
    async *read(request, signal) {
      const options = request.getOptions()!
      const fault = faultOf(store, options)
      if (fault !== undefined) throw refused(fault)
      if (options.hasSubscription()) {
        yield* options.hasStream() ? subscribeStream(store, options, signal) : subscribe(store, options, signal)
        return
      }
      const stream = nameOf(options.getStream()?.getStreamIdentifier())
      if (options.hasStream() && store.isDeleted(stream)) throw refused(streamDeleted(stream))
      if (options.hasStream() && store.streamOf(stream).length === 0) {
        if (faults.isOf206) throw refused(streamNotFound(stream))
        yield notFoundMessage(options.getStream()!)
      }
      for (const event of foundBy(store, options, faults.knowsThrough))
        yield eventMessage(shown(event, options, faults))
    },
    tombstone: async (stream) => {
      if (store.isDeleted(stream)) throw refused(streamDeleted(stream))
      store.tombstone(stream)
    },
  }
}

const UNKNOWN_POSITION = 2n ** 64n - 1n

const shown = (event: Stored, options: ReadReq.Options, faults: Faults): Stored => {
  if (options.hasStream() && faults.hidesStreamPositions)
    return { ...event, commit: UNKNOWN_POSITION, prepare: UNKNOWN_POSITION }
  return faults.isOf206 ? { ...event, prepare: event.firstOfAppend } : event
}

async function* subscribe(store: Store, options: ReadReq.Options, signal: AbortSignal): AsyncGenerator<ReadResp> {
  const isWanted = wantedBy(options)
  const window = options.getFilter()?.getMax() ?? 32
  let unmatched = 0
  yield confirmationMessage()
  for (let next = firstOf(store, options, true); !signal.aborted; next++) {
    while (next >= store.all.length && !signal.aborted) await growth(store, signal)
    const event = store.all[next]
    if (event === undefined) return
    if (isWanted(event)) yield eventMessage(event)
    else if (++unmatched % window === 0) yield checkpointMessage(event)
  }
}

/** Begins after the revision asked for. If the stream is deleted, the subscription ends with an error. */
async function* subscribeStream(store: Store, options: ReadReq.Options, signal: AbortSignal): AsyncGenerator<ReadResp> {
  const asked = options.getStream()!
  const stream = nameOf(asked.getStreamIdentifier())
  let next = asked.hasRevision() ? Number(asked.getRevision()) + 1 : 0
  yield confirmationMessage()
  while (!signal.aborted) {
    if (store.isDeleted(stream)) throw refused(streamDeleted(stream))
    const event = store.streamOf(stream).find(({ revision }) => revision >= next)
    if (event === undefined) await growth(store, signal)
    else {
      next = event.revision + 1
      yield eventMessage(event)
    }
  }
}

const growth = (store: Store, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      unsubscribe()
      signal.removeEventListener('abort', go)
      resolve()
    }
    const unsubscribe = store.onGrowth(go)
    signal.addEventListener('abort', go)
  })

/**
 * What the real server would not take: a position at which no record begins, and (before 22) a window not larger than
 * the count.
 */
const faultOf = (store: Store, options: ReadReq.Options): Refusal | undefined => {
  const position = options.getAll()?.getPosition()
  if (position !== undefined && store.indexAt(BigInt(position.getCommitPosition())) === undefined)
    return INVALID_POSITION
  const filter = options.getFilter()
  return filter !== undefined && !options.hasSubscription() && filter.getMax() <= Number(options.getCount())
    ? SMALL_WINDOW
    : undefined
}

const wantedBy = (options: ReadReq.Options): ((event: Stored) => boolean) => {
  const expression = options.getFilter()?.getStreamIdentifier()
  if (expression === undefined) return () => true
  const prefixes = expression.getPrefixList()
  const regex = new RegExp(expression.getRegex())
  return ({ stream }) =>
    prefixes.length > 0 ? prefixes.some((prefix) => stream.startsWith(prefix)) : regex.test(stream)
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
  const start =
    of === undefined && step > 0 ? firstOf(store, options, false) : (revision ?? (step > 0 ? 0 : held.length - 1))
  for (
    let i = step > 0 ? Math.max(0, start) : Math.min(start, held.length - 1);
    i >= 0 && i < held.length && left > 0;
    i += step
  ) {
    const event = held[i]!
    if (!isWanted(event) || (knowsThrough !== undefined && event.commit > knowsThrough)) continue
    left -= 1
    yield event
  }
}
