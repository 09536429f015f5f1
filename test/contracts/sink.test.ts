import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atLeastOnceSink } from '../../src/egress/at-least-once/sink.js'
import { filesSink } from '../../src/egress/files/sink.js'
import { memoryDestination, memorySink } from '../../src/egress/memory-sink.js'
import { isRow } from '../../src/egress/sink.js'
import { defaultTopics, topicOf } from '../../src/egress/topics.js'
import { memoryDelivery, memoryProgress } from '../egress/at-least-once/memory-delivery.js'
import { readAvroFiles, readJsonFiles } from '../egress/files/read-files.js'
import { ModelBroker } from '../support/kafka-model/broker.js'
import { createTopics, deliveredBy, modelSink } from '../support/kafka-model/model-sink.js'
import { sinkContract } from './sink.contract.js'

sinkContract('memory', async () => {
  const destination = memoryDestination()
  return {
    sink: () => memorySink(destination),
    delivered: async () =>
      destination.records.filter(isRow).map(({ header: { family, key, revision }, replay }) => ({
        topic: topicOf(defaultTopics, family),
        key,
        revision,
        replay,
      })),
    end: async () => {},
  }
})

for (const [format, read] of [['avro', readAvroFiles] as const, ['jsonl', readJsonFiles] as const])
  sinkContract(`files as ${format}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'streamvane-files-'))
    return {
      sink: () => filesSink({ folder, tenant: 'acme' }),
      delivered: () => read(folder),
      end: () => rm(folder, { recursive: true, force: true }),
    }
  })

sinkContract('Kafka, on the model broker', async () => {
  const broker = new ModelBroker()
  createTopics(broker)
  return { sink: () => modelSink(broker), delivered: async () => deliveredBy(broker), end: async () => {} }
})

sinkContract('at least once, with the progress in the log', async () => {
  const place = memoryDelivery()
  const progress = memoryProgress()
  return {
    sink: () => atLeastOnceSink({ name: 'queue', destination: place.destination(), progress, everyMs: 0 }),
    delivered: async () => place.rows(),
    end: async () => {},
  }
})
