import type { StoredKpiEvent } from '../../../../contract/kpi-stream/stored.js'
import type { FamilyName } from '../../../../domain/family.js'
import type { RowFilter } from '../../../../egress/sink.js'
import type { Markers, Topics } from '../../../../egress/topics.js'
import type { EventLog } from '../../../../log/event-log.js'
import type { Compared } from '../findings.js'
import type { Format } from './expected-records.js'
import type { Reader } from './topic-records.js'

/**
 * Which revisions must lie on a topic: `each` of those published, only the `latest` of each row (a sink that publishes
 * once in each period; compaction), or `none` for certain (a promotion that published only what differs).
 */
export type Demanded = 'each' | 'latest' | 'none'

export type VerifyTopicOptions = Readonly<{
  tenant: string
  /** The generation that is published, and under how many promotions records of it may stand. */
  generation: string
  promotions: number
  kpi: EventLog
  /** What is published: everything of the KPI stream through this revision. */
  publishedThrough: number
  reader: Reader
  topics: Topics
  /** Families whose topics are read beside those that have rows in the KPI stream. Default all. */
  families?: readonly FamilyName[]
  markers: Markers
  filter: RowFilter
  format: Format
  demanded: Demanded
  /** Topics that are compacted: they keep the last record of each key. */
  compacted: ReadonlySet<string>
  compared?: Compared
  data: string | undefined
  signal: AbortSignal
  onProgress?: (records: number, differences: number) => void
}>

/** A row or a marker of the KPI stream. */
export type StoredRecord = Exclude<StoredKpiEvent, { kind: 'left' }>
