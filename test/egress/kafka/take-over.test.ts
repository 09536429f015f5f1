import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import type { KafkaSinkOptions } from '../../../src/egress/kafka/options.js'
import { connect, write } from '../../contracts/sink.contract.js'
import { ModelBroker } from '../../support/kafka-model/broker.js'
import { modelCluster, type Network } from '../../support/kafka-model/client.js'
import { createTopics, modelSink, modelTopics } from '../../support/kafka-model/model-sink.js'
import { batchAt } from '../batches.js'

test('a start that sees the rows of the first batch before its progress waits for the progress, and is not refused', async () => {
  const broker = new ModelBroker()
  createTopics(broker)
  // Markers are written only while a client waits.
  const network: Network = {
    connect: () => ({ call: async (_, request) => request() }),
    pause: async (ms) => {
      broker.writeAllMarkers()
      broker.advance(ms)
    },
  }
  const [first, second] = [0, 1].map(() => modelSink(broker, {}, modelCluster(broker, network)))
  if (first === undefined || second === undefined) return expect.fail()
  expect(await connect(first)).toEqual(E.right(undefined))
  expect(await write(first, batchAt(1))).toEqual(E.right(undefined))
  for (const marker of broker.pendingMarkers())
    if (!marker.partition.endsWith(modelTopics.progressTopic)) broker.writeMarker(marker)
  expect(await connect(second)).toEqual(E.right(batchAt(1).progress))
})

test('a markers topic that was deleted and created again is refused until that is accepted', async () => {
  const broker = new ModelBroker()
  createTopics(broker)
  broker.createTopic('markers', 1)
  const sink = (more: Partial<KafkaSinkOptions> = {}) =>
    modelSink(broker, { markers: { kind: 'topic', name: 'markers' }, ...more })
  const first = sink()
  expect(await connect(first)).toEqual(E.right(undefined))
  expect(await write(first, batchAt(1))).toEqual(E.right(undefined))
  await first.close()
  broker.deleteTopic('markers')
  broker.createTopic('markers', 1)
  expect(await connect(sink())).toMatchObject({
    left: { tag: 'Refused', reason: expect.stringContaining('created again since they were published to: markers.') },
  })
  expect(await connect(sink({ acceptProgress: ['topic-recreated'] }))).toEqual(E.right(batchAt(1).progress))
})
