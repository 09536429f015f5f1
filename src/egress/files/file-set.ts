import { mkdir, readdir, rm, truncate } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { FamilyName } from '../../domain/family.js'
import { createDataFile, resumeDataFile, type DataFile, type FileFormat } from './data-file.js'
import { syncFolder, type BeforeStep, type Commit } from './commits.js'
import { statementCodec } from '../../contract/completeness-codec.js'
import { readerOfSchema } from '../../contract/row-codec.js'
import { isStatementName, type StatementName } from '../../contract/schema/completeness-schema.js'
import type { AvroSchema } from '../../contract/schema/named-types.js'
import { publishedSchema } from '../../contract/schema/published-schema.js'
import { storedSchemaOf } from '../record-values.js'
import type { ValuedRecord } from '../sink.js'
import { topicOf, type Topics } from '../topics.js'

/** A connected sink: the last commit, the files that are appended to by the key of their group, and files created. */
export type Connected = { commit: Commit; readonly files: Map<string, DataFile>; created: number }

export type Group = Readonly<{
  topic: string
  stem: string
  format: FileFormat
  /** What the file holds: rows of a family, or markers. */
  holds: FamilyName | StatementName
  /** Fingerprint of the stored schema; the file has the published one. */
  schema: string
  records: ValuedRecord[]
}>

/** Markers and statements on generations are files of their own, in folders beside those of the topics. */
const folderOf: Readonly<Record<StatementName, string>> = {
  'interval-complete': 'interval-complete',
  'generation-complete': 'generation-complete',
}

/** The stored schema of a group; why not, if it is unknown. */
export const storedSchema = (holds: Group['holds'], fingerprint: string): E.Either<string, AvroSchema> => {
  if (isStatementName(holds)) return E.right(statementCodec(holds).schema)
  const reader = readerOfSchema(fingerprint)
  return E.isRight(reader) ? E.right(reader.right.schema) : E.left(reader.left.message)
}

/** Groups records by the file that takes them. Each group keeps the order of the batch. */
export const groupByFile = (
  records: readonly ValuedRecord[],
  topics: Topics,
  formats: readonly FileFormat[],
): ReadonlyMap<string, Group> => {
  const groups = new Map<string, Group>()
  for (const record of records) {
    const holds = record.kind === 'row' ? record.header.family : record.kind
    const topic = record.kind === 'row' ? topicOf(topics, record.header.family) : folderOf[record.kind]
    const schema = storedSchemaOf(record)
    const stem = `${record.generation}${record.kind === 'row' && record.replay ? '-replay' : ''}`
    for (const format of formats) {
      // An Avro file has one schema, so each family that shares a topic has a file of its own.
      const key = `${topic}/${stem}/${format}/${format === 'avro' ? schema : ''}`
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { topic, stem, format, holds, schema, records: [record] })
      else group.records.push(record)
    }
  }
  return groups
}

/** The file that takes a group: the one that is open for it, or a new one if there is none or it is full. */
export const fileFor = async (
  folder: string,
  fileBytesMax: number,
  connected: Connected,
  key: string,
  { topic, stem, format, holds, schema, records }: Group,
  beforeStep: BeforeStep,
): Promise<DataFile> => {
  const current = connected.files.get(key)
  if (current !== undefined && current.bytes() < fileBytesMax) return current
  const written = storedSchema(holds, schema)
  if (E.isLeft(written)) throw new Error(written.left)
  const epoch = String(connected.commit.writer.epoch).padStart(8, '0')
  const number = String((connected.created += 1)).padStart(6, '0')
  const name = `${topic}/${stem}-${epoch}-${number}.${format}`
  const path = join(folder, name)
  beforeStep(`create ${name}`)
  await mkdir(dirname(path), { recursive: true })
  const meta = {
    'streamvane.family': holds,
    'streamvane.generation': records[0]?.generation ?? '',
    'streamvane.schema': schema,
  }
  const file = await createDataFile({ name, path, format, schema: publishedSchema(written.right), meta })
  connected.files.set(key, file)
  await current?.close()
  await syncFolder(dirname(path))
  await syncFolder(folder)
  return file
}

/** Opens the files that the commit lists as open. */
export const openFiles = async (
  folder: string,
  { commit, files }: Connected,
  beforeStep: BeforeStep,
): Promise<void> => {
  for (const [key, name] of Object.entries(commit.open)) {
    beforeStep(`open ${name}`)
    files.set(key, await resumeDataFile(name, join(folder, name), commit.files[name] ?? 0))
  }
}

/** Removes what was written and not committed: the ends of files, and files that are not in the commit. */
export const cutBack = async (folder: string, commit: Commit, beforeStep: BeforeStep): Promise<void> => {
  for (const [name, bytes] of Object.entries(commit.files)) {
    beforeStep(`cut ${name}`)
    await truncate(join(folder, name), bytes)
  }
  const topics = (await readdir(folder, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && entry.name !== 'commits',
  )
  for (const topic of topics)
    for (const file of await readdir(join(folder, topic.name)))
      if (OURS.test(file) && commit.files[`${topic.name}/${file}`] === undefined) {
        beforeStep(`remove ${topic.name}/${file}`)
        await rm(join(folder, topic.name, file), { force: true })
      }
}

/** Removes what a fenced writer has appended since its last commit. */
export const withdraw = async (folder: string, files: readonly DataFile[], successor: Commit): Promise<void> => {
  for (const { name } of files) {
    const bytes = successor.files[name]
    if (bytes === undefined) await rm(join(folder, name), { force: true })
    else if (!Object.values(successor.open).includes(name)) await truncate(join(folder, name), bytes)
  }
}

const OURS = /-\d{8,}-\d{6,}\.(avro|jsonl)$/
