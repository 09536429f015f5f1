import { readKpiEvent } from '../../../../contract/kpi-stream/stored.js'
import { markerJson } from '../../../../contract/completeness-codec.js'
import { familyNames, isFamilyName, type FamilyName } from '../../../../domain/family.js'
import { granularities, type Granularity } from '../../../../domain/granularity.js'
import { kpiStream } from '../../../../domain/stream-name.js'
import { blank } from '../batch-check.js'
import {
  differingFields,
  isCompared,
  type Difference,
  type Findings,
  type OfInterval,
  type Value,
} from '../findings.js'
import { jsonOfStored } from '../stored-value.js'
import { measured, type Expected, type ExpectedRecords } from './expected-records.js'
import type { LatestRecords } from './latest-records.js'
import { bodyOf, recordsOf, type TopicRecord } from './topic-records.js'
import type { StoredRecord, VerifyTopicOptions } from './topic-options.js'

/** What a topic holds of the tenant. */
export type TopicCounts = Readonly<{
  /** Records of the generation that were compared, repeats among them. */
  compared: number
  repeats: number
  /** Withdrawals, statements that a generation is complete, and tombstones. */
  others: number
  otherGenerations: number
  /** Records before this revision of the KPI stream may have been removed by retention; -1: none was. */
  expiredBefore: number
}>

export type TopicCheck = VerifyTopicOptions &
  Readonly<{
    expected: ExpectedRecords
    latest: LatestRecords
    findings: Findings
    topic: string
    /** Number of the topic, for the bits of `Expected.seen`. */
    index: number
  }>

/** Compares every record of a topic with what is expected under its id. */
export const checkTopic = async (check: TopicCheck): Promise<TopicCounts> => {
  const { reader, tenant, topic, signal } = check
  const counts = { compared: 0, repeats: 0, others: 0, otherGenerations: 0, expiredBefore: -1 }
  const partitions = await reader.partitions(topic)
  for (let partition = 0; partition < partitions; partition++) {
    const { first } = await reader.bounds(topic, partition)
    let isFirst = first > 0n
    for await (const records of recordsOf(reader, tenant, topic, partition, signal)) {
      const found: string[] = []
      const ids = new Set<string>()
      for (const record of records) {
        check.latest.saw(record)
        if (record.generation !== check.generation) counts.otherGenerations += 1
        else if (record.value === null || isStatement(record)) counts.others += 1
        else {
          const known = check.expected.get(record.id)
          counts.compared += 1
          if (known !== undefined && isFirst) {
            counts.expiredBefore = Math.max(counts.expiredBefore, known.kpiRevision)
            isFirst = false
          }
          const isRepeat = ids.has(record.id) || (known !== undefined && (known.seen & (1 << check.index)) !== 0)
          if (isRepeat) counts.repeats += 1
          ids.add(record.id)
          if (known !== undefined) found.push(record.id)
          await compare(check, record, record.value, known, isRepeat)
        }
      }
      await check.expected.found(found, check.index)
      check.onProgress?.(counts.compared, check.findings.differences)
    }
  }
  return counts
}

/** A row that only a generation before had has revision 0. */
const isStatement = ({ type, id }: TopicRecord): boolean => type === 'generation-complete' || id.endsWith('/0')

const compare = async (
  check: TopicCheck,
  record: TopicRecord,
  value: Buffer,
  known: Expected | undefined,
  isRepeat: boolean,
): Promise<void> => {
  const { findings, format, promotions } = check
  const of = placeOf(record.id)
  if (of !== undefined && !isCompared(check.compared ?? {}, of)) return
  const body = record.promotion <= promotions ? bodyOf(value, record, format) : undefined
  const found = body && measured(body)
  const isSame = known !== undefined && found?.bytes === known.bytes && found.hash.equals(known.hash)
  if (of !== undefined && !isRepeat && isRowId(record.id))
    findings.addNumbers(of, found?.hash.readUIntBE(0, 6) ?? 0, known?.hash.readUIntBE(0, 6))
  if (isSame) return
  const kind = known === undefined ? 'added' : 'changed'
  const stored = known && (await storedAt(check, known.kpiRevision))
  const expected =
    stored === undefined ? null : { ...valueOf(stored), generation: check.generation, promotion: record.promotion }
  const said = foundValue(check, stored, value, body, record)
  findings.differs(kind, of, () => ({
    ...topicDifference(kind, record.id, of),
    ...{ kpiRevision: known?.kpiRevision ?? null, topic: record.place, expected, found: said },
    fields: differingFields(expected, said),
  }))
}

/** What the record says, as JSON; `null` if it cannot be read. */
const foundValue = (
  { format }: TopicCheck,
  stored: StoredRecord | undefined,
  value: Buffer,
  body: Uint8Array | undefined,
  { generation, promotion }: TopicRecord,
): Value | null => {
  try {
    if (format === 'json') return JSON.parse(value.toString('utf8')) as Value
    if (stored?.kind !== 'row' || body === undefined) return null
    const row = jsonOfStored({ avro: body, schema: stored.schema })
    return row && { ...row, generation, promotion }
  } catch {
    return null
  }
}

export const valueOf = (stored: StoredRecord): Value | null =>
  stored.kind === 'row' ? jsonOfStored(stored) : markerJson(stored.marker)

/** What the KPI stream holds at a revision. */
export const storedAt = async (
  { kpi, tenant, generation }: Pick<VerifyTopicOptions, 'kpi' | 'tenant' | 'generation'>,
  revision: number,
): Promise<StoredRecord | undefined> => {
  for await (const [event] of kpi.readStream(kpiStream(tenant, generation), { from: revision, max: 1 })) {
    const stored = event && readKpiEvent(event)
    return stored?.kind === 'left' ? undefined : stored
  }
  return undefined
}

const MARKER_ID = 'interval-complete/'

export const isRowId = (id: string): boolean => !id.startsWith(MARKER_ID)

/**
 * Which interval an id speaks of: a row's is `<family>/…/<granularity>/<start>/<revision>`, a marker's
 * `interval-complete/<family>/<granularity>/<start>/<number>`.
 */
export const placeOf = (id: string): OfInterval | undefined => {
  const parts = (isRowId(id) ? id : id.slice(MARKER_ID.length)).split('/')
  const [granularity, start] = parts.slice(-3)
  const family = parts[0] ?? ''
  const at = Date.parse(start ?? '')
  if (!isFamilyName(family) || !isGranularity(granularity) || Number.isNaN(at)) return undefined
  return { family, granularity, start: at }
}

const isGranularity = (text: string | undefined): text is Granularity =>
  (granularities as readonly (string | undefined)[]).includes(text)

/** What a difference says of a record. */
export const topicDifference = (kind: Difference['kind'], id: string, of: OfInterval | undefined): Difference => {
  const last = id.lastIndexOf('/')
  return {
    ...blank,
    ...{ kind, where: 'topic', what: isRowId(id) ? 'row' : 'marker', key: id.slice(0, last) },
    ...{ family: of?.family ?? null, granularity: of?.granularity ?? null, rowRevision: Number(id.slice(last + 1)) },
    intervalStart: of === undefined ? null : new Date(of.start).toISOString(),
  }
}

/** Families of which a topic keeps each row: as a time series, or keyed by row. */
export const familiesOn = (
  topic: string,
  { topics }: Pick<VerifyTopicOptions, 'topics'>,
  isCompacted: boolean,
): ReadonlySet<FamilyName> =>
  new Set(
    familyNames.filter((family) =>
      topics[family].some(
        ({ topic: name, records, key }) => name === topic && (key === 'row' || (records === 'all' && !isCompacted)),
      ),
    ),
  )
