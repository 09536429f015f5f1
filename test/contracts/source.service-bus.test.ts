import { onTestFinished } from 'vitest'
import { standInSource } from '../support/service-bus/stand-in-source.js'
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
          let onRefused = (): void => undefined
          const refused = new Promise<void>((resolve) => (onRefused = resolve))
          const running = await source.start((batch) =>
            deliver(batch).catch((cause: unknown) => {
              onRefused()
              throw cause
            }),
          )
          onTestFinished(() => running.close())
          for (const raw of raws) queue.send(raw, sessions === undefined ? undefined : 'one')
          const completed = new Promise<void>((resolve) =>
            queue.onChange(() => queue.seen.completed === raws.length && resolve()),
          )
          return { running, acknowledged: Promise.race([refused, completed]).then(() => queue.seen.completed) }
        },
      }
    },
  )
