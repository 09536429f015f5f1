import type { TopicRecords, TransactionalProducer } from './cluster.js'
import type { OffsetRange } from '../sink.js'

/** Ranges of offsets by topic and partition, in the order in which the partitions were first met. */
export class OffsetRanges {
  private readonly ranges = new Map<string, OffsetRange>()
  private readonly partitionsOf: (topic: string) => number

  /** `partitionsOf` tells how many partitions a topic has, 0 where that is not known. */
  constructor(partitionsOf: (topic: string) => number) {
    this.partitionsOf = partitionsOf
  }

  /** Without an offset the range is unknown from now on. */
  add(topic: string, partition: number, first: number | undefined, last: number | undefined, records: number): void {
    const place = `${partition} ${topic}`
    const known = this.ranges.get(place)
    const isKnown = first !== undefined && last !== undefined && (known === undefined || known.first !== undefined)
    const range = isKnown
      ? { first: Math.min(first, known?.first ?? first), last: Math.max(last, known?.last ?? last) }
      : {}
    const partitions = this.partitionsOf(topic)
    const spread = partitions > 0 ? { partitions } : {}
    this.ranges.set(place, { topic, partition, ...spread, ...range, records: records + (known?.records ?? 0) })
  }

  all(): readonly OffsetRange[] {
    return [...this.ranges.values()]
  }
}

/** The producer, and the offsets of what it was sent since, but for the progress. */
export const tellingOffsets = (
  producer: TransactionalProducer,
  progressTopic: string,
  partitionsOf: (topic: string) => number,
): Readonly<{ producer: TransactionalProducer; offsets: () => readonly OffsetRange[] }> => {
  const ranges = new OffsetRanges(partitionsOf)
  const send = async (records: readonly TopicRecords[]) => {
    const answers = await producer.send(records)
    const first = new Map(answers.map(({ topic, partition, offset }) => [`${partition} ${topic}`, offset]))
    for (const { topic, messages } of records) {
      if (topic === progressTopic) continue
      const counts = new Map<number, number>()
      for (const { partition } of messages) counts.set(partition, (counts.get(partition) ?? 0) + 1)
      for (const [partition, count] of counts) {
        const offset = first.get(`${partition} ${topic}`)
        ranges.add(topic, partition, offset, offset === undefined ? undefined : offset + count - 1, count)
      }
    }
    return answers
  }
  return { producer: { ...producer, send }, offsets: () => ranges.all() }
}
