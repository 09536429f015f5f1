import type { ObjectStore } from '../../../src/egress/objects/object-store.js'
import { objectsSink } from '../../../src/egress/objects/sink.js'
import { defaultTopics, topicOf } from '../../../src/egress/topics.js'
import { isFamilyName } from '../../../src/domain/family.js'
import type { SinkHarness } from '../../contracts/sink.contract.js'
import { listedIn, rowsOf } from '../../support/objects/read-objects.js'
import { fedBy, KpiLog } from './kpi-log.js'

/** A destination of the contract: a store of objects, whose sinks read from one KPI log. */
export const objectsHarness = (store: () => ObjectStore, end = async (): Promise<void> => {}): SinkHarness => {
  const log = new KpiLog()
  const reader = store()
  return {
    sink: () =>
      fedBy(log, objectsSink({ name: 'lake', tenant: 'acme', store: store(), intervalRows: log.intervalRows })),
    delivered: async () => {
      const delivered = []
      for (const listed of await listedIn(reader))
        for (const { key, revision } of await rowsOf(reader, listed))
          if (isFamilyName(listed.family))
            delivered.push({ topic: topicOf(defaultTopics, listed.family), key, revision, replay: false })
      return delivered
    },
    end: async () => {
      reader.close()
      await end()
    },
  }
}
