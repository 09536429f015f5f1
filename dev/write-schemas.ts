/**
 * Writes the published contract, `schemas/avro/*.avsc`, from the catalogue, and the same schemas into
 * `schemas/avro/history` under their fingerprints: `tsx dev/write-schemas.ts`. Docs do not change a fingerprint, so a
 * better doc replaces the one in the history. A schema that no released version has written may be removed from the
 * history by hand; any other stays for ever, because rows that were written with it do.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { familyNames } from '../src/domain/family.js'
import { rowCodec } from '../src/contract/row-codec.js'
import { contractName } from '../src/contract/schema/row-schema.js'

const folder = new URL('../schemas/avro/', import.meta.url)
mkdirSync(new URL('history/', folder), { recursive: true })
for (const family of familyNames) {
  const { schema, fingerprint } = rowCodec(family)
  const text = `${JSON.stringify(schema, null, 2)}\n`
  for (const name of [contractName(family), `history/${fingerprint}`]) {
    writeFileSync(new URL(`${name}.avsc`, folder), text)
    console.log(`wrote ${name}.avsc`)
  }
}
