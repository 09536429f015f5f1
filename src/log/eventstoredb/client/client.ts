import { readFileSync } from 'node:fs'
import { EventStoreDBClient } from '@eventstore/db-client'
import { parseConnectionString, withAddressesAsHosts } from './client-internals.js'
import { malformed, readConnectionString } from '../connection-string.js'
import { ACCESS_DEFAULTS, withDefaults } from '../options.js'
import type { EventStoreDbAccess } from '../options.js'

type Settings = ReturnType<typeof parseConnectionString>

const parse = (withoutCredentials: string): Settings => {
  let expected: string | undefined
  try {
    return parseConnectionString(withoutCredentials)
  } catch (cause) {
    expected = /, (expected .*)$/s.exec(cause instanceof Error ? cause.message : '')?.[1]
  }
  // Thrown here and without its cause, which quotes the string.
  throw malformed(expected)
}

type KeepAlive = Readonly<{ keepAliveMs: number; keepAliveTimeoutMs: number }>

/**
 * Channels of one process with equal settings share one connection. Settings that differ by a millisecond make a
 * connection of its own.
 */
const apart = <K extends KeepAlive>(given: K, nth: number): K =>
  given.keepAliveTimeoutMs < 0
    ? { ...given, keepAliveMs: given.keepAliveMs < 0 ? given.keepAliveMs : given.keepAliveMs + nth }
    : { ...given, keepAliveTimeoutMs: given.keepAliveTimeoutMs + nth }

/**
 * The official client, configured by values. Clients with a different `nth` have a connection of their own (without
 * any keep-alive they may share one).
 *
 * @throws Error on a malformed connection string (the message does not quote it), on a CA file that cannot be read,
 * and on credentials that would not be sent because the connection is not secure.
 */
export const eventStoreDbClient = (access: EventStoreDbAccess, nth = 0): EventStoreDBClient => {
  const { address, credentials: written } = readConnectionString(access.connectionString)
  const settings = parse(address)
  const given = apart(
    withDefaults(ACCESS_DEFAULTS, {
      deadlineMs: access.deadlineMs ?? settings.defaultDeadline,
      keepAliveMs: access.keepAliveMs ?? settings.keepAliveInterval,
      keepAliveTimeoutMs: access.keepAliveTimeoutMs ?? settings.keepAliveTimeout,
    }),
    nth,
  )
  const insecure = settings.tls === false
  if (insecure && (access.credentials !== undefined || access.clientCertificate !== undefined))
    throw new Error('credentials for EventStoreDB are sent over TLS only, and its connection string says tls=false')
  const caFile = access.tlsCaFile ?? settings.tlsCAFile
  const certificate = access.clientCertificate ?? certificateFiles(settings)
  const common = {
    defaultDeadline: given.deadlineMs,
    keepAliveInterval: given.keepAliveMs,
    keepAliveTimeout: given.keepAliveTimeoutMs,
    ...(settings.connectionName === undefined ? {} : { connectionName: settings.connectionName }),
  }
  const discovery = {
    ...(settings.nodePreference === undefined ? {} : { nodePreference: settings.nodePreference }),
    ...(settings.discoveryInterval === undefined ? {} : { discoveryInterval: settings.discoveryInterval }),
    ...(settings.gossipTimeout === undefined ? {} : { gossipTimeout: settings.gossipTimeout }),
    ...(settings.maxDiscoverAttempts === undefined ? {} : { maxDiscoverAttempts: settings.maxDiscoverAttempts }),
  }
  const [first] = settings.hosts
  if (first === undefined) throw new Error('the connection string of EventStoreDB names no host')
  const channel = {
    insecure,
    ...(caFile === undefined || insecure ? {} : { rootCertificate: readFileSync(caFile) }),
    ...(certificate === undefined
      ? {}
      : { userCertFile: Buffer.from(certificate.certificate), userKeyFile: Buffer.from(certificate.key) }),
  }
  const credentials = access.credentials ?? written
  return withAddressesAsHosts(() => {
    if (settings.dnsDiscover)
      return new EventStoreDBClient({ ...common, ...discovery, discover: first }, channel, credentials)
    if (settings.hosts.length > 1)
      return new EventStoreDBClient({ ...common, ...discovery, endpoints: settings.hosts }, channel, credentials)
    return new EventStoreDBClient({ ...common, endpoint: first }, channel, credentials)
  })
}

const certificateFiles = ({ userCertFile, userKeyFile }: Settings) =>
  userCertFile === undefined || userKeyFile === undefined
    ? undefined
    : { certificate: readFileSync(userCertFile), key: readFileSync(userKeyFile) }
