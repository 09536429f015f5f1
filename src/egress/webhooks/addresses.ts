import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * Which addresses a webhook may be sent to (server-side request forgery): nobody who chooses an address, or answers for
 * a name, may reach a service inside through us.
 *
 * - Loopback, where the address says so itself: a receiver on the same machine, or a forwarding proxy beside us.
 * - Private networks only where that is configured, also if a public name leads there.
 * - Link-local addresses (the metadata services of clouds), multicast and the like never.
 */
export type AddressRules = Readonly<{ allowHttp: boolean; allowPrivateNetworks: boolean }>

const listOf = (...networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}

const loopback = listOf('127.0.0.0/8', '::1/128')
/** RFC 1918, carrier-grade NAT (RFC 6598), and the unique local addresses of IPv6 (RFC 4193). */
const privateNetworks = listOf('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')
/** Unspecified, link-local, benchmarks, multicast, reserved; addresses that lead to an IPv4 address within them. */
const never = listOf(
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/128', 'fe80::/10', 'ff00::/8', '64:ff9b::/96', '2002::/16', 'fd00:ec2::254/128', 'fd20:ce::254/128'],
)

type Kind = 'loopback' | 'private' | 'never' | 'public'

const kindOf = (address: string): Kind => {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  if (never.check(address, family)) return 'never'
  if (loopback.check(address, family)) return 'loopback'
  return privateNetworks.check(address, family) ? 'private' : 'public'
}

/** What is wrong with the address of an endpoint, before its name is looked up; `undefined`: nothing. */
export const addressFault = (text: string, rules: AddressRules): string | undefined => {
  if (!URL.canParse(text)) return 'an address as https://host/path'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'an address as https://host/path'
  if (url.username !== '' || url.password !== '')
    return 'user name and password do not stand in the address; give a token, or a client certificate'
  if (url.hash !== '') return 'the part behind # is never sent; leave it out'
  const host = hostOf(url)
  if (url.protocol === 'http:' && !isLoopbackHost(host) && !rules.allowHttp)
    return 'https:// only: what is sent over http can be read on its way (allowHttp: true allows it)'
  return isIP(host) === 0 ? undefined : refusalOf(host, host, rules)
}

/** The host without the brackets of IPv6. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')

const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && kindOf(host) === 'loopback')

/** Why nothing is sent to `address`, to which `host` leads; `undefined`: it may be. */
const refusalOf = (host: string, address: string, rules: AddressRules): string | undefined => {
  const kind = kindOf(address)
  const leads = host === address ? host : `${host} leads to ${address}, which`
  switch (kind) {
    case 'public':
      return undefined
    case 'loopback':
      return isLoopbackHost(host) ? undefined : `${leads} is this machine itself; write localhost if that is meant`
    case 'private':
      return rules.allowPrivateNetworks
        ? undefined
        : `${leads} is in a private network (allowPrivateNetworks: true allows it)`
    case 'never':
      return `${leads} is link-local, multicast or reserved: no receiver of webhooks is there`
  }
}

/** A name leads to an address that nothing is sent to. */
export class AddressForbidden extends Error {
  override readonly name = 'AddressForbidden'
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void
type Lookup = (host: string, options: LookupOptions, callback: LookupCallback) => void

/**
 * Looks a name up and refuses it, with `AddressForbidden`, if any of its addresses is forbidden. It is looked up for each
 * connection and the connection goes to the address that was checked, so a name that changes in between reaches nothing.
 */
export const guardedLookup =
  (rules: AddressRules, lookup: typeof dnsLookup = dnsLookup): Lookup =>
  (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      for (const { address } of addresses) {
        const refusal = refusalOf(host, address, rules)
        if (refusal !== undefined) return callback(new AddressForbidden(refusal), [])
      }
      const [first] = addresses
      if (options.all === true || first === undefined) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
