import { expect, test, vi } from 'vitest'
import { connectionStringFault, readConnectionString } from '../../../src/log/eventstoredb/connection-string.js'
import { append, logOn, memoryServer, stored } from './rig.js'

test.each([
  ['esdb', false],
  ['ESDB', false],
  ['kurrentdb', false],
  ['KurrentDB', false],
  ['esdb+discover', true],
  ['kurrentdb+discover', true],
  ['KURRENTDB+DISCOVER', true],
])('%s:// is read', (scheme, discovers) => {
  expect(readConnectionString(`${scheme}://me:se:cret@one:2113,two?tls=true&nodePreference=leader`)).toEqual({
    address: `esdb${discovers ? '+discover' : ''}://one:2113,two?tls=true&nodePreference=leader`,
    credentials: { username: 'me', password: 'se:cret' },
  })
})

test('a log can be opened by either name of the scheme', async () => {
  const on = await memoryServer()
  const log = logOn({ connectionString: on.connectionString.replace('esdb:', 'kurrentdb:') })
  expect(stored(await append(log, 'a', 'one')).revision).toBe(0)
})

test.each([
  ['esdb://host?tlsVerifyCert=false', /certificates are always verified; .*tlsCAFile/],
  ['esdb://host?tls-verify-cert=FALSE', /certificates are always verified/],
  ['esdb://host?throwOnAppendFailure=false', /throwOnAppendFailure has no effect; leave it out/],
  ['esdb://host?tls=true&keepalive=5', /there is no option "keepalive"; the options are tls, .*keepAliveInterval/],
  ['http://host', /begins with esdb:\/\/ or kurrentdb:\/\//],
  ['esdb://me:100%@host', /%25/],
])('%s is an error that says what to write instead, and prints nothing', (text, words) => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  expect(() => readConnectionString(text)).toThrow(words)
  expect(() => readConnectionString(text)).not.toThrow(/secret/)
  expect(warn).not.toHaveBeenCalled()
  warn.mockRestore()
})

test('tlsVerifyCert=true says what is done anyway', () => {
  expect(connectionStringFault('esdb://host?tlsVerifyCert=true')).toBeUndefined()
})
