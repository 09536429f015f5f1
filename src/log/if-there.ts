import { NoLog } from './event-log.js'

/** What is opened or read of a log; `undefined` where there is no such log (yet, or any more). */
export const ifThere = async <A>(open: () => Promise<A>): Promise<A | undefined> => {
  try {
    return await open()
  } catch (cause) {
    if (cause instanceof NoLog) return undefined
    throw cause
  }
}
