import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { KnownConfiguration } from '../../../../src/app/operations/genesys/sync/known-configuration.js'
import { planSync, type SyncOptions, type SyncPlan } from '../../../../src/app/operations/genesys/sync/plan-sync.js'
import { storePlan } from '../../../../src/app/operations/genesys/sync/sync.js'
import { changeConfiguration, type Configured } from '../../../../src/app/operations/imports/import-configuration.js'
import { Secret } from '../../../../src/credentials/secret.js'
import { configStream } from '../../../../src/domain/stream-name.js'
import { genesysClient } from '../../../../src/genesys/client.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { TestClock } from '../../../support/genesys/clock.js'
import { CLIENT, queueEntity, smallOrganisation } from '../../../support/genesys/organisation.js'
import { standInGenesys, type StandIn } from '../../../support/genesys/server.js'

const tenant = 't'
const DAY = 86_400_000

type Setup = Readonly<{
  raw: EventLog
  platform: StandIn
  clock: TestClock
  plan: (more?: Partial<SyncOptions>) => ReturnType<typeof planSync>
  sync: (more?: Partial<SyncOptions>) => Promise<SyncPlan>
}>

const setup = async (): Promise<Setup> => {
  const clock = new TestClock().runByItself()
  const platform = await standInGenesys({ clock, organisation: smallOrganisation() })
  const client = genesysClient({
    ...{ hosts: { api: platform.url, login: platform.url }, clientId: CLIENT.id, timing: clock },
    clientSecret: Secret.literal(CLIENT.secret),
  })
  onTestFinished(async () => {
    await client.close()
    await platform.close()
  })
  const raw = memoryLog()
  const known = new KnownConfiguration(tenant)
  const plan: Setup['plan'] = async (more = {}) => {
    await known.refresh(raw)
    const { signal } = new AbortController()
    const given = { client, known, organisationSettings: undefined, acceptRemovals: false, now: clock.now(), signal }
    return planSync({ ...given, ...more })
  }
  const sync: Setup['sync'] = async (more) => {
    const planned = await plan(more)
    if (E.isLeft(planned)) throw new Error(JSON.stringify(planned.left))
    await storePlan(raw, planned.right, { tenant, now: clock.now() })
    return planned.right
  }
  return { raw, platform, clock, plan, sync }
}

const inWords = (facts: readonly Configured[]): readonly string[] =>
  facts.map((fact) => {
    const at = new Date(fact.at).toISOString().slice(0, 16)
    if (fact.type === 'ObjectNamed')
      return `${fact.kind} ${fact.objectId} = ${fact.name}${fact.gone ? ' gone' : ''} ${at}`
    if (fact.type === 'QueueConfigured')
      return `queue ${fact.name} within ${fact.serviceLevel['voice']?.durationMs ?? '-'} ${at}`
    if (fact.type === 'PresenceDefined') return `presence ${fact.name} ${fact.deactivated ? 'off ' : ''}${at}`
    return `${fact.type} ${at}`
  })

test('the first sync stores all that the organisation has, each from when it was modified, and the second nothing', async () => {
  const { sync } = await setup()
  const { changed, problems, organisation } = await sync()
  expect(problems).toEqual([])
  expect(organisation?.name).toBe('Stand-in')
  expect(inWords(changed)).toEqual([
    'organisation 0d6a0a38-1d0e-4a8e-9d6f-9a4b3c1d0000 = Stand-in 2026-03-02T08:00',
    'queue Sales within 20000 2026-01-02T08:00',
    'queue Support within 20000 2026-01-02T08:00',
    'presence Coffee 2026-03-02T08:00',
    'presence Errand off 2026-03-02T08:00',
    'user u-ann = Ann Adler 2026-03-02T08:00',
    'user u-ben = Ben Brandt 2026-03-02T08:00',
    'user u-cleo = Cleo Costa gone 2026-03-02T08:00',
    'skill s-french = French contracts 2026-01-03T08:00',
    'language l-english = English - Spoken 2026-03-02T08:00',
    'wrapup w-sold = Sold 2025-01-03T08:00',
    'division d1 = Home 2026-03-02T08:00',
  ])
  expect((await sync()).changed).toEqual([])
})

