import { tableOf } from '../../src/contract/flat-columns.js'
import { familyNames } from '../../src/domain/family.js'
import { atLeastOnceSink } from '../../src/egress/at-least-once/sink.js'
import { powerBiDestination } from '../../src/egress/power-bi/destination.js'
import { defaultTopics, topicOf } from '../../src/egress/topics.js'
import { memoryProgress } from '../egress/at-least-once/memory-delivery.js'
import { optionsFor } from '../egress/power-bi/power-bi-rig.js'
import { StandInPowerBi } from '../support/power-bi/service.js'
import { sinkContract } from './sink.contract.js'

sinkContract('Power BI, on a stand-in', async () => {
  const service = await StandInPowerBi.start()
  const progress = memoryProgress()
  return {
    sink: () =>
      atLeastOnceSink({
        ...{ name: 'reports', progress, everyMs: 0 },
        destination: powerBiDestination(optionsFor(service)),
      }),
    delivered: async () =>
      familyNames.flatMap((family) =>
        service.rows(tableOf(family)).map((row) => {
          const { key, revision, replay } = row as { key: string; revision: number; replay: boolean }
          return { topic: topicOf(defaultTopics, family), key, revision, replay }
        }),
      ),
    end: () => service.close(),
  }
})
