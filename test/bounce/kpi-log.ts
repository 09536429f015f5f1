import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { nameOf, type HeldRows } from './ledger.js'

const HISTORY = join(import.meta.dirname, '../../schemas/avro/history')

/** The fields that name a row. */
type Datum = Readonly<{ key: string; revision: number }>

/**
 * Every row revision that the KPI stream of a generation holds, with the digest of the bytes that are to be
 * published. Rows are read with the schemas of the repository and another Avro library than the egress uses.
 */
export const heldRows = async (data: string, tenant: string, generation: string): Promise<HeldRows> => {
  const log = await openEmbeddedLog({ dir: join(data, 'log', `kpi-${generation}`), mode: 'reader' })
  const held = new Map<string, string>()
  const published = publication(generation, FIRST_PROMOTION)
  try {
    for await (const events of log.readStream(`${tenant}.kpi-${generation}`))
      for (const { type, data: bytes, metadata } of events) {
        if (!type.startsWith('Row.')) continue
        const { schema } = JSON.parse(Buffer.from(metadata).toString()) as { schema: string }
        const { key, revision } = typeOf(schema).fromBuffer(Buffer.from(bytes)) as Datum
        const name = nameOf({ generation, key, revision })
        if (held.has(name)) throw new Error(`the KPI log holds ${name} twice`)
        held.set(name, createHash('sha256').update(bytes).update(published).digest('hex'))
      }
  } finally {
    await log.close()
  }
  return held
}

const FIRST_PROMOTION = 1

/** What stands behind the stored datum of a published one: two optional fields, a short text and a small number. */
const publication = (generation: string, promotion: number): Buffer => {
  const text = Buffer.from(generation)
  return Buffer.concat([Buffer.from([2, 2 * text.length]), text, Buffer.from([2, 2 * promotion])])
}

const types = new Map<string, avro.Type>()

const typeOf = (fingerprint: string): avro.Type => {
  let type = types.get(fingerprint)
  if (type === undefined) {
    const schema = readFileSync(join(HISTORY, `${fingerprint}.avsc`), 'utf8')
    types.set(fingerprint, (type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema)))
  }
  return type
}
