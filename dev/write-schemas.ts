/**
 * Writes the published contract, `schemas/avro/*.avsc`, from the catalogue, and the schemas of what is stored into
 * `schemas/avro/history` under their fingerprints: `tsx dev/write-schemas.ts`. Docs do not change a fingerprint, so a
 * better doc replaces the one in the history. A schema that no released version has written may be removed from the
 * history by hand; any other stays for ever, because what was written with it does.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { statementCodec } from '../src/contract/completeness-codec.js'
import { nameCodec } from '../src/contract/name-codec.js'
import { rowCodec } from '../src/contract/row-codec.js'
import { statementNames } from '../src/contract/schema/completeness-schema.js'
import { NAME_RECORD } from '../src/contract/schema/name-schema.js'
import type { AvroSchema } from '../src/contract/schema/named-types.js'
import { publishedSchema } from '../src/contract/schema/published-schema.js'
import { contractName } from '../src/contract/schema/row-schema.js'
import { familyNames } from '../src/domain/family.js'

const folder = new URL('../schemas/avro/', import.meta.url)
mkdirSync(new URL('history/', folder), { recursive: true })
const write = (name: string, schema: AvroSchema): void => {
  writeFileSync(new URL(`${name}.avsc`, folder), `${JSON.stringify(schema, null, 2)}\n`)
  console.log(`wrote ${name}.avsc`)
}
for (const [name, { schema, fingerprint }] of [
  ...familyNames.map((family) => [contractName(family), rowCodec(family)] as const),
  ...statementNames.map((statement) => [statement, statementCodec(statement)] as const),
]) {
  write(name, publishedSchema(schema))
  if (name !== 'generation-complete') write(`history/${fingerprint}`, schema) // it is in no log
}
write(NAME_RECORD, nameCodec.schema) // as it is published; it is in no log
