import type { EventLog, RecordedEvent } from '../../src/log/event-log.js'

/** Every event of a stream, in order. */
export const eventsOf = async (log: EventLog, stream: string): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readStream(stream)) events.push(...batch)
  return events
}

/** Every event of the log, in order. */
export const allEvents = async (log: EventLog): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll()) events.push(...batch)
  return events
}
