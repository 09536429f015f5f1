import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jsonLines, scratchFolder } from './streamvane.js'

const FIXTURES = join(import.meta.dirname, '../fixtures')

/** Fixtures that `dev/write-data-folder.ts` made, each by the version that it is named after. */
export const olderFolders = ['data-folder-of-format-2'] as const

export type OlderFolder = Readonly<{
  /** Goes when the test ends. */
  folder: string
  data: string
  /** Rows of a family as the version that made the folder printed them. */
  rows: (family: string) => Promise<readonly unknown[]>
  /** Events that come after what the folder holds. */
  later: string
}>

/** Unpacks a fixture for one test. */
export const olderFolder = async (name: (typeof olderFolders)[number]): Promise<OlderFolder> => {
  const folder = await scratchFolder()
  execFileSync('tar', ['-xzf', join(FIXTURES, `${name}.tar.gz`), '-C', folder])
  return {
    folder,
    data: join(folder, 'data'),
    rows: async (family) => jsonLines(await readFile(join(folder, `${family}-rows.ndjson`), 'utf8')),
    later: join(folder, 'later.ndjson'),
  }
}
