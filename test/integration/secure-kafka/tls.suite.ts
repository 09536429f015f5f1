import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TlsSettings } from '../../../src/credentials/tls.js'
import { registryClient } from '../../../src/egress/kafka/registry/registry-client.js'
import { Secret } from '../../../src/credentials/secret.js'
import type { SecureBroker } from '../../support/secure-kafka/secure-broker.js'
import { attempt } from './attempt.js'

export const tlsSuite = (started: () => SecureBroker) =>
  describe('TLS to a real broker', () => {
    const trusted = () => ({ caFile: started().authority.caFile })
    const withClient = () => {
      const { certificateFile, keyFile } = started().client
      return { ...trusted(), clientCertificateFile: certificateFile, clientKey: Secret.file(keyFile) }
    }

    test('a broker whose authority is named in caFile is connected to', async () => {
      expect(await attempt(started().at('TLS'), { tls: trusted() })).toBe('connected')
    })

    test('a broker whose authority nobody named is refused, and the message names caFile', async () => {
      expect(await attempt(started().at('TLS'), { tls: {} })).toMatch(
        /^refused: the certificate of the peer is signed by an authority .*egress\.kafka\.ssl\.caFile/,
      )
    })

    test('a broker of another authority than the named one is refused', async () => {
      const tls = { caFile: started().stranger.caFile }
      expect(await attempt(started().at('TLS'), { tls })).toMatch(/^refused: the certificate of the peer/)
    })

    test('an expired certificate of the broker is refused as such', async () => {
      expect(await attempt(started().at('EXPIRED'), { tls: trusted() })).toMatch(
        /^refused: the certificate of the peer has expired/,
      )
    })

    test('a certificate for another host is refused, and serverName accepts it', async () => {
      const at = started().at('ELSEWHERE')
      expect(await attempt(at, { tls: trusted() })).toMatch(
        /^refused: the certificate of the peer is for another name .*egress\.kafka\.ssl\.serverName/,
      )
      expect(await attempt(at, { tls: { ...trusted(), serverName: 'broker.test' } })).toBe('connected')
    })

    test('a plain connection to a TLS port is refused, and the message says so', async () => {
      expect(await attempt(started().at('TLS'), {})).toMatch(
        /^refused: the peer speaks TLS at this port: set egress\.kafka\.ssl: true/,
      )
    })

    test('a TLS connection to a plain port is tried again, and the message says what may be wrong', async () => {
      expect(await attempt(started().plain, { tls: trusted() })).toMatch(
        /^failed: .*the peer closed the connection during the TLS handshake: either it speaks no TLS at this port/,
      )
    })

    test('a client certificate that the broker trusts is accepted', async () => {
      expect(await attempt(started().at('MTLS'), { tls: withClient() })).toBe('connected')
    })

    test('a missing client certificate is refused, and the message names its keys', async () => {
      expect(await attempt(started().at('MTLS'), { tls: trusted() })).toMatch(
        /^refused: the peer demands a client certificate .*egress\.kafka\.ssl\.clientCertificateFile/,
      )
    })

    test('a client certificate of another authority is refused', async () => {
      const { certificateFile, keyFile } = started().stranger.issue('intruder', { subject: 'CN=egress' })
      const tls = { ...trusted(), clientCertificateFile: certificateFile, clientKey: Secret.file(keyFile) }
      expect(await attempt(started().at('MTLS'), { tls })).toMatch(
        /^refused: the peer demands a client certificate that it trusts/,
      )
    })

    test('an expired client certificate is refused', async () => {
      const { certificateFile, keyFile } = started().authority.issue('late', { subject: 'CN=egress', days: -1 })
      const tls = { ...trusted(), clientCertificateFile: certificateFile, clientKey: Secret.file(keyFile) }
      expect(await attempt(started().at('MTLS'), { tls })).toMatch(
        /^refused: the peer demands a client certificate that it trusts/,
      )
    })

    test('a client key with a passphrase is opened by it, and by no other', async () => {
      const passphrase = 'planted-passphrase'
      const sealed = started().authority.issue('sealed', { subject: 'CN=egress', passphrase })
      const tls = {
        ...trusted(),
        clientCertificateFile: sealed.certificateFile,
        clientKey: Secret.file(sealed.keyFile),
      }
      const opened = (by: string) =>
        attempt(started().at('MTLS'), { tls: { ...tls, clientKeyPassphrase: Secret.literal(by) } })
      expect(await opened(passphrase)).toBe('connected')
      expect(await opened('another')).toMatch(/^refused: the client key cannot be opened: .*clientKeyPassphrase/)
      expect(await attempt(started().at('MTLS'), { tls })).toMatch(
        /^refused: the client key cannot be opened: .*clientKeyPassphrase/,
      )
    })

    test('a renewed client certificate is used by the next connection', async () => {
      const { dir, stranger, client } = started()
      const wrong = stranger.issue('before', { subject: 'CN=egress' })
      const [certificate, key] = [join(dir, 'renewed.pem'), join(dir, 'renewed.key')]
      copyFileSync(wrong.certificateFile, certificate)
      copyFileSync(wrong.keyFile, key)
      const tls = { ...trusted(), clientCertificateFile: certificate, clientKey: Secret.file(key) }
      expect(await attempt(started().at('MTLS'), { tls })).toMatch(/^refused/)
      copyFileSync(client.certificateFile, certificate)
      copyFileSync(client.keyFile, key)
      expect(await attempt(started().at('MTLS'), { tls })).toBe('connected')
    })

    test('a schema registry with an own authority is reached by its caFile, and refused without', async () => {
      const { issuer } = started()
      issuer.decide(() => ({ status: 200, body: { id: 5 } }))
      const registered = (tls: TlsSettings) =>
        registryClient({ url: issuer.url, tls }).register('subject', { type: 'string' })
      expect(await registered(trusted())).toBe(5)
      await expect(registered({})).rejects.toThrow(
        /^the schema registry at https:.*: the certificate of the peer .*egress\.kafka\.registry\.ssl\.caFile/,
      )
    })

    test('a file of certificates that is not there is named', async () => {
      expect(await attempt(started().at('TLS'), { tls: { caFile: '/nowhere/ca.pem' } })).toMatch(
        /^failed: .*cannot read \/nowhere\/ca\.pem \(ENOENT\)/,
      )
    })
  })
