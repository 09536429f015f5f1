import * as E from 'fp-ts/lib/Either.js'
import type { Cluster } from './cluster.js'
import { kafkajsCluster } from './kafkajs-cluster.js'
import { locate } from './locate.js'
import type { KafkaSinkOptions } from './options.js'
import { encode, publish, type Sends } from './publish.js'
import { kafkaSession } from './session.js'
import { sinkContext } from './sink-context.js'
import { keepsLatest } from '../topics.js'
import type { Sink, SinkBatch } from '../sink.js'

/** Rows on Kafka, exactly once: a batch and its progress record are one transaction under a stable transactional id. */
export const kafkaSink = (options: KafkaSinkOptions, cluster: Cluster = kafkajsCluster(options)): Sink => {
  const context = sinkContext(options, cluster)
  /** The batch that is written next, encoded for this connection. */
  let prepared: Readonly<{ batch: SinkBatch; sends: Sends }> | undefined
  const session = kafkaSession(context, () => (prepared = undefined))
  return {
    name: options.name ?? 'kafka',
    connect: session.connect,
    write: (batch) =>
      session.transact((state) =>
        publish(context, state, batch, prepared?.batch === batch ? prepared.sends : undefined),
      ),
    locate: (records, signal) => session.attempt(async () => E.right(await locate(context, records, signal))),
    prepare: (batch) => {
      const state = session.connected()
      const sends = state === undefined ? undefined : encode(context, state, batch)
      prepared = sends === undefined ? undefined : { batch, sends }
    },
    keepsLatest: keepsLatest(context.topics),
    delivery: session.delivery,
    deadLettered: () => context.badRows.deadLettered,
    stillOwner: session.stillOwner,
    close: session.close,
  }
}
