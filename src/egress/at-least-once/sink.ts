import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { readerOfSchema } from '../../contract/row-codec.js'
import { refusalOf, type ProgressMismatch, type ProgressMismatchCode } from '../progress-mismatch.js'
import type { Progress, ProgressCheck, Sink, SinkBatch, SinkFailure, SinkRecord } from '../sink.js'
import type { Destination } from './destination.js'
import type { LastEntry, Owner, ProgressEntry, ProgressStore } from './progress-store.js'

export type AtLeastOnceOptions = Readonly<{
  /** Name of the sink. */
  name: string
  destination: Destination
  progress: ProgressStore
  /** Mismatches of the progress that the operator accepts. */
  acceptProgress?: readonly ProgressMismatchCode[]
  /**
   * How often progress is stored, at most; after a crash what was delivered since comes again. Default one second: an
   * entry for each batch would let the log grow by hundreds of megabytes a day.
   */
  everyMs?: number
}>

type Outcome<A> = Promise<E.Either<SinkFailure, A>>

/** `revision` of our last entry. */
type Connected = { revision: number; stored: Progress | undefined; reached: Progress | undefined; storedAt: number }

const EVERY_MS = 1_000
const CLAIM_ROUNDS_MAX = 100

/**
 * A sink for a destination that cannot hold our progress: it is kept in the log, and rows may come again after a
 * failure, with the same identity.
 *
 * Disconnected → (connect: open the destination, check the progress, claim) → connected → (a failure, or close) →
 * disconnected. Each instance that connects appends a claim to the progress by expected revision. An instance that finds
 * the entry of another one there is `Fenced`: it looks before it delivers, and cannot move the progress afterwards. One
 * that is stopped between the look and the delivery delivers that one batch all the same.
 */
