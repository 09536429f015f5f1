import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { webhookDestination } from '../../../src/egress/webhooks/destination.js'
import { queueRow, sinkRecord } from '../../contract/some-rows.js'
import { makeAuthority, type Authority, type Issued } from '../../support/secure-kafka/certificates.js'
import { idle, opened, optionsFor, receiver } from './webhook-rig.js'

const records = [sinkRecord(queueRow({ revision: 1 }))]
const reasonIn = (answer: E.Either<unknown, void>): string =>
  E.isLeft(answer) ? String((answer.left as { cause?: unknown }).cause) : 'delivered'

describe('a receiver behind TLS', () => {
  let [dir, authority, server, client]: [string, Authority?, Issued?, Issued?] = ['']
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'streamvane-tls-'))
    authority = makeAuthority(dir, 'receivers')
    server = authority.issue('server', { subject: 'CN=receiver' })
    client = authority.issue('client', { subject: 'CN=streamvane' })
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const serverTls = (more: Readonly<{ requestCert?: boolean }> = {}) => ({
    cert: readFileSync(server?.certificateFile ?? ''),
    key: readFileSync(server?.keyFile ?? ''),
    ca: readFileSync(authority?.caFile ?? ''),
    rejectUnauthorized: more.requestCert === true,
    ...more,
  })

  test('of a private authority is trusted where that authority is configured, and only then', async () => {
    const to = await receiver({ tls: serverTls() })
    const trusting = await opened(to, { tls: { caFile: authority?.caFile } })
    expect(await trusting.deliver(records, idle)()).toEqual(E.right(undefined))
    const others = await opened(to)
    expect(reasonIn(await others.deliver(records, idle)())).toMatch(/certificate|issuer/)
    expect(to.taken).toHaveLength(1)
  })

  test('that asks for a client certificate gets it', async () => {
    const to = await receiver({ tls: serverTls({ requestCert: true }) })
    const caFile = authority?.caFile
    expect(reasonIn(await (await opened(to, { tls: { caFile } })).deliver(records, idle)())).not.toBe('delivered')
    const clientKey = Secret.file(client?.keyFile ?? '')
    const known = await opened(to, { tls: { caFile, clientCertificateFile: client?.certificateFile, clientKey } })
    expect(await known.deliver(records, idle)()).toEqual(E.right(undefined))
  })

  test('is refused while a file of its TLS settings cannot be read', async () => {
    const to = await receiver()
    const destination = webhookDestination(optionsFor(to, { tls: { caFile: '/nowhere/ca.pem' } }))
    onTestFinished(() => destination.close())
    expect(await destination.open(idle)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('/nowhere/ca.pem') },
    })
  })
})
