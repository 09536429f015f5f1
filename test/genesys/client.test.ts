import { setMaxListeners } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/credentials/secret.js'
import { genesysClient, type GenesysClient, type GenesysRequest } from '../../src/genesys/client.js'
import { genesysFailureText, type GenesysFailure } from '../../src/genesys/failure.js'
import { TestClock } from '../support/genesys/clock.js'
import { tooManyRequests } from '../support/genesys/misbehaviour.js'
import { CLIENT } from '../support/genesys/organisation.js'
import { scratchFolder } from '../support/streamvane.js'
import { standInGenesys, type StandIn, type StandInOptions } from '../support/genesys/server.js'

const skills: GenesysRequest = { method: 'GET', path: '/api/v2/routing/skills' }
const never = new AbortController().signal
setMaxListeners(0, never)

type Setup = Readonly<{
  clock: TestClock
  platform: StandIn
  client: GenesysClient
  get: (request?: GenesysRequest) => ReturnType<GenesysClient['call']>
}>

const setup = async (
  options: StandInOptions & { secret?: Secret; requestsPerMinute?: number } = {},
): Promise<Setup> => {
  const clock = new TestClock().runByItself()
  const platform = await standInGenesys({ clock, ...options })
  const client = genesysClient({
    hosts: { api: platform.url, login: platform.url },
    clientId: CLIENT.id,
    clientSecret: options.secret ?? Secret.literal(CLIENT.secret),
    requestsPerMinute: options.requestsPerMinute,
    timing: clock,
  })
  onTestFinished(async () => {
    await client.close()
    await platform.close()
  })
  return { clock, platform, client, get: (request = skills) => client.call(request, never) }
}

const failureOf = (result: E.Either<GenesysFailure, unknown>): GenesysFailure => {
  if (E.isRight(result)) throw new Error('it was answered')
  return result.left
}

const statusOf = (result: Awaited<ReturnType<GenesysClient['call']>>): number =>
  E.isRight(result) ? result.right.status : 0

test('calls share one token, which is renewed before it expires', async () => {
  const { clock, platform, get } = await setup()
  platform.tokens.lifeS = 1_000
  await Promise.all([get(), get(), get()])
  expect(platform.count(/oauth/)).toBe(1)
  clock.advance(799_000)
  await get()
  expect(platform.count(/oauth/)).toBe(1)
  clock.advance(2_000)
  expect(statusOf(await get())).toBe(200)
  expect(platform.count(/oauth/)).toBe(2)
  expect(platform.seen.every(({ status }) => status === 200)).toBe(true)
})

test('a valid token is used on while the token endpoint is away', async () => {
  const { clock, platform, get } = await setup()
  platform.tokens.lifeS = 1_000
  await get()
  clock.advance(900_000)
  platform.misbehaviours.plan(/oauth/, { kind: 'drop', when: 'before' }, 100)
  expect(statusOf(await get())).toBe(200)
  platform.misbehaviours.clear()
})

test('a token that was revoked is renewed once, and the call is made again', async () => {
  const { platform, get } = await setup()
  await get()
  platform.tokens.revokeAll()
  expect(statusOf(await get())).toBe(200)
  expect(platform.seen.map(({ status }) => status)).toEqual([200, 200, 401, 200, 200])
})

test('a token that is refused although it is fresh ends the call', async () => {
  const { platform, get } = await setup()
  platform.misbehaviours.plan(/skills/, { kind: 'answer', status: 401, body: { code: 'bad.credentials' } }, 9)
  expect(failureOf(await get()).tag).toBe('CredentialsRefused')
  expect(platform.count(/skills/)).toBe(2)
})

test('a wrong secret is refused at once, and no message holds it', async () => {
  const { platform, get } = await setup({ secret: Secret.literal('not-the-secret') })
  const failure = failureOf(await get())
  expect(failure.tag).toBe('CredentialsRefused')
  expect(genesysFailureText(failure)).toBe(
    `POST /oauth/token: Genesys refuses the client (the token endpoint at ${platform.url}/oauth/token answers 400: invalid_client): see genesys.clientId, genesys.clientSecret and genesys.region`,
  )
  expect(platform.seen).toHaveLength(1)
})

test('a secret that was rotated is read at the next request for a token', async () => {
  const file = join(await scratchFolder(), 'secret')
  writeFileSync(file, CLIENT.secret)
  const { platform, get } = await setup({ secret: Secret.file(file) })
  await get()
  platform.organisation.clients.set(CLIENT.id, 'the-next-one')
  writeFileSync(file, 'the-next-one')
  platform.tokens.revokeAll()
  expect(statusOf(await get())).toBe(200)
})

