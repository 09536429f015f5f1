import * as E from 'fp-ts/lib/Either.js'
import { familyNames } from '../../domain/family.js'
import { currentSchemas, familyReadiness, type FamilyReadiness } from './family-readiness.js'
import type { PartitionReader } from './cluster.js'
import { deliveryOf, openProducer } from './delivery.js'
import { deadLetterTopicOf, kafkaDefaults } from './options.js'
import { publishesAlready, watchForSign } from './progress/other-owner.js'
import type { Owner, ProgressRecord } from './progress/progress.js'
import { compareProgress, supersededBy } from './progress/progress-check.js'
import { refusalOf } from '../progress-mismatch.js'
import {
  findProgress,
  type AtOpenTransaction,
  foreignClaimPending,
  type ProgressHome,
} from './progress/progress-reader.js'
import { topicWithRows } from './progress/published-rows.js'
import { placeNow, progressMessage, withReader, type Connected, type SinkContext } from './sink-context.js'
import type { Delivery, Progress, ProgressCheck, SinkFailure } from '../sink.js'
import { ownMarkerTopics, topicNames } from '../topics.js'

/** `hasClaimed`: an earlier connection of this sink claimed the progress, and it was not closed since. */
export type TakeOver = Readonly<{ hasClaimed: boolean; check: ProgressCheck | undefined; signal: AbortSignal }>

export type TakenOver = Readonly<{ connected: Connected; progress: Progress | undefined }>

/**
 * Makes this instance the one that publishes.
 *
 * 1. Makes sure that the broker has transactions, finds the topics, reads the progress and checks it. Nothing has
 *    changed so far: an installation that is configured wrongly, that was superseded, or that finds another publishing
 *    and was not told to take over, ends here and does not disturb the one that publishes.
 * 2. Looks the schemas up in the registry, and registers missing ones where that is asked for.
 * 3. Asks the broker for an epoch, which fences every other producer of the transactional id and aborts what it left
 *    open. Without transactions nobody is fenced: another instance finds our claim before its next batch.
 * 4. Reads the progress and checks it again; it cannot change any more.
 * 5. Commits a claim: the same progress with this instance's name.
 */
export const takeOver = (
  context: SinkContext,
  { hasClaimed, check, signal }: TakeOver,
): Promise<E.Either<SinkFailure, TakenOver>> =>
  withReader(context, async (reader) => {
    const { options, topics, markers, progressTopic, transactionalId, schemaIds } = context
    const families = options.families ?? familyNames
    const readiness = familyReadiness(options, topics, markers, schemaIds)
    const delivery = await deliveryOf(context, reader)
    if (E.isLeft(delivery)) return delivery
    const found = await readiness.findTopics(
      [
        ...[...topicNames(topics, families), ...ownMarkerTopics(markers), ...(options.otherTopics ?? [])],
        ...[progressTopic, ...deadLetterTopics(context)],
      ],
      reader,
    )
    if (E.isLeft(found)) return found
    const home: ProgressHome = {
      topic: progressTopic,
      key: transactionalId,
      preferred: readiness.partitionOf(progressTopic, transactionalId),
      partitions: readiness.partitionsOf(progressTopic),
    }
    const checkRecord = (record: ProgressRecord | undefined, as: Delivery) =>
      checkProgress(context, reader, home, record, as, { hasClaimed, check, signal })

    const before = await look(context, reader, home, hasClaimed, signal)
    const allowed = await checkRecord(before.record, delivery.right)
    if (E.isLeft(allowed)) return allowed
    const other = hasClaimed ? undefined : await publishingElsewhere(context, reader, home, before.record, signal)
    if (other !== undefined) return E.left({ tag: 'Refused', reason: publishesAlready(other, transactionalId) })
    const prepared = await readiness.prepare(currentSchemas(families, markers))
    if (E.isLeft(prepared)) return prepared
    return fenceAndClaim(context, {
      ...{ reader, readiness, home, checkRecord, signal },
      partition: before.partition,
      delivery: delivery.right,
    })
  })

/** Needed only where rows may go there. */
const deadLetterTopics = ({ options, progressTopic }: SinkContext): readonly string[] =>
  options.onBadRow === 'dead-letter' ? [options.deadLetterTopic ?? deadLetterTopicOf(progressTopic)] : []

/** The owner of the progress if it is seen to publish, and must not be taken over from. */
const publishingElsewhere = async (
  { options, owner, signs }: SinkContext,
  reader: PartitionReader,
  home: ProgressHome,
  record: ProgressRecord | undefined,
  signal: AbortSignal,
): Promise<Owner | undefined> => {
  if (record === undefined || (options.takeOver ?? kafkaDefaults.takeOver) === 'always') return undefined
  const read = async (atOpenTransaction: AtOpenTransaction) =>
    (await findProgress(reader, home, atOpenTransaction, signal)).record
  return watchForSign(record.owner, owner, read, signs, signal)
}

