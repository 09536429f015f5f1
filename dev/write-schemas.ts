/**
 * Writes the published contract, `schemas/avro/*.avsc`, from the catalogue, and adds to `schemas/avro/history` what is
 * not in it: `tsx dev/write-schemas.ts`. A schema that no released version has written may be removed from the history
 * by hand; any other stays for ever, because rows that were written with it do.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { familyNames } from '../src/domain/family.js'
import { rowCodec } from '../src/contract/row-codec.js'
import { contractName } from '../src/contract/schema/row-schema.js'

const folder = new URL('../schemas/avro/', import.meta.url)
mkdirSync(new URL('history/', folder), { recursive: true })
for (const family of familyNames) {
  const { schema, fingerprint } = rowCodec(family)
  const text = `${JSON.stringify(schema, null, 2)}\n`
  const history = new URL(`history/${fingerprint}.avsc`, folder)
  for (const file of [new URL(`${contractName(family)}.avsc`, folder), ...(existsSync(history) ? [] : [history])]) {
    writeFileSync(file, text)
    console.log(`wrote ${file.pathname}`)
  }
}
