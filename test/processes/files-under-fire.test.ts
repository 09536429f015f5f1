import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sinkUnderFire, type ArrivedRow } from '../support/sink-under-fire.js'

/** The rows in the committed files of JSON lines; after a clean stop that is all of every file. */
const rowsInFiles = async (folder: string): Promise<readonly ArrivedRow[]> => {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.jsonl')).sort()
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap(
    (text) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((value): ArrivedRow => ({ ...(JSON.parse(value) as Omit<ArrivedRow, 'value'>), value }))
        .filter((line) => 'revision' in line), // the others state what is complete
  )
}

sinkUnderFire('rows in files', () => ({
  sink: { use: 'files' },
  promises: 'exactly-once',
  values: 'json',
  arrived: ({ data }) => rowsInFiles(join(data, 'files-fired')),
}))
