import type { EventLog } from '../../log/event-log.js'

/** Of the logs, what a source may read and write beside its events: it keeps its memory in the control part. */
export type SourceLogs = Readonly<{
  raw: (role: 'reader') => Promise<EventLog>
  control: (role: 'reader') => Promise<EventLog>
  changingControl: <T>(change: (control: EventLog) => Promise<T>) => Promise<T>
}>
