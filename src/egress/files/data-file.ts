import { randomBytes } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { containerBlock, containerHeader, syncMarkerOf, SYNC_BYTES } from './avro-container.js'
import type { BeforeStep } from './commits.js'
import { publicationBytes } from '../../contract/schema/published-schema.js'
import type { AvroSchema } from '../../contract/schema/named-types.js'
import { recordJson, storedDatumOf } from '../record-values.js'
import type { ValuedRecord } from '../sink.js'

export type FileFormat = 'avro' | 'jsonl'

/** A file that rows are appended to. `bytes` is its length, committed or not. */
export type DataFile = Readonly<{
  name: string
  bytes: () => number
  /** Appends durably. A failure may leave part of the bytes in the file, which are not committed. */
  append: (records: readonly ValuedRecord[], beforeStep: BeforeStep) => Promise<void>
  close: () => Promise<void>
}>

export type NewDataFile = Readonly<{
  name: string
  path: string
  format: FileFormat
  schema: AvroSchema
  meta: Readonly<Record<string, string>>
}>

/** Creates a file, which must not exist. Its header is written with the first rows. */
export const createDataFile = async ({ name, path, format, schema, meta }: NewDataFile): Promise<DataFile> => {
  const handle = await open(path, 'ax')
  const sync = randomBytes(SYNC_BYTES)
  return dataFile(name, handle, 0, format, sync, format === 'avro' ? containerHeader(schema, sync, meta) : undefined)
}

/** Opens a file with `bytes` committed bytes and truncates what follows them. */
export const resumeDataFile = async (name: string, path: string, bytes: number): Promise<DataFile> => {
  const handle = await open(path, 'a+')
  await handle.truncate(bytes)
  if (name.endsWith('.jsonl')) return dataFile(name, handle, bytes, 'jsonl', EMPTY, undefined)
  if (bytes === 0) throw new Error(`${name} is in the list of open files but has no committed bytes`)
  const head = Buffer.alloc(Math.min(bytes, HEADER_BYTES_MAX))
  await handle.read(head, 0, head.length, 0)
  return dataFile(name, handle, bytes, 'avro', syncMarkerOf(head), undefined)
}

/** A header holds the schema, which has about 50 kB. */
const HEADER_BYTES_MAX = 1024 * 1024
const EMPTY = new Uint8Array(0)

const dataFile = (
  name: string,
  handle: FileHandle,
  start: number,
  format: FileFormat,
  sync: Uint8Array,
  header: Buffer | undefined,
): DataFile => {
  let bytes = start
  let head = header
  return {
    name,
    bytes: () => bytes,
    append: async (records, beforeStep) => {
      const body =
        format === 'avro'
          ? containerBlock(
              records.map((record) => Buffer.concat([storedDatumOf(record), publicationBytes(record)])),
              sync,
            )
          : jsonLines(records)
      const chunk = head === undefined ? body : Buffer.concat([head, body])
      beforeStep(`append to ${name}`)
      await handle.appendFile(chunk)
      beforeStep(`sync ${name}`)
      await handle.datasync()
      bytes += chunk.length
      head = undefined
    },
    close: () => handle.close(),
  }
}

const jsonLines = (records: readonly ValuedRecord[]): Buffer =>
  Buffer.from(records.map((record) => `${JSON.stringify(recordJson(record))}\n`).join(''))
