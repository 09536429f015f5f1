import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { nameCodec, nameJson, type NameChange } from '../../contract/name-codec.js'
import { NAME_RECORD } from '../../contract/schema/name-schema.js'
import type { Cluster, OutgoingRecord, TransactionalProducer } from './cluster.js'
import { kafkajsCluster } from './kafkajs-cluster.js'
import { namesTransactionalIdOf, transactionalIdOf, type KafkaSinkOptions } from './options.js'
import { partitioning } from './records/records.js'
import { frame } from './records/wire-format.js'
import { findSchemas } from './registry/schema-registration.js'
import { nameSubject, schemaIdKey } from './registry/subjects.js'
import { kafkaSession } from './session.js'
import { progressMessage, sinkContext, type Connected } from './sink-context.js'
import type { Delivery, Progress, Sink, SinkFailure } from '../sink.js'

/** Names and how far the raw log is dealt with: `revision` of the progress is a position in it. */
export type NamesBatch = Readonly<{ changes: readonly NameChange[]; progress: Progress }>

/** Where names go. What `Sink` says of `connect`, `stillOwner` and `close` holds here; `write` makes a batch and its progress visible together. */
export type NamesSink = Pick<Sink, 'name' | 'connect' | 'close'> &
  Readonly<{
    stillOwner: NonNullable<Sink['stillOwner']>
    write: (batch: NamesBatch) => TaskEither<SinkFailure, void>
  }>

/** Changes in one write, at most: one send to one partition stays below the size that a broker takes. */
export const NAMES_MAX = 500

const NO_BYTES = new Uint8Array(0)

export type NamesSinkOptions = Omit<
  KafkaSinkOptions,
  'topics' | 'markers' | 'families' | 'otherTopics' | 'startsOverOn'
> &
  Readonly<{ topic: string }>

/**
 * Names on a compacted topic of their own, by the laws of the rows: a batch and its progress record are one transaction,
 * under the transactional id of the rows with `.names` behind it, which fences a second writer. A topic or cluster that
 * is not the one of before gets all names again: the last record of each key counts, so that repeats nothing.
 */
export const namesSink = (options: NamesSinkOptions, cluster: Cluster = kafkajsCluster(options)): NamesSink => {
  const { topic, values } = options
  const context = sinkContext(
    {
      ...options,
      ...{ families: [], otherTopics: [topic], startsOverOn: ['topic-recreated', 'other-cluster'] },
      transactionalId: namesTransactionalIdOf(transactionalIdOf(options)),
    },
    cluster,
  )
  const session = kafkaSession(context)
  const needed = values.format === 'avro' ? nameSubject(topic, values.registry.subjects) : undefined

  /** Refused before anybody is disturbed where the schema is not there. */
  const findSchema = async (): Promise<E.Either<SinkFailure, void>> =>
    values.format === 'avro' && needed !== undefined
      ? findSchemas(values.registry, [needed], context.schemaIds)
      : E.right(undefined)

  const valueOf = ({ name }: NameChange): Buffer | null => {
    if (name === null) return null
    if (needed === undefined) return Buffer.from(JSON.stringify(nameJson(name)))
    return frame(
      context.schemaIds.get(schemaIdKey(needed.subject, needed.fingerprint))!,
      nameCodec.encode(name),
      NO_BYTES,
    )
  }

  const publish = async (
    connected: Connected,
    { changes, progress }: NamesBatch,
  ): Promise<E.Either<SinkFailure, void>> => {
    const { producer, readiness, delivery } = connected
    const partitionOf = partitioning(new Map([[topic, readiness.partitionsOf(topic)]]))
    const messages = changes.map((change): OutgoingRecord => {
      const key = keyOf(change)
      const headers = headersOf(change, values.format, delivery)
      return { key, value: valueOf(change), partition: partitionOf(topic, key), headers }
    })
    await producer.begin()
    try {
      await producer.send([
        progressMessage(context, connected, progress),
        ...(messages.length === 0 ? [] : [{ topic, messages }]),
      ])
    } catch (cause) {
      await abortQuietly(producer)
      throw cause
    }
    await producer.commit()
    connected.written = { progress, at: context.signs.now() }
    return E.right(undefined)
  }

  return {
    name: `${options.name ?? 'kafka'}.names`,
    connect: (signal, check) => async () => {
      const found = await findSchema()
      return E.isLeft(found) ? found : session.connect(signal, check)()
    },
    write: (batch) => session.transact((connected) => publish(connected, batch)),
    stillOwner: session.stillOwner,
    close: session.close,
  }
}

/** The key of the records of an object. */
const keyOf = ({ kind, id }: Pick<NameChange, 'kind' | 'id'>): string => `${kind}/${id}`

/** CloudEvents 1.0 in binary mode, as records of rows have it; a name belongs to no generation. */
const headersOf = (
  change: NameChange,
  format: KafkaSinkOptions['values']['format'],
  delivery: Delivery,
): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_id: `${NAME_RECORD}/${keyOf(change)}/${change.change}`,
  ce_source: `/streamvane/${change.tenant}`,
  ce_type: `streamvane.kpi.${NAME_RECORD}.v1`,
  ce_subject: keyOf(change),
  'content-type': `application/${format}`,
  ...(delivery !== 'exactly-once' && { 'streamvane-delivery': delivery }),
})

const abortQuietly = async (producer: TransactionalProducer): Promise<void> => {
  try {
    await producer.abort()
  } catch {
    // Still open, or aborted by the broker: the next fencing ends it in both cases.
  }
}
