import { recordIdentity, recordNames } from '../../record-identity.js'
import type { Delivery, SinkRecord } from '../../sink.js'
import { PackedHeaders, type HeaderTemplate, type RecordHeaders } from '../protocol/packed-headers.js'
import { headerTemplate } from '../protocol/record-encoder.js'

/** A header: what it holds, and who reads it. It is on every record unless `only` says when. */
export type HeaderDoc = Readonly<{ doc: string; readers: string; only?: string }>

/** Every header of a record. A header without a reader has no place here. */
export const headerDocs: Readonly<Record<string, HeaderDoc>> = {
  ce_specversion: { doc: 'Version of CloudEvents: 1.0.', readers: 'CloudEvents libraries, which demand it' },
  ce_id: {
    doc: 'Names the record for ever: of a row generation, row key and revision. A replayed record has the id of the first one.',
    readers: 'consumers that drop what they have seen; CloudEvents libraries, which demand it',
  },
  ce_source: {
    doc: 'Whose rows they are: /streamvane/ and the tenant.',
    readers:
      'consumers and routers of a topic that tenants share; the egress itself, which looks whether a topic holds rows of its tenant; CloudEvents libraries, which demand it',
  },
  ce_type: {
    doc: 'What the value is: streamvane.kpi.<family>.v1, streamvane.kpi.interval-complete.v1, streamvane.kpi.generation-complete.v1; of a tombstone for a deletion streamvane.kpi.left.v1. The end is the major version of the contract.',
    readers:
      'consumers of a topic that families share, which choose before they decode; CloudEvents libraries, which demand it',
  },
  ce_subject: {
    doc: 'The row key; of a marker the family, granularity and interval, or the family; of a tombstone for a deletion what has left.',
    readers:
      'consumers that filter or route by row without decoding; what keys a table by row where the record key is the queue or agent',
  },
  ce_time: {
    doc: 'Start of the interval, ISO 8601 in UTC.',
    only: 'on records of an interval',
    readers: 'consumers that filter by interval without decoding; stores that partition by event time',
  },
  'content-type': {
    doc: 'application/avro or application/json.',
    readers: 'consumers of a topic whose format was changed; CloudEvents libraries',
  },
  'streamvane-row-revision': {
    doc: 'The revision of the row, a whole number.',
    readers: 'consumers that keep the highest revision without decoding the value (rule 2 of the contract)',
    only: 'on rows',
  },
  'streamvane-generation': {
    doc: 'The generation that computed the record.',
    readers: 'consumers that keep rows of one generation apart from those of another (rule 2 of the contract)',
  },
  'streamvane-promotion': {
    doc: 'Number of the promotion by which the generation became the published one.',
    readers:
      'consumers that keep the highest promotion and revision without decoding the value (rule 2 of the contract)',
  },
  'streamvane-replay': {
    doc: 'true: the record was published before, and again on request.',
    readers: 'consumers that drop replays; the egress itself, which does not take a replay for what it published',
    only: 'on replayed records',
  },
  'streamvane-delivery': {
    doc: 'at-least-once: the broker has no transactions, and the record may come again with the same id.',
    readers: 'consumers that otherwise rely on each revision coming once',
    only: 'where delivery is not exactly once',
  },
}

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
  const { type, tenant, subject, time, revision } = recordNames(record)
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: recordIdentity(record),
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

/**
 * Makes the headers of records that go out together: those of `recordHeaders`. Of rows they are packed: what rows of a
 * family have in common is encoded once.
 */
export const headerPacking = (contentType: string, delivery: Delivery): ((record: SinkRecord) => RecordHeaders) => {
  const templates = new Map<string, RowTemplate>()
  return (record) => {
    if (record.kind !== 'row') return recordHeaders(record, contentType, delivery)
    const { header, generation, promotion, replay } = record
    const name = replay ? `${header.family} replay` : header.family
    let made = templates.get(name)
    if (made?.generation !== generation || made.promotion !== promotion || made.tenant !== header.tenant) {
      const template = templateOf(recordHeaders(record, contentType, delivery))
      templates.set(name, (made = { generation, promotion, tenant: header.tenant, template }))
    }
    const { id, subject, time = '', revision } = recordNames(record)
    return new PackedHeaders(made.template, [`${generation}/${id}`, subject, time, String(revision)])
  }
}

type RowTemplate = Readonly<{ generation: string; promotion: number; tenant: string; template: HeaderTemplate }>

/** In the order of `recordHeaders`. */
const OF_EACH_ROW: ReadonlySet<string> = new Set(['ce_id', 'ce_subject', 'ce_time', 'streamvane-row-revision'])

const templateOf = (headers: Readonly<Record<string, string>>): HeaderTemplate =>
  headerTemplate(Object.entries(headers).map(([name, value]) => [name, OF_EACH_ROW.has(name) ? undefined : value]))
