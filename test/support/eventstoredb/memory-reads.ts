/** Test support: how EventStoreDB reads and subscribes, as version 23.10.6 was seen to do, from a store in memory. */
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { Faults } from './faults.js'
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  isBackwards,
  nameOf,
  notFoundMessage,
} from './messages.js'
import { BETWEEN_RECORDS, refused, streamDeleted } from './refusals.js'
import type { Store, Stored } from './store.js'

/** Matching events that the server collects before it sends them, while a subscription catches up. */
const PAGE_EVENTS = 32

export async function* readMemory(
  store: Store,
  faults: Faults,
  request: ReadReq,
  signal: AbortSignal,
): AsyncGenerator<ReadResp> {
  const options = request.getOptions()!
  const position = options.getAll()?.getPosition()
  if (position !== undefined && store.indexAt(BigInt(position.getCommitPosition())) === undefined)
    throw refused(BETWEEN_RECORDS)
  if (options.hasSubscription())
    yield* options.hasStream() ? subscribeStream(store, options, signal) : subscribeAll(store, faults, options, signal)
  else if (options.hasStream()) yield* readStream(store, options)
  else
    yield* isBackwards(options) ? readBackwards(store, faults, options) : readForwards(store, faults, options, signal)
}

/** Where the log ends for this server: a deposed leader does not know its last records. */
const endOf = (store: Store, { knowsThrough }: Faults): number =>
  knowsThrough === undefined ? store.all.length : (store.indexAt(knowsThrough) ?? 0) + 1

/** The index of the record at the position asked for; beyond the log's end there is none. */
const firstOf = (store: Store, options: ReadReq.Options): number => {
  const position = options.getAll()?.getPosition()
  return position === undefined ? 0 : store.indexAt(BigInt(position.getCommitPosition()))!
}

/** Looking through the log takes time: every so many records wait for their turn. */
const lookThrough = (faults: Faults): (() => Promise<void> | undefined) => {
  let looked = 0
  return () => (faults.scan !== undefined && looked++ % faults.scan.records === 0 ? faults.scan.turn() : undefined)
}

/** Says nothing until a record matches. */
async function* readForwards(
  store: Store,
  faults: Faults,
  options: ReadReq.Options,
  signal: AbortSignal,
): AsyncGenerator<ReadResp> {
  const isWanted = wantedBy(options)
  const look = lookThrough(faults)
  let left = Number(options.getCount())
  for (let at = firstOf(store, options); at < endOf(store, faults) && left > 0 && !signal.aborted; at++) {
    const turn = look()
    if (turn !== undefined) await turn
    if (!isWanted(store.all[at]!)) continue
    left -= 1
    yield eventMessage(store.all[at]!)
  }
}

function* readBackwards(store: Store, faults: Faults, options: ReadReq.Options): Generator<ReadResp> {
  const isWanted = wantedBy(options)
  let left = Number(options.getCount())
  for (let at = endOf(store, faults) - 1; at >= 0 && left > 0; at--) {
    if (!isWanted(store.all[at]!)) continue
    left -= 1
    yield eventMessage(store.all[at]!)
  }
}

/**
 * Catches up page by page, then is live. A checkpoint comes after every window × multiplier records at the end of a
 * page, whether they matched or not: the page's last match, or where the page began. On a quiet server none comes.
 */
async function* subscribeAll(
  store: Store,
  faults: Faults,
  options: ReadReq.Options,
  signal: AbortSignal,
): AsyncGenerator<ReadResp> {
  const isWanted = wantedBy(options)
  const filter = options.getFilter()
  const window = filter?.getMax() ?? PAGE_EVENTS
  const interval = window * (filter?.getCheckpointintervalmultiplier() ?? Infinity)
  const look = lookThrough(faults)
  let considered = 0
  // It begins behind the record that it is given.
  let next = firstOf(store, options) + (options.getAll()!.hasPosition() ? 1 : 0)
  yield confirmationMessage()
  while (next < endOf(store, faults) && !signal.aborted) {
    const begin = next
    const found: Stored[] = []
    for (; next < endOf(store, faults) && found.length < PAGE_EVENTS && next - begin < window; next++) {
      const turn = look()
      if (turn !== undefined) await turn
      if (isWanted(store.all[next]!)) found.push(store.all[next]!)
    }
    for (const event of found) yield eventMessage(event)
    considered += next - begin
    if (considered < interval || next >= endOf(store, faults)) continue
    considered %= interval
    yield checkpointMessage(faults.checkpointsAhead ? store.all[next]! : (found.at(-1) ?? store.all[begin]!))
  }
  if (!faults.hidesCaughtUp) yield caughtUpMessage()
  for (; !signal.aborted; next++) {
    while (next >= endOf(store, faults) && !signal.aborted) await growth(store, signal)
    const event = store.all[next]
    if (event === undefined) return
    if (faults.checkpointsAhead) yield checkpointMessage(event)
    if (isWanted(event)) yield eventMessage(event)
    if (++considered < interval) continue
    considered = 0
    yield checkpointMessage(event)
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
    const held = store.streamOf(stream)
    const event = held[Math.max(0, next - (held[0]?.revision ?? 0))]
    if (event === undefined) await growth(store, signal)
    else {
      next = event.revision + 1
      yield eventMessage(event)
    }
  }
}

function* readStream(store: Store, options: ReadReq.Options): Generator<ReadResp> {
  const of = options.getStream()!
  const stream = nameOf(of.getStreamIdentifier())
  if (store.isDeleted(stream)) throw refused(streamDeleted(stream))
  const held = store.streamOf(stream)
  if (held.length === 0) yield notFoundMessage(of)
  const step = isBackwards(options) ? -1 : 1
  // A stream's first readable event may not be its very first.
  const asked = of.hasRevision() ? Number(of.getRevision()) - (held[0]?.revision ?? 0) : step > 0 ? 0 : held.length - 1
  let left = Number(options.getCount())
  const first = step > 0 ? Math.max(0, asked) : Math.min(asked, held.length - 1)
  for (let at = first; at >= 0 && at < held.length && left > 0; at += step, left--) yield eventMessage(held[at]!)
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

const wantedBy = (options: ReadReq.Options): ((event: Stored) => boolean) => {
  const expression = options.getFilter()?.getStreamIdentifier()
  if (expression === undefined) return () => true
  const prefixes = expression.getPrefixList()
  const regex = new RegExp(expression.getRegex())
  return ({ stream }) =>
    prefixes.length > 0 ? prefixes.some((prefix) => stream.startsWith(prefix)) : regex.test(stream)
}
