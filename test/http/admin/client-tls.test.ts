import { describe, expect, onTestFinished, test } from 'vitest'
import { newToken } from '../../../src/http/admin/access/tokens.js'
import { addressOfWriter, publishAddress } from '../../../src/http/admin/client/address.js'
import { callAdmin, type AdminTarget } from '../../../src/http/admin/client/client.js'
import { trusting } from '../../../src/http/admin/client/trust.js'
import { scratchFolder } from '../../support/streamvane.js'
import { certificateFor, certificatesOfFile, tlsFiles, tlsSettings } from '../../support/tls/files.js'
import { servedAdmin } from './served-admin.js'

const made = certificatesOfFile()

const stages = (target: AdminTarget) => callAdmin(target, 'listStages', {}, { signal: new AbortController().signal })

const started = async (more: Parameters<typeof tlsSettings>[1] = {}) => {
  const files = tlsFiles(made, made.server)
  const mode = more.clientCertificates === undefined ? {} : { clientCaFile: files.caFile }
  const certificate = certificateFor('admin', tlsSettings(files, { ...mode, ...more }))
  return { admin: await servedAdmin({ certificate }), certificate }
}

describe('a client of an admin API that speaks TLS', () => {
  test('trusts it by its authority, and not without it', async () => {
    const { admin } = await started()
    const target = { url: admin.url, token: admin.tokens.viewer, tenant: 'acme' }
    expect(await stages({ ...target, dispatcher: trusting({ ca: made.ca }) })).toBeDefined()
    await expect(stages(target)).rejects.toThrow(/cannot be reached: .*certificate/)
    await expect(stages({ ...target, dispatcher: trusting({ ca: made.user.certificate }) })).rejects.toThrow(
      /certificate/,
    )
  })

  test('shows its certificate where one is required, and is told where it has none', async () => {
    const { admin } = await started({ clientCertificates: 'required' })
    const target = { url: admin.url, token: admin.tokens.viewer, tenant: 'acme' }
    const { certificate: cert, key } = made.user
    expect(await stages({ ...target, dispatcher: trusting({ ca: made.ca, cert, key }) })).toBeDefined()
    await expect(stages({ ...target, dispatcher: trusting({ ca: made.ca }) })).rejects.toThrow(
      /present a client certificate/,
    )
  })
})

describe('a token that is bound to a client certificate', () => {
  test.each([
    ['its common name', 'ingress', true],
    ['another name', 'someone-else', false],
    ['a part of its name', 'ingr', false],
  ])('is good with %s alone', async (_title, name, isGood) => {
    const files = tlsFiles(made, made.server)
    const certificate = certificateFor(
      'admin',
      tlsSettings(files, { clientCaFile: files.caFile, clientCertificates: 'optional' }),
    )
    const { token, sha256 } = newToken()
    const entry = { name: 'bound', roles: ['viewer'], tenants: ['acme'], sha256, certificate: name }
    const admin = await servedAdmin({ certificate, settings: { tokens: [entry] } })
    const target = { url: admin.url, token, tenant: 'acme' }
    const { certificate: cert, key } = made.user
    const called = stages({ ...target, dispatcher: trusting({ ca: made.ca, cert, key }) })
    if (isGood) expect(await called).toBeDefined()
    else await expect(called).rejects.toThrow(/the token is not valid/)
    await expect(stages({ ...target, dispatcher: trusting({ ca: made.ca }) })).rejects.toThrow(/the token is not valid/)
  })
})

describe('a command of this machine', () => {
  const published = async (certificateOf: (own: string) => string) => {
    // The certificate does not name the address, and client certificates are required.
    const { admin, certificate } = await started({ clientCertificates: 'required' })
    const data = await scratchFolder()
    const remove = publishAddress(data, {
      ...{ url: admin.url, token: admin.localToken, pid: process.pid, tenant: 'acme', writesRaw: true },
      certificate: certificateOf(certificate.used.leaf.fingerprint256),
    })
    onTestFinished(remove)
    return { ...addressOfWriter(data, 'acme')!, tenant: 'acme', by: 'jane' }
  }

  test('takes the certificate that the process has written into the data folder, and needs none itself', async () => {
    expect(await stages(await published((own) => own))).toBeDefined()
  })

  test('sends no token to who shows another one', async () => {
    await expect(stages(await published(() => 'AA:BB'))).rejects.toThrow(
      /another certificate than the process of this data folder/,
    )
  })
})