test('after 429 nobody calls until Retry-After is over', async () => {
  const { clock, platform, get } = await setup()
  await get()
  const from = clock.now()
  platform.misbehaviours.plan(/skills/, tooManyRequests(42))
  expect(await Promise.all([get(), get()]).then((all) => all.map(statusOf))).toEqual([200, 200])
  expect(platform.seen.filter(({ at, status }) => status === 200 && at > from).map(({ at }) => at - from)).toEqual(
    expect.arrayContaining([42_000]),
  )
})

test('calls keep to the configured number of requests a minute', async () => {
  const { clock, platform, get } = await setup({ requestsPerMinute: 10, perMinute: 10 })
  const from = clock.now()
  for (let call = 0; call < 25; call++) expect(statusOf(await get())).toBe(200)
  expect(platform.seen.filter(({ status }) => status === 429)).toEqual([])
  expect(clock.now() - from).toBe(120_000)
})

test('a limit that the platform enforces earlier than announced is waited out', async () => {
  const { platform, get } = await setup({ perMinute: 10 })
  const results = await Promise.all(Array.from({ length: 25 }, () => get()))
  expect(results.every((result) => statusOf(result) === 200)).toBe(true)
  expect(platform.seen.some(({ status }) => status === 429)).toBe(true)
})

test('a call is tried again with growing pauses on 5xx and broken connections', async () => {
  const { clock, platform, get } = await setup()
  platform.misbehaviours.plan(/skills/, { kind: 'answer', status: 503 })
  platform.misbehaviours.plan(/skills/, { kind: 'drop', when: 'before' })
  platform.misbehaviours.plan(/skills/, { kind: 'break-off' })
  expect(statusOf(await get())).toBe(200)
  expect(clock.slept).toEqual([500, 1_000, 2_000])
})

test('a call that fails for longer than the patience ends as not available, with the last reason', async () => {
  const { clock, platform, get } = await setup()
  const from = clock.now()
  platform.misbehaviours.plan(/skills/, { kind: 'answer', status: 502, body: { code: 'bad.gateway' } }, 1_000)
  const failure = failureOf(await get({ ...skills, patienceMs: 60_000 }))
  expect(genesysFailureText(failure)).toBe(
    'GET /api/v2/routing/skills: Genesys does not answer (status 502, bad.gateway)',
  )
  expect(clock.now() - from).toBeLessThanOrEqual(60_000)
})

test('a call that makes something new is not sent again where it may have been carried out', async () => {
  const { platform, get } = await setup()
  const make: GenesysRequest = { ...skills, isRepeatable: false }
  platform.misbehaviours.plan(/skills/, { kind: 'drop', when: 'after' })
  expect(failureOf(await get(make)).tag).toBe('NotAvailable')
  expect(platform.count(/skills/)).toBe(1)
  platform.misbehaviours.plan(/skills/, tooManyRequests(5))
  expect(statusOf(await get(make))).toBe(200)
})

test('a missing permission is named', async () => {
  const { platform, get } = await setup()
  platform.organisation.permissions.delete('routing:skill:view')
  expect(genesysFailureText(failureOf(await get()))).toBe(
    'GET /api/v2/routing/skills: not permitted: a role of the OAuth client needs routing:skill:view',
  )
})

test('numbers that JavaScript does not hold are in the text of the answer', async () => {
  const { platform, get } = await setup()
  platform.misbehaviours.plan(/skills/, { kind: 'answer', status: 200, body: '{"value":9007199254740993}' })
  const result = await get()
  expect(E.isRight(result) && result.right.text).toBe('{"value":9007199254740993}')
})

test('an answer that is no JSON is a failure', async () => {
  const { platform, get } = await setup()
  platform.misbehaviours.plan(/skills/, { kind: 'answer', status: 200, body: '<html>' })
  expect(failureOf(await get()).tag).toBe('Unreadable')
})

test('aborting ends a call that waits, and one that is under way', async () => {
  const clock = new TestClock()
  const platform = await standInGenesys({ clock })
  const client = genesysClient({
    ...{ hosts: { api: platform.url, login: platform.url }, clientId: CLIENT.id, timing: clock },
    clientSecret: Secret.literal(CLIENT.secret),
  })
  onTestFinished(async () => {
    await client.close()
    await platform.close()
  })
  platform.misbehaviours.plan(/skills/, tooManyRequests(3_600))
  const waiting = new AbortController()
  const first = client.call({ ...skills, patienceMs: 86_400_000 }, waiting.signal)
  while (!clock.isAwaited) await new Promise((resolve) => setImmediate(resolve))
  waiting.abort()
  expect(failureOf(await first).tag).toBe('Aborted')

  clock.advance(3_600_000)
  const underWay = new AbortController()
  platform.misbehaviours.plan(/skills/, {
    kind: 'alter',
    by: (body) => {
      underWay.abort()
      return body
    },
  })
  expect(failureOf(await client.call(skills, underWay.signal)).tag).toBe('Aborted')
})
