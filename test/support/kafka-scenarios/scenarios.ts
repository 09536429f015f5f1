import * as E from 'fp-ts/lib/Either.js'
import { setTimeout as pause } from 'node:timers/promises'
import { ClusterError, type Cluster, type TransactionalProducer } from '../../../src/egress/kafka/cluster.js'
import type { KafkaSinkOptions } from '../../../src/egress/kafka/options.js'
import type { Progress, Sink, SinkFailure } from '../../../src/egress/sink.js'
import { connect, write } from '../../contracts/sink.contract.js'
import { batchAt } from '../../egress/batches.js'

/** A cluster that a scenario is played on: the model, or a real one. */
export type Stage = Readonly<{
  cluster: Cluster
  /** A topic of one partition, empty. */
  topic: string
  /** No other scenario uses it. */
  transactionalId: string
  /** An instance of the sink. Its next commit can be made to lose its request, or its answer. */
  sink: (
    options?: Partial<KafkaSinkOptions>,
  ) => Readonly<{ sink: Sink; loseNextCommit: (what: 'request' | 'answer') => void }>
  /** Deletes the topic that rows of queues go to, and creates it again. */
  createAgain: () => Promise<void>
}>

export type Scenario = Readonly<{
  name: string
  /** Plays it and tells what happened. */
  play: (stage: Stage) => Promise<readonly unknown[]>
  /** What happens, on the model and on a real broker. */
  outcome: readonly unknown[]
}>

const producerOf = ({ cluster, transactionalId }: Stage, timeoutMs = 60_000, id = transactionalId) =>
  cluster.transactionalProducer({ transactionalId: id, timeoutMs, compression: 'none' })

const send = (producer: TransactionalProducer, { topic }: Stage, ...values: readonly string[]): Promise<unknown> =>
  producer.send([{ topic, messages: values.map((value) => ({ key: value, value: Buffer.from(value), partition: 0 })) }])

/** `done`, or the name of the protocol's error. */
const attempted = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'done'
  } catch (cause) {
    return cause instanceof ClusterError ? (cause.protocolError ?? 'no answer') : String(cause)
  }
}

/** The values in the topic once it holds so many records and markers, and whether all of it is stable. */
const read = async (
  { cluster, topic }: Stage,
  isolation: 'committed' | 'uncommitted',
  wanted: Readonly<{ end: bigint; stable?: boolean }>,
): Promise<Readonly<{ values: readonly string[]; stable: bigint }>> => {
  const reader = await cluster.reader()
  try {
    await reader.partitions(topic)
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const { end } = await reader.bounds(topic, 0)
      const { records, stable } = await reader.fetch(topic, 0, 0n, isolation)
      if (end >= wanted.end && (wanted.stable === false || stable >= wanted.end))
        return { values: records.map(({ value }) => String(value)), stable }
      await pause(10)
    }
    throw new Error(`${topic} did not come to ${wanted.end}`)
  } finally {
    await reader.close()
  }
}

const told = <A>(result: E.Either<SinkFailure, A>): unknown =>
  E.isRight(result) ? (result.right ?? 'done') : result.left.tag

const progressOf = (n: number): Progress | undefined => batchAt(n).progress

export const scenarios: readonly Scenario[] = [
  {
    name: 'a second instance fences the first',
    play: async (stage) => {
      const [first, second] = [stage.sink().sink, stage.sink().sink]
      const happened = [
        told(await connect(first)),
        told(await write(first, batchAt(1))),
        told(await connect(second)),
        told(await write(first, batchAt(2))),
        told(await write(second, batchAt(2))),
        told(await connect(first)),
        told(await write(second, batchAt(3))),
      ]
      await Promise.all([first.close(), second.close()])
      return happened
    },
    outcome: ['done', 'done', progressOf(1), 'Fenced', 'done', 'Fenced', 'done'],
  },
  {
    name: 'a zombie comes back after its transaction has timed out',
    play: async (stage) => {
      const zombie = await producerOf(stage, 1_000)
      await zombie.begin()
      await send(zombie, stage, 'a')
      const { values } = await read(stage, 'committed', { end: 2n }) // the record and the marker that aborts it
      const happened = [values, await attempted(zombie.commit())]
      await zombie.disconnect()
      return happened
    },
    outcome: [[], 'INVALID_PRODUCER_EPOCH'],
  },
  {
    name: 'the next instance ends the transaction that a crash left open',
    play: async (stage) => {
      const crashed = await producerOf(stage)
      await crashed.begin()
      await send(crashed, stage, 'a')
      const next = await producerOf(stage)
      const before = await read(stage, 'committed', { end: 2n })
      await next.begin()
      await send(next, stage, 'b')
      await next.commit()
      const after = await read(stage, 'committed', { end: 4n })
      const late = await attempted(send(crashed, stage, 'c'))
      await Promise.all([crashed.disconnect(), next.disconnect()])
      return [before.values, after.values, late]
    },
    outcome: [[], ['b'], 'INVALID_PRODUCER_EPOCH'],
  },
  ...(['request', 'answer'] as const).map((what): Scenario => ({
    name: `the ${what} of a commit is lost`,
    play: async (stage) => {
      const { sink, loseNextCommit } = stage.sink()
      const happened = [told(await connect(sink)), told(await write(sink, batchAt(1)))]
      loseNextCommit(what)
      happened.push(told(await write(sink, batchAt(2))), told(await connect(sink)))
      await sink.close()
      return happened
    },
    outcome: ['done', 'done', 'NotConnected', progressOf(what === 'answer' ? 2 : 1)],
  })),
  {
    name: 'records of an aborted transaction are invisible to read_committed alone',
    play: async (stage) => {
      const producer = await producerOf(stage)
      await producer.begin()
      await send(producer, stage, 'a')
      await producer.abort()
      await producer.begin()
      await send(producer, stage, 'b')
      await producer.commit()
      const committed = await read(stage, 'committed', { end: 4n })
      const uncommitted = await read(stage, 'uncommitted', { end: 4n })
      await producer.disconnect()
      return [committed.values, uncommitted.values]
    },
    // The reader of the port leaves out what is known to be aborted; at read_uncommitted the broker does not tell.
    outcome: [['b'], ['a', 'b']],
  },
  {
    name: 'an open transaction holds back what others commit behind it',
    play: async (stage) => {
      const holding = await producerOf(stage)
      const other = await producerOf(stage, 60_000, `${stage.transactionalId}.other`)
      await holding.begin()
      await send(holding, stage, 'a')
      await other.begin()
      await send(other, stage, 'b')
      await other.commit()
      const before = await read(stage, 'committed', { end: 3n, stable: false })
      await holding.commit()
      const after = await read(stage, 'committed', { end: 4n })
      await Promise.all([holding.disconnect(), other.disconnect()])
      return [before.values, before.stable, after.values]
    },
    outcome: [[], 0n, ['a', 'b']],
  },
  {
    name: 'a row topic is deleted and created again',
    play: async (stage) => {
      const first = stage.sink().sink
      const happened = [told(await connect(first)), told(await write(first, batchAt(1)))]
      await first.close()
      await stage.createAgain()
      const second = stage.sink().sink
      const third = stage.sink({ acceptProgress: ['topic-recreated'] }).sink
      happened.push(told(await connect(second)), told(await connect(third)))
      await Promise.all([second.close(), third.close()])
      return happened
    },
    outcome: ['done', 'done', 'Refused', progressOf(1)],
  },
]
