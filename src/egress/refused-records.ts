import * as E from 'fp-ts/lib/Either.js'
import { refusedRecordsStream } from '../domain/stream-name.js'
import { contentId } from '../log/content-id.js'
import { LogUnavailable, type EventLog } from '../log/event-log.js'
import { recordIdentity, recordNames } from './record-identity.js'
import type { SinkRecord } from './sink.js'

/**
 * A record that the destination of a sink refused for ever, and that was set aside so that the others go on. The record
 * itself stays in the KPI log.
 */
export type RefusedRecord = Readonly<{
  sink: string
  /** Its `recordIdentity`. */
  id: string
  /** The row key, or what else the record is about. */
  subject: string
  /** Start of its interval, ISO 8601. */
  time?: string
  revision?: number
  /** What the destination answered. */
  reason: string
  /** When it was refused first, ISO 8601. */
  at: string
}>

/**
 * Where the refused records of one sink are kept. `put` resolves once the record is stored; one that is there already
 * adds nothing. Throws `LogUnavailable`.
 */
export type RefusedRecords = Readonly<{ put: (record: SinkRecord, reason: string) => Promise<void> }>

/** Refused records in a stream of the control part of the log, which other processes write too. */
export const logRefusedRecords = (
  options: Readonly<{
    tenant: string
    sink: string
    changing: <T>(work: (log: EventLog) => Promise<T>) => Promise<T>
    now: () => number
  }>,
): RefusedRecords => {
  const { tenant, sink, changing, now } = options
  const stream = refusedRecordsStream(tenant)
  return {
    put: async (record, reason) => {
      const { subject, time, revision } = recordNames(record)
      const id = recordIdentity(record)
      const said: RefusedRecord = {
        ...{ sink, id, subject },
        ...(time !== undefined && { time }),
        ...(revision !== undefined && { revision }),
        ...{ reason, at: new Date(now()).toISOString() },
      }
      const event = {
        id: contentId(TYPE, stream, sink, id),
        type: TYPE,
        data: Buffer.from(JSON.stringify(said)),
        metadata: Buffer.from('{}'),
      }
      const [answer] = await changing((log) => log.append([{ stream, expected: 'any', events: [event] }]))
      if (answer === undefined || E.isLeft(answer))
        throw new LogUnavailable(`the stream ${stream} of the log cannot be written (${answer?.left.tag})`)
    },
  }
}

/** All refused records of a tenant, the oldest first. */
export async function* readRefusedRecords(control: EventLog, tenant: string): AsyncGenerator<RefusedRecord> {
  for await (const batch of control.readStream(refusedRecordsStream(tenant)))
    for (const { data } of batch) yield JSON.parse(Buffer.from(data).toString('utf8')) as RefusedRecord
}

const TYPE = 'RecordRefused'
