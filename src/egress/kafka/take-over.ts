import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import { familyNames } from '../../domain/family.js'
import { transactionalProducer } from './connection.js'
import { familyReadiness } from './family-readiness.js'
import { kafkaDefaults } from './options.js'
import { readProgress } from './progress.js'
import { progressMessage, withReader, type Connected, type SinkContext } from './sink-context.js'
import type { Progress, SinkFailure } from '../sink.js'

/**
 * Makes this instance the one that publishes: prepares the families, fences every other producer of the transactional
 * id, reads the progress, and commits a claim with this instance's name.
 */
export const takeOver = (
  context: SinkContext,
  signal: AbortSignal,
): Promise<E.Either<SinkFailure, Readonly<{ connected: Connected; progress: Progress | undefined }>>> =>
  withReader(context, async (reader) => {
    const { options, topics, progressTopic, transactionalId, schemaIds, kafka } = context
    const { transactionTimeoutMs = kafkaDefaults.transactionTimeoutMs } = options
    const readiness = familyReadiness(options, topics, schemaIds)
    const prepared = await readiness.prepare(options.families ?? familyNames, reader, [progressTopic])
    if (E.isLeft(prepared)) return prepared
    const producer = transactionalProducer(kafka, transactionalId, transactionTimeoutMs)
    try {
      await producer.connect()
      // The first transaction of a producer asks the broker for an epoch, which fences all others. What is read
      // afterwards stays true.
      const transaction = await producer.transaction()
      signal.throwIfAborted()
      const partition = readiness.partitionOf(progressTopic, transactionalId)
      const last = await readProgress(reader, { topic: progressTopic, partition, key: transactionalId }, signal)
      const owner = { id: randomUUID(), host: hostname(), pid: process.pid }
      const claim = progressMessage(context, { progress: last?.progress, owner }, readiness.partitionOf)
      await transaction.sendBatch({ acks: -1, topicMessages: [claim] })
      await transaction.commit()
      return E.right({ connected: { producer, owner, readiness }, progress: last?.progress })
    } catch (cause) {
      await producer.disconnect().catch(() => {})
      throw cause
    }
  })
