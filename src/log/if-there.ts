import { NoLog, type EventLog } from './event-log.js'

/** The log, or `undefined` where there is none yet. */
export const ifThere = async (open: () => Promise<EventLog>): Promise<EventLog | undefined> => {
  try {
    return await open()
  } catch (cause) {
    if (cause instanceof NoLog) return undefined
    throw cause
  }
}
