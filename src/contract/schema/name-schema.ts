import type { AvroSchema } from './named-types.js'
import { ROW_NAMESPACE, ROW_SCHEMA_VERSION } from './row-schema.js'

/** What the contract calls a name, in the middle of its `ce_type` and in the name of its file. */
export const NAME_RECORD = 'name'

/** Full name of the Avro record. */
export const nameFullName = `${ROW_NAMESPACE}.ObjectName`

/**
 * The Avro schema of a name. It is published as it is: a name belongs to no generation, so the fields of a publication
 * do not follow it.
 */
export const nameSchema: AvroSchema = {
  type: 'record',
  name: 'ObjectName',
  namespace: ROW_NAMESPACE,
  version: ROW_SCHEMA_VERSION,
  doc: 'What Genesys Cloud calls an object whose id rows carry. Of the records of an object the last one counts; a record without value (a tombstone) says that the object was deleted, or that its name was erased.',
  fields: [
    { name: 'tenant', type: 'string', doc: 'Tenant: the Genesys Cloud organisation as configured.' },
    {
      name: 'kind',
      type: 'string',
      doc: 'What the object is: queue, user, skill, language, wrapup, division, presence or organisation.',
    },
    { name: 'id', type: 'string', doc: 'Id of the object, as rows carry it.' },
    { name: 'name', type: 'string', doc: 'Its name.' },
    {
      name: 'since',
      type: { type: 'long', logicalType: 'timestamp-millis' },
      doc: 'From when Genesys Cloud, or who entered it, says the name to be in force. UTC, milliseconds since 1970.',
    },
    {
      name: 'revision',
      type: 'long',
      doc: 'Revision of the event that states the name in the stream of the object. It rises with each record of the object, not always by one.',
    },
  ],
}
