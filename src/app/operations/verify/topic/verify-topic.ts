import * as E from 'fp-ts/lib/Either.js'
import { readKpiEvent } from '../../../../contract/kpi-stream/stored.js'
import { familyNames } from '../../../../domain/family.js'
import { kpiStream } from '../../../../domain/stream-name.js'
import { failureText, type Progress, type Sink } from '../../../../egress/sink.js'
import { markerTopicsOf, topicNames } from '../../../../egress/topics.js'
import { passes, selectableOf } from '../../../pipeline/egress/selection.js'
import { Findings, type Difference, type DifferenceKind, type IntervalVerdict } from '../findings.js'
import { Scratch } from '../scratch.js'
import { VerifyRefused } from '../verify.js'
import { ExpectedRecords } from './expected-records.js'
import { LatestRecords } from './latest-records.js'
import { checkTopic, type TopicCounts } from './topic-check.js'
import { reportMissingRecords } from './missing-records.js'
import type { VerifyTopicOptions } from './topic-options.js'
import { lookAtProgress } from '../../../pipeline/egress/look-at-progress.js'

export type TopicVerification = Readonly<{
  generation: string
  /** The revision of the KPI stream through which the egress has published. */
  publishedThrough: number
  topics: readonly (TopicCounts & Readonly<{ topic: string }>)[]
  isStopped: boolean
  /** `stored`: what the topics hold; `computed`: what the KPI log holds. */
  intervals: readonly IntervalVerdict[]
  differences: number
  counts: Readonly<Record<DifferenceKind, number>>
  first: Difference | null
  listed: readonly Difference[]
}>

/**
 * Compares what lies on the topics of a sink with the KPI log of the published generation: every record, and every row
 * and marker that must be there. Reads committed records alone, and writes nothing.
 */
export const verifyTopic = async (options: VerifyTopicOptions): Promise<TopicVerification> => {
  const { tenant, generation, kpi, filter, topics, markers, compacted, signal, publishedThrough } = options
  const scratch = new Scratch(options.data)
  const findings = new Findings()
  try {
    const expected = new ExpectedRecords(scratch, options.format)
    const latest = new LatestRecords(topics)
    const families = new Set(options.families ?? familyNames)
    for await (const events of kpi.readStream(kpiStream(tenant, generation))) {
      if (signal.aborted) break
      for (const event of events) {
        const stored = readKpiEvent(event)
        if (stored === undefined || !passes(filter, selectableOf(stored))) continue
        if (stored.kind !== 'left') await expected.add(stored)
        if (stored.kind === 'row') families.add(stored.header.family)
        if (event.revision <= publishedThrough) latest.published(stored)
      }
    }
    await expected.write()

    const names = [
      ...new Set([
        ...topicNames(topics, [...families]),
        ...[...families].flatMap((family) => markerTopicsOf(markers, topics, family)),
      ]),
    ]
    if (names.length > TOPICS_MAX)
      throw new VerifyRefused(`a sink with ${names.length} topics cannot be verified, ${TOPICS_MAX} at most`)
    const counts: (TopicCounts & Readonly<{ topic: string }>)[] = []
    for (const [index, topic] of names.entries()) {
      if (signal.aborted) break
      counts.push({ topic, ...(await checkTopic({ ...options, expected, latest, findings, index, topic })) })
    }
    if (!signal.aborted) {
      await reportMissingRecords({ ...options, expected, findings, names, counts, compacted })
      latest.report(findings, options.compared ?? {})
    }
    return {
      ...{ generation, publishedThrough, topics: counts, isStopped: signal.aborted },
      ...{ intervals: findings.verdicts(), differences: findings.differences, counts: findings.counts },
      ...{ first: findings.listed[0] ?? null, listed: findings.listed },
    }
  } finally {
    await scratch.close()
  }
}

/** A bit of a number for each. */
const TOPICS_MAX = 31

/**
 * How far the running egress has published, by its progress at the destination, which is read without fencing it.
 * Throws `VerifyRefused` if it cannot be read, or tells of another generation.
 */
export const publishedThrough = async (sink: Sink, generation: string, signal: AbortSignal): Promise<Progress> => {
  const read = await lookAtProgress(sink, signal)
  if (E.isLeft(read))
    throw new VerifyRefused(`${sink.name}: the progress of the egress cannot be read: ${failureText(read.left)}`)
  const progress = read.right
  if (progress?.generation === generation) return progress
  throw new VerifyRefused(
    `${sink.name}: generation ${generation} is verified, and the egress has published ${
      progress === undefined ? 'nothing yet' : `generation ${progress.generation}`
    }: verify it once the egress has published it (\`streamvane run\`)`,
  )
}
