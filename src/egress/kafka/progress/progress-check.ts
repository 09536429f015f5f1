import type { Owner, Place, ProgressRecord } from './progress.js'
import type { ProgressMismatch } from '../../progress-mismatch.js'

/** What the destination looks like now. `holdsRows`: which row topic has rows of this tenant, as a clause. */
export type Destination = Readonly<{ place: Place; transactionalId: string; progressTopic: string; holdsRows?: string }>

/**
 * Compares a progress record with the destination as it is. What a record of version 1 does not say is not compared.
 */
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
  if (recreated.length === 1 && recreated[0] === progressTopic)
    mismatches.push({
      code: 'topic-recreated',
      reason:
        `${progressTopic} was deleted and created again while rows were published; its last record, through revision ` +
        `${record?.progress?.revision ?? 'none'} of ${record?.progress?.generation ?? 'no generation'}, was written ` +
        `since. No row is missing: accept it, and publishing goes on behind that record`,
    })
  else if (recreated.length > 0)
    mismatches.push({
      code: 'topic-recreated',
      reason:
        `deleted and created again since they were published to: ${recreated.join(', ')}. What they held through ` +
        `revision ${record?.progress?.revision ?? 'none'} of ${record?.progress?.generation ?? 'no generation'} is ` +
        'not there any more. Accept it to publish what follows, and publish the rows before with `streamvane replay`, ' +
        'which does not publish markers again: `streamvane intervals` has those',
    })
  if (record?.progress === undefined && holdsRows !== undefined)
    mismatches.push({
      code: 'progress-missing',
      reason:
        `${progressTopic} has no progress of ${transactionalId}, although ${holdsRows}: the progress topic was deleted or created again, or egress.kafka.transactionalId or ` +
        `egress.kafka.progressTopic were changed. Restore them, or accept it: all rows are then published again`,
    })
  return mismatches
}

/** Another instance whose claim stands where ours stood. */
export const supersededBy = ({ pid, host }: Owner, transactionalId: string): string =>
  `process ${pid} on ${host}, which has taken over ${transactionalId}`
