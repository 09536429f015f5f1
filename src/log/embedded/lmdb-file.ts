import { closeSync, existsSync, openSync, readSync } from 'node:fs'

/** What LMDB's first page says at byte 24: its magic number and the version of its file format. */
const MAGIC = Buffer.from('dec0efbe0200', 'hex')

/**
 * lmdb-js ends the whole process (a segmentation fault) when LMDB refuses a file, so a file that it would refuse must
 * never get there.
 *
 * @throws Error if there is a file that is not LMDB's.
 */
export const checkLmdbFile = (path: string): void => {
  if (!existsSync(path)) return
  const fd = openSync(path, 'r')
  try {
    const start = Buffer.alloc(24 + MAGIC.length)
    const size = readSync(fd, start)
    // Empty: its maker died before the first write.
    if (size > 0 && !start.subarray(24).equals(MAGIC)) throw new Error(`${path} is not an LMDB file of this version`)
  } finally {
    closeSync(fd)
  }
}
