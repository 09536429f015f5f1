import type { FamilyName } from '../../domain/family.js'
import { statementCodec } from '../completeness-codec.js'
import { nameCodec } from '../name-codec.js'
import { rowCodec } from '../row-codec.js'
import { isStatementName, statementNames, type StatementName } from './completeness-schema.js'
import { NAME_RECORD } from './name-schema.js'
import type { AvroSchema } from './named-types.js'
import { publishedSchema } from './published-schema.js'

/** What a published record is: a row of a family, a marker, or the name of an object. */
export type RecordName = FamilyName | StatementName | typeof NAME_RECORD

/** A record type of the contract: its schema as the log holds it, and as it is published. */
export type ContractSchema = Readonly<{
  name: RecordName
  stored: AvroSchema
  published: AvroSchema
  /** Of the stored schema. */
  fingerprint: string
}>

/** The schemas that this version writes for these families, and those of markers and names. */
export const contractSchemas = (families: readonly FamilyName[]): readonly ContractSchema[] =>
  [...families, ...statementNames, NAME_RECORD as RecordName].map(contractSchema)

export const contractSchema = (name: RecordName): ContractSchema => {
  if (name === NAME_RECORD) {
    const { schema, fingerprint } = nameCodec
    return { name, stored: schema, published: schema, fingerprint }
  }
  const { schema, fingerprint } = isStatementName(name) ? statementCodec(name) : rowCodec(name)
  return { name, stored: schema, published: publishedSchema(schema), fingerprint }
}
