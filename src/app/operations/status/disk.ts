import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { StatusReport } from './report.js'

/** The bytes that the data folder takes, and what its file system has; `null` if there is no folder. */
export const diskOf = async (data: string): Promise<StatusReport['disk']> => {
  try {
    const { bavail, bsize, blocks } = await statfs(data)
    return { dataBytes: await bytesIn(data), freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
  } catch {
    return null
  }
}

/** Bytes on disk: files of the log are sparse. A file that goes meanwhile counts as nothing. */
export const bytesIn = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries)
    if (entry.isFile())
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        (file) => file.blocks * 512,
        () => 0,
      )
  return bytes
}

/** When a file of the folder was last written. */
export const lastWritten = async (file: string): Promise<string | null> =>
  stat(file).then(
    ({ mtime }) => mtime.toISOString(),
    () => null,
  )
