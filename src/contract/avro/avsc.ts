import { createRequire } from 'node:module'
import type avro from 'avsc'

const require = createRequire(import.meta.url)

/** The Avro library. It is loaded when data need it: rows of the current schema are read and written without it. */
export const avsc = (): typeof avro => require('avsc') as typeof avro
