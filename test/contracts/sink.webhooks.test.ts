import { atLeastOnceSink } from '../../src/egress/at-least-once/sink.js'
import { webhookDestination } from '../../src/egress/webhooks/destination.js'
import { defaultTopics, topicOf } from '../../src/egress/topics.js'
import type { FamilyName } from '../../src/domain/family.js'
import { memoryProgress } from '../egress/at-least-once/memory-delivery.js'
import { optionsFor } from '../egress/webhooks/webhook-rig.js'
import { Receiver } from '../support/webhooks/receiver.js'
import { sinkContract } from './sink.contract.js'

for (const recordsMax of [1, 3])
  sinkContract(`webhooks of up to ${recordsMax} records`, async () => {
    const receiver = await Receiver.start()
    const progress = memoryProgress()
    const options = optionsFor(receiver, { batch: { recordsMax, bytesMax: 1 << 20 } })
    return {
      sink: () => atLeastOnceSink({ name: 'hooks', destination: webhookDestination(options), progress, everyMs: 0 }),
      delivered: async () =>
        receiver.taken.flatMap(({ events }) =>
          events.map(({ type, data: { key, revision }, replay }) => ({
            topic: topicOf(defaultTopics, type.split('.')[2] as FamilyName),
            ...{ key, revision, replay: replay ?? false },
          })),
        ),
      end: () => receiver.close(),
    }
  })
