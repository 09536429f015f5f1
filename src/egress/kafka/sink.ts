import * as E from 'fp-ts/lib/Either.js'
import type { Cluster } from './cluster.js'
import { encodeAhead, type EncodedAhead } from './encode-ahead.js'
import { kafkajsCluster } from './kafkajs-cluster.js'
import { locate } from './locate.js'
import type { KafkaSinkOptions } from './options.js'
import { publish, wayOut } from './publish.js'
import { sendCutter } from './records/records.js'
import { kafkaSession } from './session.js'
import { sinkContext } from './sink-context.js'
import { keepsLatest } from '../topics.js'
import type { Sink, SinkBatch } from '../sink.js'

/** Rows on Kafka, exactly once: a batch and its progress record are one transaction under a stable transactional id. */
export const kafkaSink = (options: KafkaSinkOptions, cluster: Cluster = kafkajsCluster(options)): Sink => {
  const context = sinkContext(options, cluster)
  /** The batch that is written next. */
  let next: Readonly<{ batch: SinkBatch; ahead: EncodedAhead }> | undefined
  const forget = (): void => {
    next?.ahead.drop()
    next = undefined
  }
  const session = kafkaSession(context, forget)
  return {
    name: options.name ?? 'kafka',
    connect: session.connect,
    write: (batch) =>
      session.transact((state) =>
        publish(context, state, batch, next?.batch === batch ? next.ahead.sends() : undefined),
      ),
    locate: (records, signal) => session.attempt(async () => E.right(await locate(context, records, signal))),
    prepare: (batch) => {
      forget()
      const connected = session.connected()
      // Where a topic or a schema is to be looked up first, `publish` does so.
      if (connected === undefined || connected.readiness.unready(batch.records).length > 0) return
      next = { batch, ahead: encodeAhead(sendCutter(...wayOut(context, connected)), batch.records) }
    },
    keepsLatest: keepsLatest(context.topics),
    delivery: session.delivery,
    deadLettered: () => context.badRows.deadLettered,
    stillOwner: session.stillOwner,
    close: session.close,
  }
}
