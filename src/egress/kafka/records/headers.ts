import { intervalName } from '../../../domain/interval-complete.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { Delivery, SinkRecord } from '../../sink.js'

/**
 * Headers of a record: CloudEvents 1.0 in binary mode, and the values that consumers compare: promotion and revision,
 * with the generation that they belong to. The id identifies the record: within a generation a key and a revision always
 * have the same bytes, so a replayed record has the id of the first one.
 */
export const recordHeaders = (
  record: SinkRecord,
  contentType: string,
  delivery: Delivery = 'exactly-once',
): Record<string, string> => {
  const { generation, promotion } = record
  const { type, id, tenant, subject, time, revision } = namesOf(record)
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: `${generation}/${id}`,
    ce_source: `/streamvane/${tenant}`,
    ce_type: `streamvane.kpi.${type}.v1`,
    ce_subject: subject,
    'content-type': contentType,
    'streamvane-generation': generation,
    'streamvane-promotion': String(promotion),
  }
  if (time !== undefined) headers['ce_time'] = time
  if (revision !== undefined) headers['streamvane-row-revision'] = String(revision)
  if (record.kind === 'row' && record.replay) headers['streamvane-replay'] = 'true'
  if (delivery !== 'exactly-once') headers['streamvane-delivery'] = delivery
  return headers
}

type Names = Readonly<{ type: string; id: string; tenant: string; subject: string; time?: string; revision?: number }>

const namesOf = (record: SinkRecord): Names => {
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
    default:
      return unreachable(record)
  }
}
