import { compactArray, compactText, FlexibleReader, int32, INT32_BYTES, NO_TAGS } from './flexible.js'

/** Kafka's DescribeProducers request, version 0 (Kafka 2.8 or later), to the leader of partitions. */
export const DESCRIBE_PRODUCERS = { apiKey: 61, apiVersion: 0, apiName: 'DescribeProducers' } as const

/** A producer that has a transaction open in a partition. `lastAt`: when it wrote there last, epoch ms. */
export type OpenTransaction = Readonly<{
  topic: string
  partition: number
  producerId: bigint
  epoch: number
  lastAt: number
  firstOffset: bigint
  coordinatorEpoch: number
}>

/** `refused`: partitions that the broker does not tell about, with its code (29: no right to read the topic). */
export type Producers = Readonly<{
  open: readonly OpenTransaction[]
  refused: readonly Readonly<{ topic: string; partition: number; error: number }>[]
}>

export const describeProducersRequest = (topics: ReadonlyMap<string, readonly number[]>): Buffer =>
  Buffer.concat([
    NO_TAGS,
    compactArray(
      [...topics].map(([topic, partitions]) =>
        Buffer.concat([compactText(topic), compactArray(partitions.map(int32)), NO_TAGS]),
      ),
    ),
    NO_TAGS,
  ])

export const readProducers = (bytes: Buffer): Producers => {
  const from = new FlexibleReader(bytes)
  from.tags()
  from.skip(INT32_BYTES) // throttle time
  const open: OpenTransaction[] = []
  const refused: Producers['refused'][number][] = []
  from.array(() => {
    const topic = from.text() ?? ''
    from.array(() => {
      const partition = from.int32()
      const error = from.int16()
      from.text() // error message
      if (error !== 0) refused.push({ topic, partition, error })
      from.array(() => {
        const producerId = from.int64()
        const epoch = from.int32()
        from.skip(INT32_BYTES) // last sequence
        const lastAt = Number(from.int64())
        const coordinatorEpoch = from.int32()
        const firstOffset = from.int64()
        from.tags()
        if (firstOffset >= 0n) open.push({ topic, partition, producerId, epoch, lastAt, firstOffset, coordinatorEpoch })
      })
      from.tags()
    })
    from.tags()
  })
  return { open, refused }
}
