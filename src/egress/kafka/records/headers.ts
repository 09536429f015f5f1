import type { Delivery, SinkRecord } from '../../sink.js'

/**
 * Headers of a record: CloudEvents 1.0 in binary mode, and the two values that consumers compare, generation and
 * revision. The id identifies the record: within a generation a key and a revision always have the same bytes, so a
 * replayed record has the id of the first one.
 */
export const recordHeaders = (
  record: SinkRecord,
  contentType: string,
  delivery: Delivery = 'exactly-once',
): Record<string, string> => {
  const { key, tenant, family, revision } = record.header
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: `${record.generation}/${key}/${revision}`,
    ce_source: `/streamvane/${tenant}`,
    ce_type: `streamvane.kpi.${family}.v1`,
    ce_subject: key,
    ce_time: key.slice(key.lastIndexOf('/') + 1), // a row key ends in the start of its interval
    'content-type': contentType,
    'streamvane-row-revision': String(revision),
    'streamvane-generation': record.generation,
  }
  if (record.replay) headers['streamvane-replay'] = 'true'
  if (delivery !== 'exactly-once') headers['streamvane-delivery'] = delivery
  return headers
}
