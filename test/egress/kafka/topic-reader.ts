import { kafkaClient } from '../../../src/egress/kafka/connection.js'
import { partitionReader } from '../../../src/egress/kafka/kafkajs-internals.js'
import type { Delivered } from '../../contracts/sink.contract.js'

export type Consumed = Delivered &
  Readonly<{
    partition: number
    recordKey: string
    /** Empty for a tombstone, whose value is null. */
    value: Buffer
    tombstone: boolean
    headers: Readonly<Record<string, string>>
  }>

/**
 * Everything that is committed on these topics now, in order within a partition. Waits for open transactions to end.
 */
export const consumeAll = async (
  brokers: readonly string[],
  topics: readonly string[],
): Promise<readonly Consumed[]> => {
  const reader = await partitionReader(kafkaClient({ brokers }), { brokers })
  const consumed: Consumed[] = []
  try {
    for (const topic of topics) {
      const partitions = await reader.partitions(topic)
      for (let partition = 0; partition < partitions; partition++) {
        const { first, end } = await reader.bounds(topic, partition)
        for (let at = first; at < end;) {
          const { records, next } = await reader.fetch(topic, partition, at)
          for (const { key, value, headers } of records) {
            const text = Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, String(bytes)]))
            consumed.push({
              topic,
              partition,
              recordKey: String(key),
              key: text['ce_subject'] ?? '',
              revision: Number(text['streamvane-row-revision']),
              replay: text['streamvane-replay'] === 'true',
              value: value ?? Buffer.alloc(0),
              tombstone: value === null,
              headers: text,
            })
          }
          at = next
        }
      }
    }
  } finally {
    await reader.close()
  }
  return consumed
}
