import { stringify } from 'yaml'
import { newToken } from '../../http/admin/access/tokens.js'
import { UsageError } from './exit.js'
import { instantOf } from './option-values.js'

type NewTokenFlags = Readonly<{ name: string; expires?: string; json?: boolean }>

/**
 * Makes a token and prints it once, with the entry that the configuration needs, which holds its hash alone. `rights`:
 * what the entry says that it may do; `configured`: the part of the configuration that the entry belongs into.
 */
export const printNewToken = (
  { name, expires: until, json }: NewTokenFlags,
  rights: object,
  configured: (entry: object) => object,
  prefix?: string,
): void => {
  if (!/^[\w.@:-]{1,64}$/.test(name))
    throw new UsageError(`--name ${name}: letters, digits, _ . @ : and - only, 64 at most`)
  const expires = instantOf('--expires', until)
  const { token, sha256 } = newToken(prefix)
  const entry = {
    ...{ name, ...rights, sha256 },
    ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
  }
  if (json === true) {
    console.log(JSON.stringify({ token, entry }))
    return
  }
  console.log(token)
  console.error(
    'the token is printed once, on stdout, and stored nowhere; this entry belongs into the configuration:\n',
  )
  console.error(stringify(configured(entry)))
}