/** Reads the progress without fencing. */
const look = async (
  { owner }: SinkContext,
  reader: PartitionReader,
  home: ProgressHome,
  hasClaimed: boolean,
  signal: AbortSignal,
): ReturnType<typeof findProgress> => {
  const found = await findProgress(reader, home, 'stop', signal)
  // An instance that reconnects must see the claim of one that took over meanwhile, even where an open transaction
  // hides it. A first start need not: it would wait for the transaction of a crashed predecessor.
  const isPending = hasClaimed && (await foreignClaimPending(reader, { ...home, ...found }, owner.id, signal))
  return isPending ? findProgress(reader, home, 'wait', signal) : found
}

type Claiming = Readonly<{
  reader: PartitionReader
  readiness: FamilyReadiness
  home: ProgressHome
  /** Where the record was found before. */
  partition: number
  checkRecord: (record: ProgressRecord | undefined, as: Delivery) => Promise<E.Either<SinkFailure, Checked>>
  delivery: Delivery
  signal: AbortSignal
}>

const fenceAndClaim = async (
  context: SinkContext,
  { reader, readiness, home, partition, checkRecord, delivery, signal }: Claiming,
): Promise<E.Either<SinkFailure, TakenOver>> => {
  // What is read once a transactional producer has its epoch stays true.
  const opened = await openProducer(context, delivery)
  let claimed = false
  try {
    signal.throwIfAborted()
    // A claim that another instance writes from here on is seen by the producer that watches from there.
    const { end: from } = await reader.bounds(home.topic, partition)
    const { record, partition: progressPartition } = await findProgress(reader, home, 'wait', signal)
    const allowed = await checkRecord(record, opened.delivery)
    if (E.isLeft(allowed)) return allowed
    const { progress, place } = allowed.right
    const owner = { ...context.owner, claim: (record?.owner.claim ?? 0) + 1 }
    const producer = await opened.claimedBy(owner, { ...home, partition: progressPartition }, from)
    const written = { progress, at: context.signs.now() }
    const connected: Connected = {
      ...{ producer, owner, readiness, progressPartition, place, written },
      delivery: opened.delivery,
    }
    await producer.begin()
    await producer.send([progressMessage(context, connected, progress)])
    await producer.commit()
    claimed = true
    return E.right({ connected, progress })
  } finally {
    if (!claimed) await opened.disconnect().catch(() => {})
  }
}

type Checked = Readonly<{ progress: Progress | undefined; place: Connected['place'] }>

/** Decides whether this instance may go on from `record`. */
const checkProgress = async (
  context: SinkContext,
  reader: PartitionReader,
  home: ProgressHome,
  record: ProgressRecord | undefined,
  as: Delivery,
  takeOver: TakeOver,
): Promise<E.Either<SinkFailure, Checked>> => {
  const { hasClaimed, check, signal } = takeOver
  const { options, topics, markers, progressTopic, transactionalId, owner } = context
  const { acceptProgress = [], startsOverOn = [], tenant, families = familyNames } = options
  if (hasClaimed && record !== undefined && record.owner.id !== owner.id)
    return E.left({ tag: 'Fenced', by: supersededBy(record.owner, transactionalId) })
  const rowTopics = topicNames(topics, families)
  const published = [...rowTopics, ...ownMarkerTopics(markers), ...(options.otherTopics ?? []), progressTopic]
  const place = placeNow(context, await reader.identify(published), record?.place)
  // Without a check (a replay) the progress is not gone on from, so it does not matter what became of it.
  if (check === undefined) return E.right({ progress: record?.progress, place })
  // Without transactions rows are appended before the first progress: a claim without one is no reason for suspicion.
  const isGap = (found: ProgressRecord | undefined): boolean =>
    found?.progress === undefined && (found === undefined || as === 'exactly-once')
  const holdsRows = isGap(record) ? await topicWithRows(reader, rowTopics, tenant, signal) : undefined
  if (holdsRows !== undefined) {
    // Another instance may have published its first batch meanwhile. And the markers of a transaction are written one
    // after the other: its rows may be visible before its progress is.
    const { record: later } = await findProgress(reader, home, 'wait', signal)
    if (!isGap(later)) return checkProgress(context, reader, home, later, as, takeOver)
  }
  const mismatches = compareProgress(record, {
    place,
    transactionalId,
    progressTopic,
    ...(holdsRows !== undefined && { holdsRows }),
  })
  const refusal = refusalOf(mismatches, [...acceptProgress, ...startsOverOn])
  if (refusal !== undefined) return E.left({ tag: 'Refused', reason: refusal })
  // A progress of another tenant, once accepted, is not gone on from but replaced.
  const isVoid = mismatches.some(({ code }) => code === 'other-tenant' || startsOverOn.includes(code))
  const progress = isVoid ? undefined : record?.progress
  const ours = await check(progress)
  return E.isLeft(ours) ? E.left({ tag: 'Refused', reason: ours.left }) : E.right({ progress, place })
}
