import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { backfill, type BackfillOptions } from '../../../../src/app/operations/genesys/backfill/backfill.js'
import { embeddedLogs } from '../../../../src/app/pipeline/logs/logs.js'
import { Secret } from '../../../../src/credentials/secret.js'
import { rawPrefixes } from '../../../../src/domain/stream-name.js'
import { genesysClient } from '../../../../src/genesys/client.js'
import { StandInJobs } from '../../../support/genesys/analytics.js'
import { TestClock } from '../../../support/genesys/clock.js'
import { tooManyRequests } from '../../../support/genesys/misbehaviour.js'
import { CLIENT } from '../../../support/genesys/organisation.js'
import { standInGenesys } from '../../../support/genesys/server.js'

const FROM = Date.parse('2026-03-01T08:00:00Z')
const HOUR = 3_600_000

const conversation = (number: number) => ({
  conversationId: `c${number}`,
  participants: [
    {
      purpose: 'acd',
      sessions: [
        {
          sessionId: `s${number}`,
          mediaType: 'voice',
          metrics: [{ name: 'nOffered', value: 1, emitDate: new Date(FROM + number * 60_000).toISOString() }],
          segments: [{ segmentStart: new Date(FROM).toISOString(), segmentType: 'interact', queueId: 'q1' }],
        },
      ],
    },
  ],
})
const user = (id: string) => ({
  userId: id,
  routingStatus: [{ routingStatus: 'IDLE', startTime: new Date(FROM).toISOString() }],
})

const setup = async () => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-backfill-'))
  const clock = new TestClock(FROM + 3 * HOUR).runByItself()
  const jobs = new StandInJobs(clock, {
    conversations: () => Array.from({ length: 25 }, (_, number) => conversation(number)),
    users: () => [user('u1'), user('u2')],
  })
  jobs.pageMax = 10
  const platform = await standInGenesys({ clock, routes: jobs.routes })
  const logs = embeddedLogs(data, 'test')
  const raw = await logs.raw('writer')
  const client = genesysClient({
    ...{ hosts: { api: platform.url, login: platform.url }, clientId: CLIENT.id, timing: clock },
    clientSecret: Secret.literal(CLIENT.secret),
  })
  onTestFinished(async () => {
    await client.close()
    await platform.close()
    await logs.close()
    await rm(data, { recursive: true, force: true })
  })
  const run = (more: Partial<BackfillOptions> = {}) =>
    backfill({
      ...{ client, raw, logs, tenant: 't', from: FROM, to: FROM + 2 * HOUR, ticks: true, timing: clock },
      signal: new AbortController().signal,
      ...more,
    })
  const types = async (): Promise<Readonly<Record<string, number>>> => {
    const counts: Record<string, number> = {}
    for await (const batch of raw.readAll({ prefixes: rawPrefixes('t') }))
      for (const { type } of batch) counts[type] = (counts[type] ?? 0) + 1
    return counts
  }
  return { platform, jobs, run, types }
}

test('a backfill stores every record of its jobs once, page by page, and the clock follows', async () => {
  const { run, types, platform } = await setup()
  expect(await run()).toMatchObject({ right: { records: 27, jobs: 2, isStopped: false, receipt: { stored: 27 } } })
  expect(await types()).toEqual({ 'conversation-detail': 25, 'user-detail': 2, ClockTicked: 1 })
  expect(platform.count(/conversations\/details\/jobs\/job-\d+\/results$/)).toBe(3)
})

test('the same range fetched again stores nothing twice', async () => {
  const { run, types } = await setup()
  await run()
  expect(await run()).toMatchObject({ right: { records: 27, receipt: { stored: 0, duplicate: 27 } } })
  expect((await types())['conversation-detail']).toBe(25)
})

test('a backfill that is stopped goes on with its job at the page where it was, and asks for none again', async () => {
  const { run, types, platform } = await setup()
  const stopped = new AbortController()
  const first = await run({
    signal: stopped.signal,
    onProgress: (_, { pages }) => {
      if (pages === 2) stopped.abort()
    },
  })
  expect(first).toMatchObject({ right: { isStopped: true, records: 20 } })
  expect(await run()).toMatchObject({ right: { isStopped: false, records: 7 } })
  expect((await types())['conversation-detail']).toBe(25)
  expect(platform.count(/POST \/api\/v2\/analytics\/conversations\/details\/jobs$/)).toBe(1)
  expect(platform.count(/conversations\/details\/jobs\/job-1\/results$/)).toBe(3)
})

test('a job that the platform forgot is posted anew from its first page; what comes again is stored once', async () => {
  const { run, types, jobs } = await setup()
  const stopped = new AbortController()
  await run({ signal: stopped.signal, onProgress: (_, { pages }) => void (pages === 1 && stopped.abort()) })
  jobs.forgetJobs()
  expect(await run()).toMatchObject({ right: { isStopped: false, receipt: { stored: 17, duplicate: 10 } } })
  expect((await types())['conversation-detail']).toBe(25)
})

test('a backfill bears with a platform that limits it, drops connections and lets a job fail', async () => {
  const { run, types, jobs, platform } = await setup()
  platform.misbehaviours.plan(/results$/, tooManyRequests(7))
  platform.misbehaviours.plan(/results$/, { kind: 'drop', when: 'after' })
  platform.misbehaviours.plan(/jobs$/, { kind: 'answer', status: 503 })
  platform.misbehaviours.plan(/results$/, { kind: 'break-off' }, 2)
  jobs.failNext = true
  expect(await run()).toMatchObject({ right: { isStopped: false, records: 27 } })
  expect((await types())['conversation-detail']).toBe(25)
})

test('a permission that lacks is told by its name', async () => {
  const { run, platform } = await setup()
  platform.organisation.permissions.delete('analytics:userDetail:view')
  const outcome = await run()
  expect(E.isLeft(outcome) && outcome.left).toMatchObject({
    tag: 'NotPermitted',
    missing: ['analytics:userDetail:view'],
  })
})
