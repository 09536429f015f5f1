import type { StoredKpiEvent } from '../../../../contract/kpi-stream/stored.js'
import type { RowHeader } from '../../../../contract/row-header.js'
import { families, type FamilyName } from '../../../../domain/family.js'
import { keyOf, type TopicRoute, type Topics } from '../../../../egress/topics.js'
import { blank } from '../batch-check.js'
import { isCompared, type Compared, type Findings } from '../findings.js'
import type { TopicRecord } from './topic-records.js'

/**
 * What topics of latest state must end with: of each key the last published revision of the row with the latest start,
 * or a tombstone where its queue or agent has left. One entry for each key, however long history is.
 */
export class LatestRecords {
  private readonly topics: Topics
  private readonly wanted = new Map<string, RowHeader>()
  private readonly found = new Map<string, TopicRecord>()

  constructor(topics: Topics) {
    this.topics = topics
  }

  /** Is told everything that was published, in order. */
  published(stored: StoredKpiEvent): void {
    switch (stored.kind) {
      case 'row': {
        const { header } = stored
        for (const route of this.routesOf(header.family)) {
          const name = nameOf(route.topic, keyOf(header, route.key))
          const known = this.wanted.get(name)
          if (known === undefined || header.start >= known.start) this.wanted.set(name, header)
        }
        return
      }
      case 'left': {
        const { dimension, id } = stored.left
        for (const [name, { family, dimensions }] of this.wanted)
          if (dimensions[families[family].dimensions.indexOf(dimension)] === id) this.wanted.delete(name)
        return
      }
      case 'interval-complete':
    }
  }

  /** Is told every record of a topic, in the order of its partition. */
  saw(record: TopicRecord): void {
    const name = nameOf(record.place.topic, record.key)
    if (this.routes().some(({ topic }) => topic === record.place.topic)) this.found.set(name, record)
  }

  /** Reports keys whose last record is another one than it must be. */
  report(findings: Findings, compared: Compared): void {
    for (const [name, header] of this.wanted) {
      if (!isCompared(compared, header)) continue
      const record = this.found.get(name)
      const isTombstone = record?.value === null
      if (record !== undefined && !isTombstone && record.id === `${header.key}/${header.revision}`) continue
      findings.differs(record === undefined ? 'missing' : 'changed', header, () => ({
        ...blank,
        ...{ kind: record === undefined ? 'missing' : 'changed', where: 'topic', key: header.key },
        ...{ family: header.family, granularity: header.granularity, rowRevision: header.revision },
        ...{ intervalStart: new Date(header.start).toISOString(), topic: record?.place ?? null },
        found: record === undefined ? null : { id: isTombstone ? null : record.id },
        expected: { id: `${header.key}/${header.revision}` },
      }))
    }
  }

  private routesOf(family: FamilyName): readonly TopicRoute[] {
    return this.topics[family].filter(({ records, key }) => records === 'latest' && key !== 'row')
  }

  private routes(): readonly TopicRoute[] {
    return (Object.keys(this.topics) as FamilyName[]).flatMap((family) => this.routesOf(family))
  }
}

const nameOf = (topic: string, key: string): string => `${topic} ${key}`
