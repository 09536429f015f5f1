import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { conversationStream } from '../../../src/domain/stream-name.js'
import { ingest } from '../../../src/ingress/ingest.js'
import { NotIngested } from '../../../src/ingress/not-ingested.js'
import { setDefaultRights, setStreamPolicy } from '../../../src/log/eventstoredb/administration/policy.js'
import { partsStreamOf } from '../../../src/log/eventstoredb/large/form.js'
import { bodies, bytes, conversationId, eventBridge } from '../../ingress/envelopes.js'
import { makeCertificates } from '../../support/eventstoredb/certificates.js'
import { eventStoreDbStore } from '../../support/eventstoredb/store.js'
import { noise } from '../../support/noise.js'
import { project } from '../../support/pipeline.js'
import { eventOf, failure, flatten, logOn, memoryServer, stored } from './rig.js'

const certificates = makeCertificates()
afterAll(() => certificates?.remove())

const users = { admin: 'changeit', service: 'one', other: 'two' }
const groups = { admin: ['$admins'], service: ['streamvane'] }
type User = keyof typeof users

const { template, body } = bodies.metrics
const raw = bytes(eventBridge(template, conversationId, body))
const stream = conversationStream('acme', conversationId)
const origin = { tenant: 'acme', source: 'test', receivedAt: Date.parse('2026-01-05T10:01:00Z') }

/** A server that checks rights, and how each user accesses it. */
const guarded = async () => {
  const { caFile, server: tls } = certificates!
  const on = await memoryServer({ tls, users, groups })
  const access = (user: User) => ({
    connectionString: on.connectionString,
    tlsCaFile: caFile,
    credentials: { username: user, password: users[user] },
  })
  const log = (user: User) => logOn(on, access(user))
  const tryToRead = (user: User) => flatten(log(user).readStream(stream))
  const tryToReadAll = (user: User) => flatten(log(user).readAll())
  const tryToAppend = async (user: User) =>
    (await log(user).append([{ stream, expected: 'any', events: [eventOf(`by ${user}`)] }]))[0]!
  const tryToErase = (user: User) => log(user).erase(stream)
  return { on, access, log, tryToRead, tryToReadAll, tryToAppend, tryToErase }
}

/** As docs/eventstoredb.md says. */
const close = async (access: Awaited<ReturnType<typeof guarded>>['access']): Promise<void> => {
  const rights = { read: ['streamvane'], write: ['streamvane'], delete: ['$admins'] }
  expect(await setDefaultRights(access('admin'), rights)).toMatchObject({ right: { changed: true } })
  const acl = { read: ['streamvane', '$admins'] }
  expect(await setStreamPolicy(access('admin'), '$all', { acl })).toMatchObject({ right: { changed: true } })
}

