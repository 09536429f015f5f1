import { standInSource } from '../support/service-bus/stand-in-source.js'
import { startedWith } from './started-source.js'
import { sourceContract, type SourceRig } from './source.contract.js'

for (const sessions of [undefined, 2])
  sourceContract(
    `Azure Service Bus, ${sessions === undefined ? 'a queue' : 'a queue with sessions'}`,
    async (): Promise<SourceRig> => {
      const { bus, source } = await standInSource({ sessions })
      const queue = bus.queue('events')
      return {
        source,
        begin: async (raws, deliver) => {
          const { running, refused } = await startedWith(source, deliver)
          for (const raw of raws) queue.send(raw, sessions === undefined ? undefined : 'one')
          const completed = new Promise<void>((resolve) =>
            queue.onChange(() => queue.seen.completed === raws.length && resolve()),
          )
          return { running, acknowledged: Promise.race([refused, completed]).then(() => queue.seen.completed) }
        },
      }
    },
  )
