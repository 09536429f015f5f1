import avro from 'avsc'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Delivered } from '../../contracts/sink.contract.js'

type Named = { key: string; revision: number }

/** What is complete is told in folders of its own. */
const STATEMENTS = /(interval|generation)-complete$/

/**
 * Reads the rows in a files sink's folder as any Avro library would: every container file with avsc's own decoder, in the order of
 * their names.
 */
export const readAvroFiles = (folder: string): Promise<readonly Delivered[]> => readFiles(folder, '.avro', avroRows)

export const readJsonFiles = (folder: string): Promise<readonly Delivered[]> =>
  readFiles(folder, '.jsonl', async (path) => {
    const text = await readFile(path, 'utf8')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Named)
  })

const avroRows = async (path: string): Promise<Named[]> => {
  const rows: Named[] = []
  const decoder = avro.createFileDecoder(path)
  decoder.on('data', (row: Named) => rows.push(row))
  await once(decoder, 'end')
  return rows
}

const readFiles = async (
  folder: string,
  ending: string,
  read: (path: string) => Promise<Named[]>,
): Promise<readonly Delivered[]> => {
  const delivered: Delivered[] = []
  if (!existsSync(folder)) return delivered
  const isOfRows = (name: string): boolean => name !== 'commits' && !STATEMENTS.test(name)
  for (const topic of (await readdir(folder)).filter(isOfRows).sort()) {
    const files = (await readdir(join(folder, topic))).filter((name) => name.endsWith(ending)).sort(byCreation)
    for (const file of files)
      for (const { key, revision } of await read(join(folder, topic, file)))
        delivered.push({ topic, key, revision, replay: file.includes('-replay-') })
  }
  return delivered
}

/** `<generation>-<epoch>-<number>.<ending>`: in the order of epoch and number. */
const byCreation = (a: string, b: string): number => creation(a).localeCompare(creation(b))
const creation = (name: string): string => /\d{8,}-\d{6,}\./.exec(name)?.[0] ?? name
