import type { PublicationEvent } from '../../../src/app/pipeline/egress/publications/publication.js'
import type { Delivery } from '../../../src/egress/sink.js'
import type { ModelBroker } from '../../support/kafka-model/broker.js'
import { committedEntries } from '../../support/kafka-model/observer.js'
import { Violation } from './invariants.js'
import { expected } from './kpi-rows.js'

/**
 * What is recorded as published is what lies on the topics: the publications follow each other without a gap, and the
 * partition of each row that a consumer gets is one of the publication that covers its event. Exactly once, they do not
 * overlap, each row lies within the recorded offsets, and each partition holds as many records as are recorded.
 */
export const checkPublications = (
  events: readonly PublicationEvent[],
  broker: ModelBroker,
  topics: readonly string[],
  delivery: Delivery,
): void => {
  let through = -1
  for (const event of events) {
    if (event.type !== 'Published') {
      if (event.type === 'RecordingBegan' && event.through === -1 && through === -1) continue
      throw new Violation(`a record of another kind stands among the publications: ${JSON.stringify(event)}`)
    }
    if (event.from > through + 1 || (delivery === 'exactly-once' && event.from !== through + 1))
      throw new Violation(`publications go on at ${event.from} behind ${through}: ${JSON.stringify(event)}`)
    through = Math.max(through, event.through)
  }
  const published = events.flatMap((event) => (event.type === 'Published' ? event : []))
  const revisions = new Map(expected.flatMap((row, revision) => (row === undefined ? [] : [[row.id, revision]])))
  for (const topic of topics)
    for (let partition = 0; partition < broker.partitionsOf(topic); partition++) {
      const entries = committedEntries(broker.partition(topic, partition))
      const latest = new Map(entries.map(({ headers, offset }) => [headers['ce_id'] ?? '', offset]))
      for (const [id, offset] of latest) {
        const revision = revisions.get(id) ?? -1
        const covering = published.find(({ from, through: end }) => from <= revision && revision <= end)
        const range = covering?.offsets?.find((each) => each.topic === topic && each.partition === partition)
        if (range?.first === undefined || range.last === undefined) {
          if (range === undefined) throw new Violation(`${id} lies on ${topic}/${partition}, which is not recorded`)
          continue // the broker did not tell the offset
        }
        if (delivery === 'exactly-once' && (offset < range.first || offset > range.last))
          throw new Violation(`${id} lies at ${offset}, recorded is ${range.first} to ${range.last}`)
      }
      const counted = published
        .flatMap(({ offsets = [] }) => offsets)
        .filter((each) => each.topic === topic && each.partition === partition)
        .reduce((sum, { records }) => sum + records, 0)
      if (delivery === 'exactly-once' && counted !== entries.length)
        throw new Violation(`${topic}/${partition} holds ${entries.length} records, recorded are ${counted}`)
    }
}
