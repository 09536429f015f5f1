import { describe, expect, test } from 'vitest'
import { servedAdmin } from '../served-admin.js'
import { AUDIENCE, standInIssuer, type StandInIssuer } from './stand-in-issuer.js'

const servedWith = async (issuer: StandInIssuer, more: Readonly<Record<string, unknown>> = {}) => {
  const served = await servedAdmin({
    settings: {
      failedPerMinuteMax: 1_000,
      oidc: { issuer: issuer.url, audience: AUDIENCE, tenantClaim: 'tenant', keysCooldownS: 0, ...more },
    },
  })
  return { ...served, statusOf: async (token: string, path = '/stages') => (await served.call(path, { token })).status }
}

describe('a bearer token of an OpenID Connect issuer', () => {
  test('signed by its key is taken; roles and tenants come from its claims', async () => {
    const issuer = await standInIssuer()
    const { statusOf } = await servedWith(issuer)
    expect(await statusOf(await issuer.token())).toBe(200)
    expect(await statusOf(await issuer.token({ roles: ['operator', 'viewer'] }), '/dead-letters')).not.toBe(403)
    expect(await statusOf(await issuer.token({ roles: ['viewer'] }), '/dead-letters')).toBe(403)
    expect(await statusOf(await issuer.token({ roles: [] }))).toBe(403)
    expect(await statusOf(await issuer.token({ tenant: 'other' }))).toBe(404)
    expect(await statusOf(await issuer.token({ tenant: ['other', 'acme'] }))).toBe(200)
    expect(await statusOf(await issuer.token({ tenant: undefined }))).toBe(404)
  })

  test.each([
    ['signed by another key under the same id', (issuer: StandInIssuer) => issuer.forged({ roles: ['operator'] })],
    ['with the algorithm none', (issuer: StandInIssuer) => issuer.unsigned()],
    ['signed with the public key as a shared secret', (issuer: StandInIssuer) => issuer.confused()],
    ['that has expired', (issuer: StandInIssuer) => issuer.token({}, { expires: '-2m' })],
    ['for another audience', (issuer: StandInIssuer) => issuer.token({}, { audience: 'another' })],
    ['of another issuer', (issuer: StandInIssuer) => issuer.token({}, { issuer: 'https://elsewhere.example' })],
    ['that is not valid yet', (issuer: StandInIssuer) => issuer.token({ nbf: Math.floor(Date.now() / 1_000) + 3_600 })],
    ['without a subject', (issuer: StandInIssuer) => issuer.token({ sub: undefined })],
  ])('%s is refused with 401', async (_, token) => {
    const issuer = await standInIssuer()
    const { call } = await servedWith(issuer)
    const answer = await call('/stages', { token: await token(issuer) })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
  })

  test('that expired within the allowed difference of clocks is taken', async () => {
    const issuer = await standInIssuer()
    const { statusOf } = await servedWith(issuer, { clockSkewS: 30 })
    expect(await statusOf(await issuer.token({}, { expires: '-5s' }))).toBe(200)
  })

  test('of a new key is taken once the issuer has rotated, and one of the old key no longer', async () => {
    const issuer = await standInIssuer()
    const { statusOf } = await servedWith(issuer)
    const old = await issuer.token()
    expect(await statusOf(old)).toBe(200)
    expect(issuer.fetched()).toBe(1)
    await issuer.rotate()
    expect(await statusOf(await issuer.token())).toBe(200)
    expect(issuer.fetched()).toBe(2)
    expect(await statusOf(old)).toBe(401)
  })

  test('with unknown keys, however many there are, does not make us fetch the keys each time', async () => {
    const issuer = await standInIssuer()
    const { statusOf } = await servedWith(issuer, { keysCooldownS: 60 })
    expect(await statusOf(await issuer.token())).toBe(200)
    await issuer.rotate()
    for (let i = 0; i < 5; i++) expect(await statusOf(await issuer.token())).toBe(401)
    expect(issuer.fetched()).toBe(1)
  })

  test('cannot be checked while its issuer is slow or away: 503, and taken when it is back', async () => {
    const issuer = await standInIssuer()
    const { statusOf, call } = await servedWith(issuer, { timeoutMs: 200 })
    issuer.hold()
    const answer = await call('/stages', { token: await issuer.token() })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    issuer.release()
    const other = await servedWith(issuer)
    issuer.fail(true)
    expect(await other.statusOf(await issuer.token())).toBe(503)
    issuer.fail(false)
    const third = await servedWith(issuer)
    expect(await third.statusOf(await issuer.token())).toBe(200)
    expect(await statusOf(await issuer.token())).toBe(503) // a discovery that failed is not tried again at once
  })

  test('has the roles that the configuration says its values mean, also below a path of claims', async () => {
    const issuer = await standInIssuer()
    const { statusOf } = await servedWith(issuer, {
      roleClaim: 'realm_access.roles',
      roles: { 'sv-ops': 'operator', 'sv-audit': 'auditor' },
    })
    const tokenWith = (roles: readonly string[]) => issuer.token({ roles: undefined, realm_access: { roles } })
    expect(await statusOf(await tokenWith(['sv-audit']), '/audit-log')).toBe(200)
    expect(await statusOf(await tokenWith(['sv-ops']), '/audit-log')).toBe(403)
    expect(await statusOf(await tokenWith(['auditor', 'constructor']), '/audit-log')).toBe(403)
  })

  test('of an issuer whose discovery speaks for another is not taken', async () => {
    const issuer = await standInIssuer()
    const { statusOf } = await servedWith(issuer, { issuer: `${issuer.url}/` })
    expect(await statusOf(await issuer.token({}, { issuer: `${issuer.url}/` }))).toBe(503)
  })
})
