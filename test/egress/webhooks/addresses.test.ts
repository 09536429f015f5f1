import type { LookupAddress } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { addressFault, guardedLookup, type AddressRules } from '../../../src/egress/webhooks/addresses.js'

const strict: AddressRules = { allowHttp: false, allowPrivateNetworks: false }
const open: AddressRules = { allowHttp: true, allowPrivateNetworks: true }

describe('the address of an endpoint', () => {
  test.each([
    'https://hooks.example.com/genesys?team=wfm',
    'https://203.0.113.7:8443/',
    'http://localhost:9000/',
    'http://127.0.0.1:9000/',
    'http://[::1]:9000/',
    'https://[2001:db8::1]/',
  ])('%s may be sent to', (url) => expect(addressFault(url, strict)).toBeUndefined())

  test.each([
    ['hooks.example.com', 'an address as https://'],
    ['ftp://hooks.example.com/', 'an address as https://'],
    ['http://hooks.example.com/', 'https:// only'],
    ['https://user:pass@hooks.example.com/', 'user name and password'],
    ['https://hooks.example.com/#part', 'never sent'],
    ['https://10.1.2.3/', '10.1.2.3 is in a private network'],
    ['https://192.168.0.9/', 'private network'],
    ['https://172.31.255.255/', 'private network'],
    ['https://100.100.1.1/', 'private network'],
    ['https://[fd12::1]/', 'private network'],
    ['https://[::ffff:10.0.0.1]/', 'private network'],
  ])('%s may not, unless it is configured', (url, why) => expect(addressFault(url, strict)).toContain(why))

  test.each(['http://hooks.example.com/', 'https://10.1.2.3/', 'https://[fd12::1]/', 'http://192.168.0.9/'])(
    '%s may where it is configured',
    (url) => expect(addressFault(url, open)).toBeUndefined(),
  )

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'https://[fe80::1]/',
    'https://0.0.0.0/',
    'https://224.0.0.1/',
    'https://[::]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[fd00:ec2::254]/',
    'https://0x7f.1.2.3.4.5/',
  ])('%s never may', (url) => expect(addressFault(url, open)).toBeDefined())

  test('in another spelling of the loopback is the loopback', () => {
    for (const url of ['http://2130706433/', 'http://0x7f.1/', 'http://127.1/'])
      expect(addressFault(url, strict)).toBeUndefined()
  })
})

describe('a name', () => {
  const lookedUp = (addresses: readonly string[], rules: AddressRules, host = 'hooks.example.com', all = false) =>
    new Promise((resolve, reject) => {
      const answers = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }))
      const dns = (_: string, __: object, done: (error: null, found: LookupAddress[]) => void) => done(null, answers)
      guardedLookup(rules, dns as never)(host, { all }, (error, found) =>
        error === null ? resolve(found) : reject(error),
      )
    })

  test('leads to its public addresses', async () => {
    expect(await lookedUp(['203.0.113.7'], strict)).toBe('203.0.113.7')
    expect(await lookedUp(['203.0.113.7', '2001:db8::1'], strict, 'a.example', true)).toHaveLength(2)
  })

  test.each([
    [['10.0.0.1'], 'leads to 10.0.0.1, which is in a private network'],
    [['203.0.113.7', '192.168.1.1'], 'leads to 192.168.1.1'],
    [['127.0.0.1'], 'is this machine itself'],
    [['::1'], 'is this machine itself'],
    [['169.254.169.254'], 'link-local'],
  ])('that leads to %s is refused', async (addresses, why) => {
    await expect(lookedUp(addresses, strict)).rejects.toThrow(why)
  })

  test('of a private network leads there where that is allowed, and never to a metadata service or this machine', async () => {
    expect(await lookedUp(['10.0.0.1'], open)).toBe('10.0.0.1')
    await expect(lookedUp(['169.254.169.254'], open)).rejects.toThrow('link-local')
    await expect(lookedUp(['127.0.0.1'], open)).rejects.toThrow('this machine itself')
  })

  test('that says localhost leads to this machine', async () => {
    expect(await lookedUp(['127.0.0.1'], strict, 'localhost')).toBe('127.0.0.1')
  })
})
