import { readFileSync } from 'node:fs'
import { UsageError } from './exit.js'

export type TokenFlags = Readonly<{ token?: string; tokenFile?: string }>

/**
 * The bearer token for an ingress: out of the file of `--token-file`, else that of the configuration
 * (`STREAMVANE_INGRESS__TOKEN`, which is `configured`). `--token` is deprecated: every user of the machine can read the
 * command line of a process. Throws `UsageError` if the file cannot be read or is empty.
 */
export const tokenOf = (
  { token, tokenFile }: TokenFlags,
  configured: string | undefined,
  warn: (message: string) => void,
): string | undefined => {
  if (token !== undefined && tokenFile !== undefined)
    throw new UsageError('--token and --token-file are given both; give --token-file')
  if (token !== undefined)
    warn(
      '--token is deprecated: every user of this machine can read it in the list of processes; use STREAMVANE_INGRESS__TOKEN or --token-file',
    )
  return token ?? (tokenFile === undefined ? configured : readToken(tokenFile))
}

const readToken = (file: string): string => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`--token-file: cannot read ${file}: ${(cause as Error).message}`)
  }
  const token = text.replace(/\r?\n$/, '')
  if (token === '') throw new UsageError(`--token-file: ${file} is empty`)
  return token
}
