import { intervalName } from '../domain/interval-complete.js'
import { unreachable } from '../domain/unreachable.js'
import type { SinkRecord } from './sink.js'

/**
 * Names a record for ever, as the same text at every destination (`ce_id`, a message id, `webhook-id`): of a row
 * `<generation>/<row key>/<revision>`. Within a generation a key and a revision always have the same bytes, so what
 * comes again, and what is replayed, has the identity of the first one.
 */
export const recordIdentity = (record: SinkRecord): string => `${record.generation}/${recordNames(record).id}`

/**
 * What a record is called: the last part of its type (`streamvane.kpi.<type>.v1`), its identity within the generation,
 * whose it is and what it is about. `time`: start of its interval, ISO 8601 in UTC; `revision`: of a row.
 */
export type RecordNames = Readonly<{
  type: string
  id: string
  tenant: string
  subject: string
  time?: string
  revision?: number
}>

export const recordNames = (record: SinkRecord): RecordNames => {
  switch (record.kind) {
    case 'row': {
      const { key, tenant, family, revision } = record.header
      // A row key ends in the start of its interval.
      const time = key.slice(key.lastIndexOf('/') + 1)
      return { type: family, id: `${key}/${revision}`, tenant, subject: key, time, revision }
    }
    case 'interval-complete': {
      const { tenant, start, number } = record.marker
      const subject = intervalName(record.marker)
      const id = `${record.kind}/${subject}/${number}`
      return { type: record.kind, id, tenant, subject, time: new Date(start).toISOString() }
    }
    case 'generation-complete': {
      const { tenant, family } = record.statement
      return { type: record.kind, id: `${record.kind}/${family}/${record.promotion}`, tenant, subject: family }
    }
    case 'left': {
      const { tenant, dimension, id, at } = record.left
      const subject = `${dimension}/${id}`
      return { type: 'left', id: `left/${subject}/${at}`, tenant, subject }
    }
    default:
      return unreachable(record)
  }
}
