import { readFileSync } from 'node:fs'
import type { Trust } from '../../http/admin/client/trust.js'
import { UsageError } from './exit.js'

export type TrustFlags = Readonly<{ ca?: string; cert?: string; key?: string }>

/** What `--ca`, `--cert` and `--key` say; `undefined` where none is given. Throws `UsageError`. */
export const trustOf = ({ ca, cert, key }: TrustFlags): Trust | undefined => {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together')
  if (ca === undefined && cert === undefined) return undefined
  return { ca: fileOf('--ca', ca), cert: fileOf('--cert', cert), key: fileOf('--key', key) }
}

const fileOf = (flag: string, file: string | undefined): Buffer | undefined => {
  try {
    return file === undefined ? undefined : readFileSync(file)
  } catch (cause) {
    throw new UsageError(`${flag}: cannot read ${file ?? ''}: ${(cause as Error).message}`)
  }
}