describe.skipIf(certificates === undefined)('rights on EventStoreDB', () => {
  test('by default any user may read, append to and erase the streams of a tenant, but not read the whole log', async () => {
    const { tryToRead, tryToReadAll, tryToAppend, tryToErase, log } = await guarded()
    await ingest(log('service'), [raw], origin)
    expect(await tryToRead('other')).toHaveLength(1)
    await expect(tryToReadAll('other')).rejects.toThrow('Access Denied')
    await expect(tryToReadAll('service')).rejects.toThrow('Access Denied')
    expect(stored(await tryToAppend('other')).revision).toBe(1)
    expect(await tryToErase('other')).toEqual(E.right({ events: 2 }))
  })

  test('with the rights that the documentation advises, the service does its work, and nobody else anything', async () => {
    const { access, log, tryToRead, tryToReadAll, tryToAppend, tryToErase, on } = await guarded()
    await close(access)
    const service = log('service')
    const large = { ...eventOf('large'), data: noise('large', 3_000_000) }
    expect(await ingest(service, [raw], origin)).toMatchObject({ stored: 1 })
    expect(await service.id()).toMatch(/^[0-9a-f-]{36}$/)
    stored((await service.append([{ stream, expected: 'any', events: [large] }]))[0]!)
    const profile = { ...defaultProfile, points: 'metric-records' as const }
    expect(await project({ log: service, tenant: 'acme', profile })).toMatchObject({ kind: 'caught-up' })
    expect((await flatten(service.readAll({ prefixes: ['acme.'] }))).length).toBeGreaterThan(2)
    expect(await flatten(service.readStream(stream))).toHaveLength(2)

    await expect(tryToRead('other')).rejects.toThrow('Access Denied')
    await expect(tryToReadAll('other')).rejects.toThrow('Access Denied')
    expect(failure(await tryToAppend('other')).tag).toBe('NotAvailable')
    for (const user of ['other', 'service'] as const)
      expect(await tryToErase(user).catch(E.left)).toMatchObject({ _tag: 'Left' })
    for (const user of ['other', 'service'] as const) {
      expect(await setStreamPolicy(access(user), stream, { maxAgeMs: 1_000 })).toEqual(E.left({ tag: 'Denied' }))
      expect(await setDefaultRights(access(user), { delete: [user] })).toEqual(E.left({ tag: 'Denied' }))
    }
    expect(await on.data.streamOf(stream)).toHaveLength(2)

    expect(await tryToErase('admin')).toEqual(E.right({ events: 2 }))
    expect(await on.data.streamOf(partsStreamOf(stream))).toEqual([])
  })

  test('an append that is denied is no invitation to repeat it: the batch is not acknowledged, an operator is asked', async () => {
    const { access, log } = await guarded()
    await close(access)
    const denied = await ingest(log('other'), [raw], origin).catch((cause: unknown) => cause)
    expect(denied).toBeInstanceOf(NotIngested)
    expect(denied).toMatchObject({ retryable: false, message: expect.stringContaining('credentials') as string })
    expect(await ingest(log('service'), [raw], origin)).toMatchObject({ stored: 1 })
  })

  test('the default rights: what is not named stays, metadata follows, a dry run writes nothing', async () => {
    const { access, on } = await guarded()
    const everybody = { read: ['$all'], write: ['$all'], delete: ['$all'], metaRead: ['$all'], metaWrite: ['$all'] }
    const admin = access('admin')
    expect(await setDefaultRights(admin, {})).toMatchObject({
      right: { changed: false, ofStreams: everybody, ofAll: { read: ['$admins'] } },
    })
    const wanted = { read: ['streamvane', 'ops'], delete: ['$admins'] }
    const after = {
      ofStreams: {
        ...everybody,
        read: ['streamvane', 'ops'],
        metaRead: ['streamvane', 'ops'],
        delete: ['$admins'],
        metaWrite: ['$admins'],
      },
    }
    expect(await setDefaultRights(admin, wanted, true)).toMatchObject({ right: { changed: true, ...after } })
    expect(await on.data.streamOf('$settings')).toEqual([])
    expect(await setDefaultRights(admin, wanted)).toMatchObject({ right: { changed: true, ...after } })
    expect(await setDefaultRights(admin, wanted)).toMatchObject({ right: { changed: false, ...after } })
    expect(await setDefaultRights(admin, { write: ['streamvane'] })).toMatchObject({
      right: { changed: true, ofStreams: { ...after.ofStreams, write: ['streamvane'] } },
    })
    const [, second] = await on.data.streamOf('$settings')
    expect(JSON.parse(Buffer.from(second!.data).toString())).toEqual({
      $userStreamAcl: {
        $r: ['streamvane', 'ops'],
        $w: ['streamvane'],
        $d: ['$admins'],
        $mr: ['streamvane', 'ops'],
        $mw: ['$admins'],
      },
    })
  })

  test('what others have set in the settings stays', async () => {
    const { caFile, server: tls } = certificates!
    const store = eventStoreDbStore()
    const on = await memoryServer({ tls, users, groups }, store)
    const admin = {
      connectionString: on.connectionString,
      tlsCaFile: caFile,
      credentials: { username: 'admin', password: users.admin },
    }
    const settings = { $userStreamAcl: { $r: 'ops', $w: ['x'] }, $systemStreamAcl: { $r: '$ops' }, more: 1 }
    const data = Buffer.from(JSON.stringify(settings))
    const id = eventOf('settings').id
    store.append('$settings', 'any', [{ id, metadata: new Map(), customMetadata: new Uint8Array(), data }])
    expect(await setDefaultRights(admin, { write: ['streamvane'] })).toMatchObject({
      right: { ofStreams: { read: ['ops'], write: ['streamvane'], delete: ['$all'] } },
    })
    expect(JSON.parse(Buffer.from((await on.data.streamOf('$settings')).at(-1)!.data).toString())).toEqual({
      ...settings,
      $userStreamAcl: { $r: ['ops'], $w: ['streamvane'] },
    })
  })

  test('the policy of a stream holds for the parts of its large events, which are kept a day longer', async () => {
    const { access, on } = await guarded()
    const acl = { read: ['ops'], write: ['streamvane'] }
    await setStreamPolicy(access('admin'), 'acme.deadletter', { maxAgeMs: 86_400_000, maxCount: 5, acl })
    const [policy] = await on.data.streamOf(`$$${partsStreamOf('acme.deadletter')}`)
    expect(JSON.parse(Buffer.from(policy!.data).toString())).toEqual({
      $maxAge: 2 * 86_400,
      $acl: { $r: ['ops'], $w: ['streamvane'] },
    })
  })

  test('a wrong password is Denied, not a server that is away', async () => {
    const { access } = await guarded()
    const wrong = { ...access('admin'), credentials: { username: 'admin', password: 'old' } }
    expect(await setDefaultRights(wrong, {})).toEqual(E.left({ tag: 'Denied' }))
    expect(await setStreamPolicy(wrong, 'a', {})).toEqual(E.left({ tag: 'Denied' }))
  })
})
