import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openEventStoreDbLog } from '../../../src/log/eventstoredb/log.js'
import { makeCertificates } from '../../support/eventstoredb/certificates.js'
import type { Certificates } from '../../support/eventstoredb/certificates.js'
import type { EventStoreDbServer } from '../../support/eventstoredb/server.js'
import { append, contents, failure, flatten, follow, logOn, never, server, stored } from './rig.js'

const certificates = makeCertificates()
afterAll(() => certificates?.remove())

const password = 'pa:ss/w@rd?é'
const users = { ingress: password }

/** The server by its address instead of its name. */
const byAddress = ({ at }: EventStoreDbServer) => ({ connectionString: `esdb://${at.address}:${at.port}?tls=true` })

const overTls = ({ caFile, ca, server: certified, elsewhere, user }: Certificates): void => {
  test('an own authority and a password', async () => {
    const on = await server({ tls: certified, users })
    const log = logOn(on, { tlsCaFile: caFile, credentials: { username: 'ingress', password } })
    stored(await append(log, 'a', 'one'))
    expect(contents(await flatten(log.readAll()))).toEqual(['one'])
    expect(await follow(log.subscribe({ prefixes: ['a'], signal: never() }), 'one')).toEqual(['one'])
  })

  test('a password in the connection string is used as written; separate credentials take precedence', async () => {
    const on = await server({ tls: certified, users })
    const withPassword = (text: string) => ({
      connectionString: on.connectionString.replace('esdb://', `esdb://ingress:${encodeURIComponent(text)}@`),
    })
    stored(await append(logOn(withPassword(password), { tlsCaFile: caFile }), 'a', 'one'))
    stored(
      await append(
        logOn(withPassword('old'), { tlsCaFile: caFile, credentials: { username: 'ingress', password } }),
        'a',
        'two',
      ),
    )
    const inString = logOn(
      { connectionString: `${on.connectionString}?tlsCAFile=${encodeURIComponent(caFile)}` },
      { credentials: { username: 'ingress', password } },
    )
    stored(await append(inString, 'a', 'three'))
    expect(contents(await on.data.streamOf('a'))).toEqual(['one', 'two', 'three'])
  })

  test('with a wrong password appends are NotAvailable and reads throw LogUnavailable', async () => {
    const on = await server({ tls: certified, users })
    const log = logOn(on, { tlsCaFile: caFile, credentials: { username: 'ingress', password: 'wrong' } })
    expect(failure(await append(log, 'a', 'one')).tag).toBe('NotAvailable')
    await expect(log.head()).rejects.toThrow(/Unauthenticated/)
    expect(await on.data.streamOf('a')).toEqual([])
  })

  test('a server whose authority is unknown gets no request', async () => {
    const on = await server({ tls: certified, users })
    const log = logOn(on, { credentials: { username: 'ingress', password } })
    expect(failure(await append(log, 'a', 'one')).tag).toBe('NotAvailable')
    expect(Object.values(on.calls).every((count) => count === 0)).toBe(true)
  })

  test('a server that requires a client certificate is reached with one, and not without', async () => {
    const on = await server({ tls: { ...certified, clientCa: ca } })
    stored(await append(logOn(on, { tlsCaFile: caFile, clientCertificate: user }), 'a', 'one'))
    expect(failure(await append(logOn(on, { tlsCaFile: caFile }), 'a', 'two')).tag).toBe('NotAvailable')
    expect(contents(await on.data.streamOf('a'))).toEqual(['one'])
  })

  test('a server that is given by its address is reached if its certificate is for that address', async () => {
    const warned: Error[] = []
    const hear = (warning: Error): unknown => warned.push(warning)
    process.on('warning', hear)
    onTestFinished(() => void process.off('warning', hear))
    const log = logOn(byAddress(await server({ tls: certified })), { tlsCaFile: caFile })
    stored(await append(log, 'a', 'one'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(warned).toEqual([])
  })

  test('a server that is given by its address gets no request if its certificate is for another address', async () => {
    const on = await server({ tls: elsewhere })
    const log = logOn(byAddress(on), { tlsCaFile: caFile })
    const refused = failure(await append(log, 'a', 'one'))
    expect(refused.tag).toBe('NotAvailable')
    expect(Object.values(on.calls).every((count) => count === 0)).toBe(true)
    // The same certificate is good for the name in it.
    stored(await append(logOn(on, { tlsCaFile: caFile }), 'a', 'one'))
  })

  test('a cluster is discovered with the same authority and credentials', async () => {
    const on = await server({ tls: certified, users })
    const log = logOn(
      { connectionString: on.connectionString.replace('esdb://', 'esdb+discover://') },
      { tlsCaFile: caFile, credentials: { username: 'ingress', password } },
    )
    stored(await append(log, 'a', 'one'))
    expect(on.calls.gossip).toBeGreaterThan(0)
  })
}

if (certificates !== undefined) describe('over TLS', () => overTls(certificates))
else {
  console.error('[eventstoredb] TLS is not tried: there is no openssl here')
  describe.skip('over TLS (skipped: there is no openssl here)', () => test('needs certificates', () => {}))
}

test('credentials that would not be sent are an error at once', () => {
  expect(() =>
    openEventStoreDbLog({
      connectionString: 'esdb://localhost?tls=false',
      credentials: { username: 'a', password: 'b' },
    }),
  ).toThrow(/TLS only/)
})

test('the error of a malformed connection string does not contain its password', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const errorOf = (connectionString: string): Error | undefined => {
    try {
      openEventStoreDbLog({ connectionString })
    } catch (cause) {
      return cause as Error
    }
    return undefined
  }
  const errors = [
    errorOf('esdb://ingress:secret@localhost:port?tls=false'),
    errorOf('esdb://ingress:secret@localhost:2113?tlss=false'),
  ]
  const said = [...errors.flatMap((error) => [error?.stack, String(error?.cause)]), ...warn.mock.calls.flat()].join(
    '\n',
  )
  warn.mockRestore()
  expect(errors[0]?.message).toMatch(/malformed: expected port number/)
  expect(errors[1]?.message).toContain('tlss')
  expect(said).not.toContain('secret')
})
