import { readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream, publicationsStream } from '../../../domain/stream-name.js'
import type { RowHeader } from '../../../contract/row-header.js'
import { partitioning } from '../../../egress/kafka/records/records.js'
import type { OffsetRange } from '../../../egress/sink.js'
import { keyOf, type Topics } from '../../../egress/topics.js'
import {
  decodePublication,
  type Publication,
  type PublicationEvent,
} from '../../pipeline/egress/publications/publication.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { computedGenerations, NoGeneration } from '../computed.js'
import { ifThere } from '../../../log/if-there.js'

export type SinkPublication = PublicationEvent & Readonly<{ sink: string }>

export type PublicationFilter = Readonly<{
  /** Epoch milliseconds: what was acknowledged in `[from, to)`. */
  from?: number | undefined
  to?: number | undefined
  generation?: string | undefined
}>

/** What these sinks have published, each in its order. A sink that has recorded nothing has nothing. */
export async function* readPublications(
  logs: Logs,
  tenant: string,
  sinks: readonly string[],
  { from = -Infinity, to = Infinity, generation }: PublicationFilter = {},
): AsyncIterable<SinkPublication> {
  for (const sink of sinks) {
    const log = await ifThere(() => logs.publications(sink, 'reader'))
    if (log === undefined) continue
    for await (const batch of log.readStream(publicationsStream(tenant, sink)))
      for (const event of batch) {
        const said = decodePublication(event)
        const [first, last] = said.type === 'RecordingBegan' ? [said.at, said.at] : [said.at, said.until]
        if (Date.parse(last) < from || Date.parse(first) >= to) continue
        if (generation !== undefined && said.generation !== generation) continue
        yield { ...said, sink }
      }
  }
}

/** A published revision of a row: where it stands in the KPI log, and the publications that cover it. */
export type RowPublication = Readonly<{
  generation: string
  key: string
  revision: number
  /** Revision of its event in the KPI stream of the generation. */
  event: number
  publications: readonly (Publication & Readonly<{ sink: string }>)[]
}>

/**
 * Where a row was published: for each of its revisions (or the one that is asked for) the publications whose events it is
 * among, with the offsets on the topics of its family. Reads the KPI stream of the generation once.
 */
export const publicationsOfRow = async (
  logs: Logs,
  tenant: string,
  sinks: readonly string[],
  {
    key,
    revision,
    generation,
    topics,
  }: Readonly<{ key: string; revision?: number | undefined; generation?: string | undefined; topics: Topics }>,
): Promise<readonly RowPublication[]> => {
  const of = generation ?? (await computedGenerations(logs, tenant)).live
  if (of === undefined) throw new NoGeneration(tenant)
  const events: { header: RowHeader; event: number }[] = []
  const kpi = await logs.kpi(of, 'reader')
  for await (const batch of kpi.readStream(kpiStream(tenant, of)))
    for (const event of batch) {
      const stored = readKpiEvent(event)
      if (stored?.kind !== 'row' || stored.header.key !== key) continue
      if (revision === undefined || stored.header.revision === revision)
        events.push({ header: stored.header, event: event.revision })
    }
  const found: (Publication & Readonly<{ sink: string }>)[] = []
  for await (const each of readPublications(logs, tenant, sinks, { generation: of }))
    if (each.type === 'Published' && events.some(({ event }) => each.from <= event && event <= each.through))
      found.push(each)
  return events.map(({ header, event }) => ({
    ...{ generation: of, key, revision: header.revision, event },
    publications: found
      .filter(({ from, through }) => from <= event && event <= through)
      .map(({ offsets, ...said }) => ({
        ...said,
        ...(offsets !== undefined && { offsets: offsets.filter((range) => mayHold(range, header, topics)) }),
      })),
  }))
}

/** Whether the row goes to this partition, by the topics that are configured now. */
const mayHold = ({ topic, partition, partitions }: OffsetRange, header: RowHeader, topics: Topics): boolean =>
  topics[header.family].some(
    (route) =>
      route.topic === topic &&
      (partitions === undefined ||
        partitioning(new Map([[topic, partitions]]))(topic, keyOf(header, route.key)) === partition),
  )
