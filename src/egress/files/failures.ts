import type { SinkFailure } from '../sink.js'
import { DamagedCommit } from './commits.js'

/**
 * Classifies errors of the file system. A disk that is full may get space again; a folder without write permission has
 * to be mended by the operator.
 */
export const fileFailure = (cause: unknown, folder: string): SinkFailure => {
  if (cause instanceof DamagedCommit) return { tag: 'Refused', reason: cause.message }
  const code = (cause as NodeJS.ErrnoException | null)?.code
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return {
        tag: 'Refused',
        reason: `${folder} may not be written to (${code}): give this user write access or choose another folder`,
      }
    case 'ENOTDIR':
    case 'EEXIST':
      return {
        tag: 'Refused',
        reason: `${folder} is not a folder, or a file is in the way (${code}): choose another folder`,
      }
    default:
      return { tag: 'NotConnected', cause }
  }
}