export const atLeastOnceSink = (options: AtLeastOnceOptions): Sink => {
  const { name, destination, progress: store, acceptProgress = [], everyMs = EVERY_MS } = options
  const { prepare, keepsLatest, deadLettered } = destination
  const owner: Owner = { id: randomUUID(), host: hostname(), pid: process.pid }
  let state: Connected | undefined
  let hasClaimed = false
  let timer: NodeJS.Timeout | undefined

  const disconnect = async (): Promise<void> => {
    state = undefined
    clearTimeout(timer)
    await destination.close().catch(() => undefined)
  }

  const fencedBy = ({ entry }: LastEntry): SinkFailure | undefined =>
    entry === undefined || entry.owner.id === owner.id
      ? undefined
      : { tag: 'Fenced', by: `process ${entry.owner.pid} on ${entry.owner.host}` }

  const claim = async (check: ProgressCheck | undefined): Outcome<Progress | undefined> => {
    // In each round one instance wins; the others look again.
    for (let round = 1; round <= CLAIM_ROUNDS_MAX; round++) {
      const last = await store.last()
      const fenced = hasClaimed ? fencedBy(last) : undefined
      if (fenced !== undefined) return E.left(fenced)
      const progress = last.entry?.progress
      const refusal = refusalOf(mismatchesOf(name, destination.place, last.entry), acceptProgress)
      const checked = refusal === undefined ? await check?.(progress) : E.left(refusal)
      if (checked !== undefined && E.isLeft(checked)) return E.left({ tag: 'Refused', reason: checked.left })
      const claimed = await store.append(last.revision, { owner, place: destination.place, progress })
      if (E.isLeft(claimed)) continue
      hasClaimed = true
      state = {
        revision: last.revision + 1,
        stored: progress,
        reached: progress,
        storedAt: performance.now() - everyMs,
      }
      return E.right(progress)
    }
    return E.left({ tag: 'NotConnected', cause: new Error('others kept taking over while this instance connected') })
  }

  const connect = async (signal: AbortSignal, check: ProgressCheck | undefined): Outcome<Progress | undefined> => {
    const before = hasClaimed ? fencedBy(await store.last()) : undefined
    if (before !== undefined) return E.left(before)
    if (state !== undefined) await storeProgress(state)
    await disconnect()
    const opened = await destination.open(signal)()
    if (E.isLeft(opened)) return opened
    const claimed = await claim(check)
    if (E.isLeft(claimed)) await disconnect()
    return claimed
  }

  /** Right if the last entry is still ours. An append of unknown outcome may have been stored. */
  const stillOurs = async (connected: Connected): Outcome<void> => {
    const last = await store.last()
    const fenced = fencedBy(last)
    if (fenced !== undefined) return E.left(fenced)
    connected.revision = last.revision
    return E.right(undefined)
  }

  const storeProgress = async (connected: Connected): Outcome<void> => {
    clearTimeout(timer)
    timer = undefined
    const { reached, stored } = connected
    if (reached === stored) return E.right(undefined)
    const appended = await store.append(connected.revision, { owner, place: destination.place, progress: reached })
    if (E.isLeft(appended)) return E.left(fencedBy(await store.last()) ?? { tag: 'Fenced', by: 'another instance' })
    connected.revision += 1
    connected.stored = reached
    connected.storedAt = performance.now()
    return E.right(undefined)
  }

  const write = async (connected: Connected, { records, progress }: SinkBatch, signal: AbortSignal): Outcome<void> => {
    const unreadable = unreadableIn(records)
    if (unreadable !== undefined) return E.left({ tag: 'Refused', reason: unreadable })
    const ours = await stillOurs(connected)
    if (E.isLeft(ours)) return ours
    const delivered = records.length === 0 ? E.right(undefined) : await destination.deliver(records, signal)()
    if (E.isLeft(delivered) || progress === undefined) return delivered
    connected.reached = progress
    const dueInMs = connected.storedAt + everyMs - performance.now()
    if (dueInMs <= 0) return storeProgress(connected)
    timer ??= setTimeout(() => void storeLater(), dueInMs).unref()
    return delivered
  }

  /** What it fails for is told by the next write, or the next look at who owns the destination. */
  const storeLater = (): Promise<unknown> =>
    inTurn(async () => state === undefined || storeProgress(state)).catch(() => undefined)

  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <A>(work: () => Promise<A>): Promise<A> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const attempt =
    <A>(work: () => Outcome<A>): TaskEither<SinkFailure, A> =>
    () =>
      inTurn(async () => {
        const outcome = await work().catch((cause: unknown) => E.left<SinkFailure>({ tag: 'NotConnected', cause }))
        if (E.isRight(outcome) || outcome.left.tag === 'Refused') return outcome
        // What was delivered before the failure is not to come again while this process lives.
        if (outcome.left.tag === 'NotConnected' && state !== undefined)
          await storeProgress(state).catch(() => undefined)
        await disconnect()
        return outcome
      })
  const connected = <A>(work: (state: Connected) => Outcome<A>): TaskEither<SinkFailure, A> =>
    attempt(async () =>
      state === undefined ? E.left({ tag: 'NotConnected', cause: new Error('not connected') }) : work(state),
    )

  return {
    name,
    connect: (signal, check) => attempt(() => connect(signal, check)),
    write: (batch, signal) => connected(async (to) => E.map(() => undefined)(await write(to, batch, signal))),
    stillOwner: () => connected(stillOurs),
    delivery: () => 'at-least-once',
    ...(prepare !== undefined && { prepare: ({ records }: SinkBatch) => prepare(records) }),
    ...(keepsLatest !== undefined && { keepsLatest }),
    ...(deadLettered !== undefined && { deadLettered }),
    close: () =>
      inTurn(async () => {
        if (state !== undefined) await storeProgress(state).catch(() => undefined)
        hasClaimed = false
        await disconnect()
      }),
  }
}

const unreadableIn = (records: readonly SinkRecord[]): string | undefined => {
  for (const record of records) {
    if (record.kind !== 'row') continue
    const reader = readerOfSchema(record.schema)
    if (E.isLeft(reader)) return reader.left.message
  }
  return undefined
}

const mismatchesOf = (name: string, place: string, entry: ProgressEntry | undefined): readonly ProgressMismatch[] =>
  entry === undefined || entry.progress === undefined || entry.place === place
    ? []
    : [
        {
          code: 'other-destination',
          reason:
            `the progress of sink ${name} is that of ${entry.place}, and it now goes to ${place}: to publish all rows ` +
            `there, give the sink another name; if both are the same destination, or it needs nothing of what was ` +
            `published before, accept it`,
        },
      ]