test('only what changed is stored: a service level from when it was modified, a name from now on', async () => {
  const { platform, clock, sync } = await setup()
  await sync()
  clock.advance(DAY)
  const { organisation } = platform
  organisation.queues[0] = queueEntity('q-sales', 'Sales', {
    dateModified: '2026-03-03T07:12:00.000Z',
    mediaSettings: { call: { serviceLevel: { percentage: 0.9, durationMs: 10_000 } } },
  })
  organisation.users[0] = { id: 'u-ann', name: 'Ann Zander', state: 'active' }
  expect(inWords((await sync()).changed)).toEqual([
    'queue Sales within 10000 2026-03-03T07:12',
    'user u-ann = Ann Zander 2026-03-03T08:00',
  ])
  expect((await sync()).changed).toEqual([])
})

test('a setting that Genesys has and the log has otherwise is in force from now on, whatever its date', async () => {
  const { raw, clock, sync } = await setup()
  const imported: Configured = {
    ...{ type: 'QueueConfigured', queueId: 'q-sales', at: clock.now() - DAY, name: 'Sales', acw: null },
    serviceLevel: { voice: { durationMs: 5_000, target: null } },
  }
  await changeConfiguration(raw, [imported], { tenant, source: 'test', now: 0, dryRun: false })
  const { changed } = await sync()
  expect(inWords(changed)).toContain('queue Sales within 20000 2026-03-02T08:00')
  expect((await sync()).changed).toEqual([])
})

test('a queue that a whole list lacks and that is not found by its id is gone, keeps its name, and may come back', async () => {
  const { platform, clock, sync } = await setup()
  await sync()
  clock.advance(DAY)
  const [sales] = platform.organisation.queues.splice(0, 1)
  expect(inWords((await sync()).changed)).toEqual(['queue q-sales = Sales gone 2026-03-03T08:00'])
  expect((await sync()).changed).toEqual([])
  clock.advance(DAY)
  platform.organisation.queues.push(sales!)
  expect(inWords((await sync()).changed)).toEqual(['queue q-sales = Sales 2026-03-04T08:00'])
  expect((await sync()).changed).toEqual([])
})

test('an object that is missing in the list but found by its id is not gone', async () => {
  const { platform, sync } = await setup()
  await sync()
  platform.misbehaviours.plan(/GET \/api\/v2\/routing\/queues$/, {
    kind: 'alter',
    by: (body) => {
      const page = body as { entities: { id: string }[] }
      return { ...page, total: 1, entities: page.entities.filter(({ id }) => id !== 'q-sales') }
    },
  })
  const { changed, problems } = await sync()
  expect(changed).toEqual([])
  expect(problems).toEqual(['queues: q-sales is not listed although it exists'])
})

test('a list that breaks off deletes nothing, and the other kinds are synced', async () => {
  const { platform, sync } = await setup()
  await sync()
  platform.organisation.queues = Array.from({ length: 250 }, (_, n) => queueEntity(`q-${n}`, `Queue ${n}`))
  platform.organisation.skills.push({ id: 's-new', name: 'New' })
  let pages = 0
  platform.misbehaviours.plan(
    /GET \/api\/v2\/routing\/queues$/,
    { kind: 'alter', by: (body) => (++pages === 2 ? { message: 'no page' } : body) },
    2,
  )
  const { changed, problems } = await sync()
  expect(inWords(changed)).toEqual(['skill s-new = New 2026-03-02T08:00'])
  expect(problems).toEqual(['GET /api/v2/routing/queues: the answer cannot be read (it holds no entities with ids)'])
})

test('a list that changes while it is read is read again, and what it lacks is not looked for if it always changes', async () => {
  const { platform, sync } = await setup()
  platform.organisation.queues = Array.from({ length: 250 }, (_, n) => queueEntity(`q-${n}`, `Queue ${n}`))
  await sync()
  const before = platform.count(/GET \/api\/v2\/routing\/queues$/)
  const shift = (times: number): void =>
    platform.misbehaviours.plan(
      /GET \/api\/v2\/routing\/queues$/,
      {
        kind: 'alter',
        by: (body) => {
          platform.organisation.queues.splice(0, 1) // the next page begins one later
          return body
        },
      },
      times,
    )
  shift(1)
  const once = await sync()
  expect(platform.count(/GET \/api\/v2\/routing\/queues$/) - before).toBe(6)
  expect(inWords(once.changed)).toEqual(['queue q-0 = Queue 0 gone 2026-03-02T08:00'])
  shift(9)
  const always = await sync()
  expect(always.changed).toEqual([])
  expect(always.problems[0]).toMatch(
    /^queues changed while they were listed: whether \d+ are gone is looked at next time$/,
  )
})

