import { publicationBytes, type Publication } from '../../../../contract/schema/published-schema.js'
import type { FetchedRecord, PartitionReader } from '../../../../egress/kafka/cluster.js'
import { FRAME_BYTES } from '../../../../egress/kafka/records/wire-format.js'
import type { TopicPlace } from '../findings.js'
import type { Format } from './expected-records.js'

/** A record of the tenant on a topic, by what its headers say. */
export type TopicRecord = Readonly<{
  place: TopicPlace
  /** Key of the record. */
  key: string
  /** `ce_id` without the generation. */
  id: string
  /** `ce_type` between `streamvane.kpi.` and the version. */
  type: string
  generation: string
  promotion: number
  isReplay: boolean
  value: Buffer | null
}>

export type Reader = Pick<PartitionReader, 'partitions' | 'bounds' | 'fetch'>

/** What a partition holds now, read committed, in batches; also where it begins. */
export async function* recordsOf(
  reader: Reader,
  tenant: string,
  topic: string,
  partition: number,
  signal: AbortSignal,
): AsyncGenerator<readonly TopicRecord[]> {
  const { first, end } = await reader.bounds(topic, partition)
  for (let at = first; at < end && !signal.aborted;) {
    const { records, next } = await reader.fetch(topic, partition, at)
    if (next === at) return // behind here a transaction is open
    const own = records.filter(({ offset, headers }) => offset < end && isOf(tenant, headers))
    if (own.length > 0) yield own.map((record) => recordOf(topic, partition, record))
    at = next
  }
}

const isOf = (tenant: string, headers: FetchedRecord['headers']): boolean =>
  text(headers['ce_source']) === `/streamvane/${tenant}`

const recordOf = (topic: string, partition: number, { key, value, headers, offset }: FetchedRecord): TopicRecord => {
  const id = text(headers['ce_id'])
  return {
    place: { topic, partition, offset: String(offset) },
    key: key?.toString('utf8') ?? '',
    id: id.slice(id.indexOf('/') + 1),
    type: text(headers['ce_type'])
      .replace(/^streamvane\.kpi\./, '')
      .replace(/\.v\d+$/, ''),
    generation: text(headers['streamvane-generation']),
    promotion: Number(text(headers['streamvane-promotion'])),
    isReplay: headers['streamvane-replay'] !== undefined,
    value,
  }
}

const text = (header: unknown): string =>
  Buffer.isBuffer(header) ? header.toString('utf8') : typeof header === 'string' ? header : ''

/**
 * The value of a record without generation and promotion, which its end must say as its headers do; `undefined` if it
 * does not. A value in Avro stands behind the id of its schema.
 */
export const bodyOf = (
  value: Buffer,
  { generation, promotion }: Publication,
  format: Format,
): Uint8Array | undefined => {
  const end = format === 'avro' ? publicationBytes({ generation, promotion }) : jsonEnd({ generation, promotion })
  const cut = value.length - end.length
  if (cut < 0 || Buffer.compare(value.subarray(cut), end) !== 0) return undefined
  return format === 'avro' ? value.subarray(FRAME_BYTES, cut) : Buffer.concat([value.subarray(0, cut), CLOSED])
}

const jsonEnd = ({ generation, promotion }: Publication): Buffer =>
  Buffer.from(`,"generation":${JSON.stringify(generation)},"promotion":${promotion}}`)

const CLOSED = Buffer.from('}')
