/** A connection string without its name and password, and with the scheme that the client knows; and these two. */
export type ConnectionString = Readonly<{
  address: string
  credentials: Readonly<{ username: string; password: string }> | undefined
}>

/** `esdb://` and, since version 25 of the server, `kurrentdb://`: the same protocol. */
const SCHEME = /^\s*(?:esdb|kurrentdb)(\+discover)?:\/\//i
const CREDENTIALS = /^([^:@/?]+):([^@]*)@/

/** Options of a connection string that the adapter heeds, as the client compares names: lower case, no `-` and `_`. */
const OPTIONS = [
  ...['tls', 'tlsVerifyCert', 'tlsCAFile', 'userCertFile', 'userKeyFile', 'connectionName', 'defaultDeadline'],
  ...['keepAliveInterval', 'keepAliveTimeout', 'nodePreference', 'discoveryInterval', 'gossipTimeout'],
  'maxDiscoverAttempts',
]
const flat = (name: string): string => name.trim().toLowerCase().replaceAll(/[_-]/g, '')
const KNOWN = new Set(OPTIONS.map(flat))

/**
 * Splits a connection string. Name and password are removed before the client's parser sees it: the parser quotes what
 * it does not understand, in errors and on the console.
 *
 * @throws Error on another scheme, and on an option that does not exist or would have no effect. The message
 *   quotes nothing but names of options.
 */
export const readConnectionString = (text: string): ConnectionString => {
  const scheme = SCHEME.exec(text)
  if (scheme === null)
    throw malformed('it begins with esdb:// or kurrentdb://, or with esdb+discover:// or kurrentdb+discover://')
  const rest = text.slice(scheme[0].length)
  const found = CREDENTIALS.exec(rest)
  const address = found === null ? rest : rest.slice(found[0].length)
  checkOptions(address)
  const [, username = '', password = ''] = found ?? []
  return {
    address: `esdb${scheme[1] === undefined ? '' : '+discover'}://${address}`,
    // The client would end a password at its first colon.
    credentials: found === null ? undefined : { username: decoded(username), password: decoded(password) },
  }
}

const checkOptions = (address: string): void => {
  const query = address.split('?').slice(1).join('?')
  for (const pair of query === '' ? [] : query.split('&')) {
    const [name = '', value = ''] = pair.split('=')
    if (flat(name) === 'tlsverifycert' && value.trim().toLowerCase() === 'false')
      throw malformed(
        'tlsVerifyCert=false has no effect, certificates are always verified; name the authority of the ' +
          'server’s certificate with tlsCAFile instead (or log.eventstoredb.tlsCaFile), or write tls=false for a ' +
          'server without TLS',
      )
    if (flat(name) === 'throwonappendfailure') throw malformed('throwOnAppendFailure has no effect; leave it out')
    if (!KNOWN.has(flat(name)))
      throw malformed(`there is no option ${JSON.stringify(name.slice(0, 40))}; the options are ${OPTIONS.join(', ')}`)
  }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw malformed('a percent sign in the name or password is written %25')
  }
}

export const malformed = (what: string | undefined): Error =>
  new Error(`the connection string of EventStoreDB is malformed${what === undefined ? '' : `: ${what}`}`)

/** What is wrong with a connection string, as far as that can be said without the client; `undefined` if nothing is. */
export const connectionStringFault = (text: string): string | undefined => {
  try {
    readConnectionString(text)
    return undefined
  } catch (cause) {
    return (cause as Error).message
  }
}
