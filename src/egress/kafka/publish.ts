import * as E from 'fp-ts/lib/Either.js'
import { ClusterError, type TopicRecords, type TransactionalProducer } from './cluster.js'
import type { BadRow } from './dead-letter/dead-letter.js'
import { isAboutTheRecords } from './dead-letter/piecemeal.js'
import { sendAround } from './dead-letter/publish-around.js'
import type { FamilySchema } from './family-readiness.js'
import { compareProgress } from './progress/progress-check.js'
import { tellingOffsets } from './offsets.js'
import { SIGN_EVERY_MS } from './progress/other-owner.js'
import { refusalOf } from '../progress-mismatch.js'
import { cutIntoSends, type sendCutter } from './records/records.js'
import { placeNow, progressMessage, withReader, type Connected, type SinkContext } from './sink-context.js'
import type { SinkBatch, SinkFailure, Written } from '../sink.js'
import { topicNames } from '../topics.js'

export type Sends = readonly (readonly TopicRecords[])[]

/** How records become sends on this connection. */
export const wayOut = (
  { topics, markers }: SinkContext,
  { readiness: { values, partitionOf }, delivery }: Connected,
): Parameters<typeof sendCutter> => [{ topics, markers, partitionOf }, values, delivery]

const sendsOf = (
  context: SinkContext,
  connected: Connected,
  records: SinkBatch['records'],
): E.Either<SinkFailure, Sends> => {
  const refused = (reason: string): E.Either<SinkFailure, Sends> => E.left({ tag: 'Refused', reason })
  try {
    const sends = cutIntoSends(records, ...wayOut(context, connected))
    return typeof sends !== 'string'
      ? E.right(sends)
      : refused(
          `a row was written with schema ${sends}, which this version does not know: run the version that wrote it, or rebuild`,
        )
  } catch (cause) {
    return refused(
      `a row of the KPI log cannot be read (${cause instanceof Error ? cause.message : String(cause)}): rebuild, which computes it again from the raw log`,
    )
  }
}

/**
 * Writes a batch and its progress in one transaction (see `withoutTransactions`). `encoded` is what was encoded of
 * it ahead on this connection (`encodeAhead`). Rejects with a `ClusterError`; the outcome is then unknown.
 */
export const publish = async (
  context: SinkContext,
  connected: Connected,
  { records, progress }: SinkBatch,
  encoded: Sends | undefined,
): Promise<E.Either<SinkFailure, Written>> => {
  const { options, badRows, progressTopic } = context
  const { readiness } = connected
  const { producer, offsets } = tellingOffsets(connected.producer, progressTopic, readiness.partitionsOf)
  const unready = encoded === undefined ? readiness.unready(records) : []
  if (unready.length > 0) {
    const prepared = await prepareFurther(context, connected, unready)
    if (E.isLeft(prepared)) return prepared
  }
  const cut = encoded === undefined ? sendsOf(context, connected, records) : E.right(encoded)
  if (E.isLeft(cut)) return cut
  const rows = cut.right
  // The progress is in the first send, so that all partitions join the transaction in as few requests as possible.
  const [first = [], ...others] = rows
  const sends = progress === undefined ? rows : [[...first, progressMessage(context, connected, progress)], ...others]
  if (sends.length === 0) return E.right({ offsets: [] })
  const { now } = context.signs
  const beganAt = now()
  await producer.begin()
  let bad: readonly BadRow[] = []
  try {
    if (badRows.isSearching) {
      const sent = await sendAround(context, { producer, readiness }, sends)
      if (E.isLeft(sent)) {
        await abortQuietly(producer)
        return sent
      }
      bad = sent.right
    } else for (const send of sends) await producer.send(send)
  } catch (cause) {
    await abortQuietly(producer) // so that consumers need not wait until it expires
    if (!isAboutTheRecords(cause)) throw cause
    badRows.isSearching = true
    throw new ClusterError(`a row is refused and is looked for piece by piece: ${cause.message}`, undefined, { cause })
  }
  const sentAt = now()
  await producer.commit()
  const transaction = { beganAt, sentAt, committedAt: now() }
  if (bad.length > 0) badRows.isSearching = false
  badRows.deadLettered += bad.length
  if (progress !== undefined) connected.written = { progress, at: transaction.committedAt }
  for (const row of bad) options.onDeadLetter?.(row)
  return E.right({ offsets: offsets(), transaction })
}

/** Writes the progress again if it is old, so that others see that this instance lives. */
export const giveSign = async (context: SinkContext, connected: Connected): Promise<E.Either<SinkFailure, void>> => {
  const { progress, at } = connected.written
  const now = context.signs.now()
  if (now - at < SIGN_EVERY_MS / 2) return E.right(undefined)
  const { producer } = connected
  await producer.begin()
  await producer.send([progressMessage(context, connected, progress)])
  await producer.commit()
  connected.written = { progress, at: now }
  return E.right(undefined)
}

/** Families that were switched on since the sink connected, and rows of an earlier schema. */
const prepareFurther = (
  context: SinkContext,
  connected: Connected,
  schemas: readonly FamilySchema[],
): Promise<E.Either<SinkFailure, void>> =>
  withReader(context, async (reader) => {
    const names = topicNames(
      context.topics,
      schemas.map(({ family }) => family),
    )
    const found = await connected.readiness.findTopics(names, reader)
    if (E.isLeft(found)) return found
    const { place } = connected
    const now = placeNow(context, await reader.identify(names), place)
    const refusal = refusalOf(
      compareProgress({ progress: undefined, owner: context.owner, place }, { ...context, place: now }),
      context.options.acceptProgress ?? [],
    )
    if (refusal !== undefined) return E.left({ tag: 'Refused', reason: refusal })
    connected.place = now
    return connected.readiness.prepare(schemas)
  })

const abortQuietly = async (producer: TransactionalProducer): Promise<void> => {
  try {
    await producer.abort()
  } catch {
    // Still open, or aborted by the broker: the next fencing ends it in both cases.
  }
}
