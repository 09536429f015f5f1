import { markerTopicsOf } from '../../../../egress/topics.js'
import { isCompared, type Findings } from '../findings.js'
import type { Expected, ExpectedRecords } from './expected-records.js'
import { familiesOn, isRowId, placeOf, storedAt, topicDifference, valueOf, type TopicCounts } from './topic-check.js'
import type { VerifyTopicOptions } from './topic-options.js'

export type Missing = VerifyTopicOptions &
  Readonly<{
    expected: ExpectedRecords
    findings: Findings
    names: readonly string[]
    counts: readonly TopicCounts[]
  }>

/**
 * Reports what must lie on a topic and does not. Of a sink that publishes by periods that is the last published revision
 * of each row, and so it is of a compacted topic that is keyed by row; of other compacted topics nothing is certain. What
 * retention may have removed is left out.
 */
export const reportMissingRecords = async (missing: Missing): Promise<void> => {
  if (missing.demanded === 'none') return
  for (const [index, topic] of missing.names.entries()) {
    const isEach = missing.demanded === 'each' && !missing.compacted.has(topic)
    const wanted = wantedOn(topic, missing)
    let last: readonly [id: string, known: Expected] | undefined
    for (const [id, known] of missing.expected.all()) {
      if (known.kpiRevision > missing.publishedThrough || !wanted(id)) continue
      // The revisions of a row stand together, in no useful order.
      const isOfLast = last !== undefined && keyOf(last[0]) === keyOf(id)
      if (isEach) await report(missing, index, [id, known])
      else if (!isOfLast) {
        if (last !== undefined) await report(missing, index, last)
        last = [id, known]
      } else if (last !== undefined && known.kpiRevision > last[1].kpiRevision) last = [id, known]
    }
    if (!isEach && last !== undefined) await report(missing, index, last)
  }
}

const keyOf = (id: string): string => id.slice(0, id.lastIndexOf('/'))

/** Does the record of an id go to a topic? */
const wantedOn = (topic: string, missing: Missing): ((id: string) => boolean) => {
  const isCompacted = missing.compacted.has(topic)
  const families = familiesOn(topic, missing, isCompacted)
  return (id) => {
    const of = placeOf(id)
    if (of === undefined || !isCompared(missing.compared ?? {}, of)) return false
    return isRowId(id)
      ? families.has(of.family)
      : !isCompacted && markerTopicsOf(missing.markers, missing.topics, of.family).includes(topic)
  }
}

const report = async (missing: Missing, index: number, [id, known]: readonly [string, Expected]): Promise<void> => {
  if ((known.seen & (1 << index)) !== 0) return
  if (known.kpiRevision < (missing.counts[index]?.expiredBefore ?? -1)) return
  const of = placeOf(id)
  if (of === undefined) return
  if (isRowId(id)) missing.findings.addNumbers(of, undefined, known.hash.readUIntBE(0, 6))
  const stored = await storedAt(missing, known.kpiRevision)
  missing.findings.differs('missing', of, () => ({
    ...topicDifference('missing', id, of),
    ...{ kpiRevision: known.kpiRevision, expected: stored === undefined ? null : valueOf(stored) },
    topic: { topic: missing.names[index] ?? '', partition: null, offset: null },
  }))
}
