/** Writes the published contract, `schemas/avro/*.avsc`, from the catalogue: `tsx dev/write-schemas.ts`. */
import { writeFileSync } from 'node:fs'
import { familyNames } from '../src/domain/family.js'
import { contractName, rowSchema } from '../src/contract/schema/row-schema.js'

for (const family of familyNames) {
  const file = new URL(`../schemas/avro/${contractName(family)}.avsc`, import.meta.url)
  writeFileSync(file, `${JSON.stringify(rowSchema(family), null, 2)}\n`)
  console.log(`wrote ${file.pathname}`)
}
