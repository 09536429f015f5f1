import { describe, expect, test } from 'vitest'
import { adminProblems, adminRoles, adminSchema } from '../../../../src/app/config/admin-schema.js'
import { isLoopback } from '../../../../src/app/config/runnable.js'
import { FailedAttempts } from '../../../../src/http/admin/access/failed-attempts.js'
import { rolesWith } from '../../../../src/http/admin/access/roles.js'
import { newToken, tokenCheck } from '../../../../src/http/admin/access/tokens.js'
import { servedAdmin } from '../served-admin.js'

const local = { token: 'local-token', tenant: 'acme' }

describe('a token of the configuration', () => {
  const { token, sha256 } = newToken()
  const entry = { name: 'grafana', roles: ['viewer' as const], tenants: ['acme'], sha256 }

  test('is known by its hash until it expires', () => {
    let now = Date.parse('2026-12-31T23:59:59Z')
    const check = tokenCheck([{ ...entry, expires: '2027-01-01T00:00:00Z' }], local, () => now)
    const until = Date.parse('2027-01-01T00:00:00Z')
    expect(check(token)).toEqual({ kind: 'token', name: 'grafana', roles: ['viewer'], tenants: ['acme'], until })
    expect(check(`${token}x`)).toBeUndefined()
    now += 1_000
    expect(check(token)).toBeUndefined()
  })

  test('has 256 random bits behind a prefix that scanners of secrets can look for', () => {
    expect(token).toMatch(/^svadm_[\w-]{43}$/)
    expect(newToken().token).not.toBe(token)
  })

  test('of the data folder is operator and auditor of the one tenant of the process', () => {
    expect(tokenCheck([], local, Date.now)('local-token')).toMatchObject({
      ...{ kind: 'local', roles: ['operator', 'auditor'], tenants: ['acme'] },
    })
  })
})

describe('refused tokens', () => {
  test('from one address are answered 429 once there are too many in a minute, valid ones from there too', async () => {
    const { call, tokens } = await servedAdmin({ settings: { failedPerMinuteMax: 2 } })
    for (let i = 0; i < 2; i++) expect((await call('/stages', { token: `wrong-${i}` })).status).toBe(401)
    const answer = await call('/stages', { token: tokens.viewer })
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('are counted by address, for a minute', () => {
    let now = 0
    const attempts = new FailedAttempts(1, () => now)
    attempts.failed('10.0.0.1')
    expect([attempts.waitS('10.0.0.1'), attempts.waitS('10.0.0.2')]).toEqual([60, 0])
    now = 60_000
    expect(attempts.waitS('10.0.0.1')).toBe(0)
    attempts.failed('10.0.0.1')
    expect(attempts.waitS('10.0.0.1')).toBe(60)
  })
})

test('every role and every kind of access have their place in the table of roles', () => {
  expect(rolesWith).toEqual({
    figures: ['viewer', 'operator', 'auditor'],
    operations: ['operator', 'auditor'],
    evidence: ['auditor'],
    change: ['operator'],
  })
  expect(adminRoles).toEqual(['viewer', 'operator', 'auditor'])
})

describe('settings are refused', () => {
  const problemsOf = (settings: unknown): readonly string[] => adminProblems(adminSchema.parse(settings), isLoopback)
  const oidc = { issuer: 'https://id.example', audience: 'streamvane', tenants: ['acme'] }

  test.each([
    ['that listen to more than loopback without a way to sign in', { host: '0.0.0.0' }, /admin\.host.*admin\.tokens/],
    [
      'whose issuer is asked over plain HTTP',
      { oidc: { ...oidc, issuer: 'http://id.example' } },
      /admin\.oidc\.issuer/,
    ],
    ['whose issuer says for no tenant', { oidc: { ...oidc, tenants: undefined } }, /tenantClaim/],
    [
      'with two tokens of one name',
      {
        tokens: ['a', 'b'].map((hash) => ({
          name: 'x',
          roles: ['viewer'],
          tenants: ['acme'],
          sha256: hash.repeat(64),
        })),
      },
      /admin\.tokens/,
    ],
  ])('%s', (_, settings, problem) => {
    expect(problemsOf(settings)).toEqual([expect.stringMatching(problem) as string])
  })

  test('none of these', () => {
    expect(problemsOf({})).toEqual([])
    expect(problemsOf({ host: '0.0.0.0', oidc })).toEqual([])
  })

  test('an issuer may not be checked with a shared secret, nor not at all', () => {
    for (const algorithm of ['none', 'HS256'])
      expect(adminSchema.safeParse({ oidc: { ...oidc, algorithms: [algorithm] } }).success).toBe(false)
  })
})