test('many objects missing at once are not recorded as gone unless that is accepted', async () => {
  const { platform, sync } = await setup()
  platform.organisation.queues = Array.from({ length: 20 }, (_, n) => queueEntity(`q-${n}`, `Queue ${n}`))
  await sync()
  platform.organisation.queues = platform.organisation.queues.slice(0, 12)
  const { changed, problems } = await sync()
  expect(changed).toEqual([])
  expect(problems).toEqual([
    expect.stringMatching(/^8 of 20 queues are missing from what Genesys lists, and none is recorded as gone/),
  ])
  expect((await sync({ acceptRemovals: true })).changed).toHaveLength(8)
  expect((await sync()).problems).toEqual([])
})

test('a missing permission is named, and the other kinds are synced', async () => {
  const { platform, sync } = await setup()
  platform.organisation.permissions.delete('directory:user:view')
  const { changed, problems } = await sync()
  expect(problems).toEqual(['GET /api/v2/users: not permitted: a role of the OAuth client needs directory:user:view'])
  expect(inWords(changed)).toContain('queue Sales within 20000 2026-01-02T08:00')
  expect(changed.some((fact) => fact.type === 'ObjectNamed' && fact.kind === 'user')).toBe(false)
})

test('a queue whose settings cannot be read is named, and the others are synced', async () => {
  const { platform, sync } = await setup()
  platform.organisation.queues[0] = queueEntity('q-sales', 'Sales', { mediaSettings: { call: { serviceLevel: {} } } })
  const { changed, problems } = await sync()
  expect(problems).toEqual([
    'queues: Sales, q-sales: mediaSettings.call.serviceLevel.durationMs is missing; expected whole milliseconds',
  ])
  expect(inWords(changed)).toContain('queue Support within 20000 2026-01-02T08:00')
})

test('the client of another organisation is refused', async () => {
  const { platform, plan, sync } = await setup()
  await sync()
  platform.organisation.id = '11111111-1d0e-4a8e-9d6f-9a4b3c1d0000'
  expect(await plan()).toEqual(
    E.left({
      tag: 'OtherOrganisation',
      known: '0d6a0a38-1d0e-4a8e-9d6f-9a4b3c1d0000',
      found: '11111111-1d0e-4a8e-9d6f-9a4b3c1d0000',
    }),
  )
})

test('wrong credentials end the sync', async () => {
  const { platform, plan } = await setup()
  platform.organisation.clients.clear()
  const planned = await plan()
  expect(E.isLeft(planned) && planned.left.tag).toBe('CredentialsRefused')
})

test('organisation settings of the configuration are stored, and again when they change', async () => {
  const { sync } = await setup()
  const organisationSettings = { includeFlowOuts: true, shortAbandonMs: 5_000 }
  const first = await sync({ organisationSettings })
  expect(first.changed.find(({ type }) => type === 'OrgSettingsChanged')).toEqual({
    ...{ type: 'OrgSettingsChanged', at: Date.parse('2026-03-02T08:00:00Z'), includeFlowOuts: true },
    ...{ includeShortAbandons: null, includeAbandons: null, shortAbandonMs: 5_000 },
  })
  expect((await sync({ organisationSettings })).changed).toEqual([])
  expect((await sync({ organisationSettings: { includeFlowOuts: false } })).changed).toHaveLength(1)
})

test('the name of a user who was erased is not stored again', async () => {
  const { raw, sync } = await setup()
  await sync()
  const stream = configStream(tenant, 'user', 'u-ann')
  await raw.append([
    {
      stream: configStream(tenant, 'erased', stream),
      expected: 'any',
      events: [
        {
          id: '00000000-0000-4000-8000-000000000001',
          type: 'StreamErased',
          data: Buffer.from('{}'),
          metadata: Buffer.from('{}'),
        },
      ],
    },
  ])
  await raw.erase(stream)
  expect((await sync()).changed).toEqual([])
})
