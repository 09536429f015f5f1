import type { Owner, Place, ProgressRecord } from './progress.js'

/**
 * Why the egress must not go on from a progress record as if nothing had happened. An operator who knows better accepts
 * a code (`run --accept-progress <code>`).
 */
export type ProgressMismatch = Readonly<{ code: ProgressMismatchCode; reason: string }>

export const progressMismatchCodes = ['other-tenant', 'other-cluster', 'topic-recreated', 'progress-missing'] as const
export type ProgressMismatchCode = (typeof progressMismatchCodes)[number]

export const isProgressMismatchCode = (code: string): code is ProgressMismatchCode =>
  (progressMismatchCodes as readonly string[]).includes(code)

/** What the destination looks like now. `holdsRows`: a row topic that has rows of this tenant which are not replayed. */
export type Destination = Readonly<{ place: Place; transactionalId: string; progressTopic: string; holdsRows?: string }>

/** Compares a progress record with the destination as it is. What a record of version 1 does not say is not compared. */
export const compareProgress = (
  record: ProgressRecord | undefined,
  { place, transactionalId, progressTopic, holdsRows }: Destination,
): readonly ProgressMismatch[] => {
  const before = record?.place
  const mismatches: ProgressMismatch[] = []
  if (before !== undefined && before.tenant !== place.tenant)
    mismatches.push({
      code: 'other-tenant',
      reason:
        `the progress of transactional id ${transactionalId} belongs to tenant ${before.tenant}, this is tenant ` +
        `${place.tenant}: give each tenant an egress.kafka.transactionalId of its own`,
    })
  if (before?.clusterId !== undefined && place.clusterId !== undefined && before.clusterId !== place.clusterId)
    mismatches.push({
      code: 'other-cluster',
      reason:
        `the progress of ${transactionalId} was written on cluster ${before.clusterId}, this is cluster ` +
        `${place.clusterId}: check egress.kafka.brokers; if the topics were moved here with all their records, accept it`,
    })
  const recreated = Object.entries(place.topics ?? {})
    .filter(([topic, id]) => before?.topics?.[topic] !== undefined && before.topics[topic] !== id)
    .map(([topic]) => topic)
  if (recreated.length > 0)
    mismatches.push({
      code: 'topic-recreated',
      reason:
        `deleted and created again since rows were published to them: ${recreated.join(', ')}. The rows through ` +
        `revision ${record?.progress?.revision ?? 'none'} of ${record?.progress?.generation ?? 'no generation'} are ` +
        `not there any more. Accept it to publish what follows, and publish the rows before with \`streamvane replay\``,
    })
  if (record?.progress === undefined && holdsRows !== undefined)
    mismatches.push({
      code: 'progress-missing',
      reason:
        `${progressTopic} has no progress of ${transactionalId}, although ${holdsRows} holds rows of tenant ` +
        `${place.tenant}: the progress topic was deleted or created again, or egress.kafka.transactionalId or ` +
        `egress.kafka.progressTopic were changed. Restore them, or accept it: all rows are then published again`,
    })
  return mismatches
}

/** The mismatches that the operator has not accepted, in a sentence; `undefined` if there are none. */
export const refusalOf = (
  mismatches: readonly ProgressMismatch[],
  accepted: readonly ProgressMismatchCode[],
): string | undefined => {
  const left = mismatches.filter(({ code }) => !accepted.includes(code))
  return left.length === 0
    ? undefined
    : left.map(({ code, reason }) => `${reason} (\`streamvane run --accept-progress ${code}\`)`).join('. ')
}

/** Another instance whose claim stands where ours stood. */
export const supersededBy = ({ pid, host }: Owner, transactionalId: string): string =>
  `process ${pid} on ${host}, which has taken over ${transactionalId}`
