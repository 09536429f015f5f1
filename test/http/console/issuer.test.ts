import { expect, test } from 'vitest'
import { readOperations } from '../../../src/app/operations/journal/read-operations.js'
import { Secret } from '../../../src/credentials/secret.js'
import type { SessionView } from '../../../src/http/console/shapes.js'
import { CLIENT } from '../admin/access/stand-in-people.js'
import { standInIssuer, type StandInIssuer } from '../admin/access/stand-in-issuer.js'
import { servedAdmin, type ServedAdmin } from '../admin/served-admin.js'

const ADDRESS = 'https://sv.example'

const served = async (
  issuer: StandInIssuer,
  { secret = CLIENT.secret, now = Date.now }: Readonly<{ secret?: string; now?: () => number }> = {},
): Promise<ServedAdmin> =>
  servedAdmin({
    settings: {
      console: { enabled: true, address: ADDRESS },
      oidc: {
        ...{ issuer: issuer.url, audience: 'streamvane', tenantClaim: 'tenant', timeoutMs: 5_000 },
        signIn: { clientId: CLIENT.id, clientSecret: Secret.literal(secret), sessionMaxS: 600 },
      },
    },
    process: { now },
  })

/** A browser that keeps cookies and follows one redirect at a time. */
const browser = (admin: ServedAdmin) => {
  const jar = new Map<string, string>()
  const go = async (path: string): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(`${admin.url}${path}`, { redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (line.includes('Max-Age=0')) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }
  /** Goes to the issuer and comes back as far as the console; where it is sent then. */
  const signIn = async (to = '/console/'): Promise<string> => {
    const leaving = await go(`/v1/session/issuer?to=${encodeURIComponent(to)}`)
    return (await go(await returned(leaving))).headers.get('location') ?? ''
  }
  return { go, signIn, jar }
}

/** Where the issuer sends a browser that was sent to it: path and query at the console. */
const returned = async (leaving: Response): Promise<string> => {
  expect(leaving.status).toBe(303)
  const there = await fetch(leaving.headers.get('location') ?? '', { redirect: 'manual' })
  const back = new URL(there.headers.get('location') ?? '')
  expect(back.origin).toBe(ADDRESS)
  return `${back.pathname}${back.search}`
}

const operationsOf = async ({ log }: ServedAdmin) =>
  (await readOperations(log, 'acme')).map(({ operation, by, result, summary }) => ({
    ...{ operation, by, result, summary },
  }))

test('whoever signs in at the issuer has a session with the roles of the ID token, on the page that was asked for', async () => {
  const issuer = await standInIssuer()
  const admin = await served(issuer)
  issuer.people.is({ sub: 'jane', roles: ['operator'], tenant: 'acme' })
  expect(await (await admin.call('/v1/session/ways')).json()).toEqual({ issuer: issuer.url })
  const { signIn, go } = browser(admin)
  expect(await signIn('/console/figures?family=queue')).toBe('/console/figures?family=queue')
  const view = (await (await go('/v1/session')).json()) as SessionView
  expect(view).toMatchObject({ kind: 'oidc', name: 'jane', roles: ['operator'], tenant: 'acme' })
  expect(Date.parse(view.endsAt) - Date.now()).toBeLessThanOrEqual(600_000)
  expect(issuer.people.asked().get('code_challenge_method')).toBe('S256')
})

test('sign-ins stand in the audit log: by code, by token, at the issuer, and those that failed', async () => {
  const issuer = await standInIssuer()
  const admin = await served(issuer)
  const ours = { 'x-streamvane-console': '1' }
  await admin.call('/v1/session', { method: 'POST', token: admin.tokens.viewer, headers: ours })
  const code = /#code=(.*)$/.exec(admin.consoleUrl('kim'))?.[1]
  await admin.call('/v1/session', { method: 'POST', body: { code }, headers: ours })
  await browser(admin).signIn()
  issuer.people.deny()
  expect(await browser(admin).signIn()).toBe('/console/?sign-in=denied')
  expect(await operationsOf(admin)).toEqual([
    ...['token:viewer', 'local:kim', 'oidc:jane'].map((by) => ({
      ...{ operation: 'console sign-in', by, result: 'done', summary: undefined },
    })),
    { operation: 'console sign-in', by: 'nobody', result: 'refused', summary: { reason: 'denied' } },
  ])
})

test.each([
  ['no role', { roles: [] }],
  ['roles that mean nothing here', { roles: ['gardener'] }],
  ['another tenant', { tenant: 'other' }],
])('whom the issuer gives %s has no session', async (_, claims) => {
  const issuer = await standInIssuer()
  const admin = await served(issuer)
  issuer.people.is(claims)
  const { signIn, go } = browser(admin)
  expect(await signIn()).toBe('/console/?sign-in=no-role')
  expect((await go('/v1/session')).status).toBe(401)
})

test('an answer of the issuer is taken by the browser that began the sign-in, once, and within ten minutes', async () => {
  const issuer = await standInIssuer()
  let late = 0
  const admin = await served(issuer, { now: () => Date.now() + late })
  const [one, other] = [browser(admin), browser(admin)]
  const back = await returned(await one.go('/v1/session/issuer'))
  const at = async (who: typeof one): Promise<string | null> => (await who.go(back)).headers.get('location')
  expect(await at(other)).toBe('/console/?sign-in=overdue')
  // It has begun one of its own, whose state is another.
  await other.go('/v1/session/issuer')
  expect(await at(other)).toBe('/console/?sign-in=not-accepted')
  expect(await at(one)).toBe('/console/')
  expect(await at(one)).toBe('/console/?sign-in=overdue')
  const overdue = await returned(await one.go('/v1/session/issuer'))
  late = 601_000
  expect((await one.go(overdue)).headers.get('location')).toBe('/console/?sign-in=overdue')
})

test.each([
  ['of another sign-in', { nonce: 'another' }, {}],
  ['for another client', {}, { audience: 'another' }],
  ['of another issuer', {}, { issuer: 'https://evil.example' }],
  ['that has expired', {}, { expires: '-5m' }],
])('an ID token %s begins no session', async (_, claims, options) => {
  const issuer = await standInIssuer()
  const admin = await served(issuer)
  issuer.people.is(claims, options)
  expect(await browser(admin).signIn()).toBe('/console/?sign-in=not-accepted')
})

test('a wrong secret of the client, and an issuer that is away, lead back to the sign-in page', async () => {
  const issuer = await standInIssuer()
  expect(await browser(await served(issuer, { secret: 'wrong' })).signIn()).toBe('/console/?sign-in=not-accepted')
  const admin = await served(issuer)
  issuer.fail(true)
  const answer = await browser(admin).go('/v1/session/issuer')
  expect(answer.headers.get('location')).toBe('/console/?sign-in=away')
})

test.each(['https://evil.example/console/', '//evil.example/console/', '/\\evil.example/console/', '/v1/session', 'x'])(
  'a sign-in does not lead to %s',
  async (to) => {
    const issuer = await standInIssuer()
    expect(await browser(await served(issuer)).signIn(to)).toBe('/console/')
  },
)

test('without an issuer the console offers none', async () => {
  const admin = await servedAdmin({ settings: { console: { enabled: true } } })
  expect(await (await admin.call('/v1/session/ways')).json()).toEqual({ issuer: null })
  expect((await admin.call('/v1/session/issuer')).status).toBe(404)
})
