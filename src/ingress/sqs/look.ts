import type { SqsOptions } from './options.js'
import { sqsTrouble } from './failures.js'
import { openSqsQueue } from './queue.js'

/** Asks the queue how many messages wait, and takes none. Rejects with what is wrong, in words. */
export const lookAtSqs = async (options: SqsOptions): Promise<string> => {
  const queue = openSqsQueue(options)
  try {
    return `reachable, about ${await queue.waiting()} messages wait`
  } catch (cause) {
    throw new Error(sqsTrouble(cause, options).words, { cause })
  } finally {
    queue.close()
  }
}
