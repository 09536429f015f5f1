import { standInSource } from '../support/sqs/stand-in-source.js'
import { startedWith } from './started-source.js'
import { sourceContract, type SourceRig } from './source.contract.js'

for (const group of [undefined, 'one'])
  sourceContract(`Amazon SQS, a ${group === undefined ? 'standard' : 'FIFO'} queue`, async (): Promise<SourceRig> => {
    const { sqs, source } = await standInSource()
    const queue = sqs.queue('events')
    return {
      source,
      begin: async (raws, deliver) => {
        const { running, refused } = await startedWith(source, deliver)
        for (const raw of raws) queue.send(raw.toString('utf8'), group)
        const deleted = async (): Promise<void> => {
          while (queue.seen.deleted < raws.length) await queue.changes()
        }
        return { running, acknowledged: Promise.race([refused, deleted()]).then(() => queue.seen.deleted) }
      },
    }
  })
