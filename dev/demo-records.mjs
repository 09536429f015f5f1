// @ts-check
import { createRequire } from 'node:module'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const READ_LIMIT_MS = 60_000

/**
 * @typedef {{
 *   queueId: string, mediaType: string, intervalStart: number, revision: number, key: string,
 *   measures: Record<string, any>, kpis: Record<string, any>
 * }} QueueRecord
 */

/**
 * Consumes a topic from its beginning to its present end, as any other consumer would: read committed, decoded through
 * the registry.
 * @param {{ brokers: string[], registryUrl: string | undefined, topic: string }} from
 * @returns {Promise<QueueRecord[]>}
 */
export const consumeRecords = async ({ brokers, registryUrl, topic }) => {
  const { Kafka, logLevel } = require('kafkajs')
  const kafka = new Kafka({ brokers, clientId: 'streamvane-demo', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map(
    (await admin.fetchTopicOffsets(topic)).map((/** @type {any} */ end) => [end.partition, BigInt(end.high)]),
  )
  await admin.disconnect()
  const registry =
    registryUrl === undefined
      ? undefined
      : new (require('@kafkajs/confluent-schema-registry').SchemaRegistry)({ host: registryUrl })
  const open = new Set([...ends].filter(([, high]) => high > 0n).map(([partition]) => partition))
  /** @type {QueueRecord[]} */
  const records = []
  if (open.size === 0) return records
  const consumer = kafka.consumer({ groupId: `streamvane-demo-${Date.now()}`, readUncommitted: false })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Error(`${topic} could not be read to its end within ${READ_LIMIT_MS} ms`)),
      READ_LIMIT_MS,
    )
    limit.unref()
    consumer.on(consumer.events.CRASH, (/** @type {any} */ event) => reject(event.payload.error))
    // The end of a batch, not its last message, tells where a partition is: markers of transactions are offsets too.
    consumer.on(consumer.events.END_BATCH_PROCESS, (/** @type {any} */ { payload }) => {
      if (BigInt(payload.lastOffset) + 2n >= /** @type {bigint} */ (ends.get(payload.partition)))
        open.delete(payload.partition)
      if (open.size === 0) resolve(undefined)
    })
    consumer
      .run({
        eachBatch: async (/** @type {any} */ { batch }) => {
          for (const { value } of batch.messages)
            records.push(registry === undefined ? fromJson(value) : await registry.decode(value))
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
  return records
}

/**
 * Reads the Avro files of a topic.
 * @param {string} folder
 * @returns {Promise<QueueRecord[]>}
 */
export const readRecords = async (folder) => {
  const avro = require('avsc')
  /** @type {QueueRecord[]} */
  const records = []
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.avro'))
    .sort())
    for await (const record of avro.createFileDecoder(join(folder, file))) records.push(record)
  return records
}

/**
 * The highest revision of every row, in the order of the intervals.
 * @param {QueueRecord[]} records
 */
export const latest = (records) => {
  /** @type {Map<string, QueueRecord>} */
  const rows = new Map()
  for (const record of records)
    if (record.revision > (rows.get(record.key)?.revision ?? 0)) rows.set(record.key, record)
  return [...rows.values()].sort((a, b) => a.intervalStart - b.intervalStart || (a.key < b.key ? -1 : 1))
}

/** @param {Buffer} value */
const fromJson = (value) => {
  const record = JSON.parse(value.toString('utf8'))
  return { ...record, intervalStart: Date.parse(record.intervalStart) }
}
