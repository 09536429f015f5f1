import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AvroSchema } from './schema/named-types.js'

/**
 * Every schema that a released version has written rows with, in `schemas/avro/history/<fingerprint>.avsc`. Rows stay
 * in the log as they were written, so a schema is never removed.
 *
 * A schema is read when a row names it: rows of the current schema need none of these files.
 */
export const historicalSchema = (fingerprint: string): AvroSchema | undefined => {
  if (!/^[0-9a-f]{16}$/.test(fingerprint)) return undefined
  const file = join(historyFolder(), `${fingerprint}.avsc`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as AvroSchema) : undefined
}

/** All of them. */
export const releasedSchemas = (): readonly AvroSchema[] =>
  readdirSync(historyFolder())
    .filter((name) => name.endsWith('.avsc'))
    .map((name) => JSON.parse(readFileSync(join(historyFolder(), name), 'utf8')) as AvroSchema)

/** The folder lies beside `src` in the sources, and beside `dist` in what is installed. */
const historyFolder = (): string => {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const history = join(folder, 'schemas', 'avro', 'history')
    if (existsSync(history)) return history
    if (folder === dirname(folder)) throw new Error('the folder schemas/avro/history is not installed')
  }
}
