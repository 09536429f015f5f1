import type { FamilyName } from '../../domain/family.js'
import { statementCodec } from '../completeness-codec.js'
import { rowCodec } from '../row-codec.js'
import { isStatementName, statementNames, type StatementName } from './completeness-schema.js'
import type { AvroSchema } from './named-types.js'
import { publishedSchema } from './published-schema.js'

/** What a published record is: a row of a family, or a marker. */
export type RecordName = FamilyName | StatementName

/** A record type of the contract: its schema as the log holds it, and as it is published. */
export type ContractSchema = Readonly<{
  name: RecordName
  stored: AvroSchema
  published: AvroSchema
  /** Of the stored schema. */
  fingerprint: string
}>

/** The schemas that this version writes for these families, and those of markers. */
export const contractSchemas = (families: readonly FamilyName[]): readonly ContractSchema[] =>
  [...families, ...statementNames].map(contractSchema)

export const contractSchema = (name: RecordName): ContractSchema => {
  const { schema, fingerprint } = isStatementName(name) ? statementCodec(name) : rowCodec(name)
  return { name, stored: schema, published: publishedSchema(schema), fingerprint }
}
