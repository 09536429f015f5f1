import * as E from 'fp-ts/lib/Either.js'
import type { Cluster, PartitionReader, TransactionalProducer } from '../../../src/egress/kafka/cluster.js'
import type { Mutant } from './run-seed.js'

const withProducer = (change: (producer: TransactionalProducer) => TransactionalProducer) => ({
  cluster: (cluster: Cluster): Cluster => ({
    ...cluster,
    transactionalProducer: async (options) => change(await cluster.transactionalProducer(options)),
  }),
})

/**
 * Faults that a sink could have, planted between it and the cluster, by what they do. The simulation must find each.
 */
export const mutants: Readonly<Record<string, () => Mutant>> = {
  /** What was read before the fencing is served again after it. */
  'does not read the progress again after fencing': () => {
    let isFenced = false
    return {
      cluster: (cluster) => ({
        ...cluster,
        reader: async () => {
          isFenced = false
          return remembering(await cluster.reader(), () => isFenced)
        },
        transactionalProducer: async (options) => {
          const producer = await cluster.transactionalProducer(options)
          isFenced = true
          return producer
        },
      }),
    }
  },
  'goes on with a producer that failed': () => {
    let kept: TransactionalProducer | undefined
    return {
      cluster: (cluster) => ({
        ...cluster,
        transactionalProducer: async (options) => (kept ??= await cluster.transactionalProducer(options)),
      }),
    }
  },
  'writes the progress in a transaction of its own': () =>
    withProducer((producer) => ({
      ...producer,
      send: async (topics) => {
        const rows = topics.filter(({ topic }) => !topic.endsWith('progress'))
        const answers = rows.length > 0 ? await producer.send(rows) : []
        if (rows.length > 0) {
          await producer.commit()
          await producer.begin()
        }
        return [...answers, ...(await producer.send(topics.filter(({ topic }) => topic.endsWith('progress'))))]
      },
    })),
  'tells the offset of the second record for that of the first': () =>
    withProducer((producer) => ({
      ...producer,
      send: async (topics) =>
        (await producer.send(topics)).map((answer) =>
          answer.offset === undefined ? answer : { ...answer, offset: answer.offset + 1 },
        ),
    })),
  'does not wait for the answer to a commit': () =>
    withProducer((producer) => ({
      ...producer,
      commit: async () => {
        producer.commit().catch(() => {})
      },
    })),
  'has a transactional id of its own in every instance': () => {
    const instance = (instances += 1)
    return {
      cluster: (cluster) => ({
        ...cluster,
        transactionalProducer: (options) =>
          cluster.transactionalProducer({ ...options, transactionalId: `${options.transactionalId}.${instance}` }),
      }),
    }
  },
  'reads the progress of transactions that are not committed': () => ({
    cluster: (cluster) => ({
      ...cluster,
      reader: async () => {
        const reader = await cluster.reader()
        return { ...reader, fetch: (topic, partition, from) => reader.fetch(topic, partition, from, 'uncommitted') }
      },
    }),
  }),
  'writes a batch again when its outcome is unknown': () => ({
    sink: (sink) => ({
      ...sink,
      write: (batch, signal) => async () => {
        const written = await sink.write(batch, signal)()
        if (E.isRight(written) || written.left.tag !== 'NotConnected') return written
        const connected = await sink.connect(signal, async () => E.right(undefined))()
        return E.isLeft(connected) ? connected : sink.write(batch, signal)()
      },
    }),
  }),
}

let instances = 0

/** Answers what was asked before `isFenced` as it was answered then; where there was nothing, it asks again. */
const remembering = (reader: PartitionReader, isFenced: () => boolean): PartitionReader => {
  const bounds = new Map<string, ReturnType<PartitionReader['bounds']>>()
  const fetched = new Map<string, Awaited<ReturnType<PartitionReader['fetch']>>>()
  return {
    ...reader,
    bounds: (topic, partition) => {
      const question = `${topic} ${partition}`
      const known = isFenced() ? bounds.get(question) : undefined
      const answer = known ?? reader.bounds(topic, partition)
      bounds.set(question, answer)
      return answer
    },
    fetch: async (topic, partition, from, isolation) => {
      const question = `${topic} ${partition} ${from} ${isolation}`
      const known = fetched.get(question)
      if (known !== undefined && known.next > from && isFenced()) return known
      const answer = await reader.fetch(topic, partition, from, isolation)
      fetched.set(question, answer)
      return answer
    },
  }
}
