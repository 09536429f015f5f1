import type { SinkRecord } from '../sink.js'

/**
 * Headers of a record: CloudEvents 1.0 in binary mode, and what consumers deduplicate by. The id names the record for
 * ever, because within a generation (key, revision) always has the same bytes; a replayed record therefore has the id
 * of the first.
 */
export const recordHeaders = (record: SinkRecord, contentType: string): Record<string, string> => {
  const { key, tenant, family, revision } = record.header
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: `${record.generation}/${key}/${revision}`,
    ce_source: `/streamvane/${tenant}`,
    ce_type: `streamvane.kpi.${family}.v1`,
    ce_subject: key,
    ce_time: key.slice(key.lastIndexOf('/') + 1), // a row key ends in the start of its interval
    'content-type': contentType,
    'streamvane-row-key': key,
    'streamvane-row-revision': String(revision),
    'streamvane-generation': record.generation,
  }
  if (record.replay) headers['streamvane-replay'] = 'true'
  return headers
}
