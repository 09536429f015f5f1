import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { StandInJobs } from '../support/genesys/analytics.js'
import { MachineClock } from '../support/genesys/clock.js'
import { StandInNotifications } from '../support/genesys/notifications.js'
import { CLIENT, smallOrganisation } from '../support/genesys/organisation.js'
import { standInGenesys } from '../support/genesys/server.js'
import { ingressOf, jsonLines, running, scratchFolder, streamvane } from '../support/streamvane.js'

const setup = async () => {
  const clock = new MachineClock()
  const notifications = new StandInNotifications(clock)
  const jobs = new StandInJobs(clock, {
    conversations: () =>
      Array.from({ length: 40 }, (_, number) => ({ conversationId: `c${number}`, participants: [] })),
    users: () => [],
  })
  jobs.pageMax = 10
  jobs.pollsMin = 0
  const platform = await standInGenesys({
    ...{ clock, organisation: smallOrganisation(), routes: [...notifications.routes, ...jobs.routes] },
  })
  notifications.attach(platform.server)
  onTestFinished(async () => {
    notifications.close()
    await platform.close()
  })
  const dir = await scratchFolder()
  const config = join(dir, 'streamvane.yaml')
  writeFileSync(
    config,
    stringify({
      data: join(dir, 'data'),
      ingress: { port: 0 },
      egress: { sink: 'none' },
      genesys: { url: platform.url, clientId: CLIENT.id, clientSecret: { env: 'GENESYS_SECRET' } },
      sources: [{ name: 'socket', use: 'genesys', topics: ['v2.users.{user}.routingStatus'] }],
    }),
  )
  return { platform, notifications, jobs, data: join(dir, 'data'), config, env: { GENESYS_SECRET: CLIENT.secret } }
}

const status = (number: number): string =>
  JSON.stringify({
    topicName: 'v2.users.u-ann.routingStatus',
    eventBody: {
      id: 'u-ann',
      routingStatus: { status: 'IDLE', startTime: new Date(Date.now() - number).toISOString() },
    },
  })

test('a process follows the socket, comes back after a break, and tells it and its gaps in health', async () => {
  const { notifications, config, env } = await setup()
  expect((await streamvane(['genesys', 'sync', '--config', config], { env })).code).toBe(0)
  const run = running(['run', '--only', 'ingress', '--config', config], env)
  const url = await ingressOf(run)
  const topic = 'v2.users.u-ann.routingStatus'
  await notifications.until(() => notifications.isSubscribed(topic))
  notifications.publish(topic, status(1))
  notifications.breakSockets()
  await run.said('events may have been missed')
  await notifications.until(() => notifications.isSubscribed(topic))
  notifications.publish(topic, status(2))
  const look = async () =>
    (await (await fetch(new URL('/health/ready', url))).json()) as { stages: Record<string, unknown> }
  // The answer to the subscription is still on its way.
  let health = await look()
  while (!JSON.stringify(health.stages['ingress']).includes('"socket":{"state":"connected"')) health = await look()
  expect(health.stages['genesys.gaps']).toMatchObject({ state: 'running' })
  run.kill('SIGTERM')
  expect(await run.ended).toMatchObject({ code: 0 })
})

test('a backfill that is killed goes on at its page, stores every record once, and its dry run says how far it is', async () => {
  const { platform, jobs, data, config, env } = await setup()
  const args = ['genesys', 'backfill', '--from', '2026-03-01', '--to', '2026-03-02', '--config', config]
  const dryRun = (...more: readonly string[]) => streamvane([...args, '--dry-run', ...more], { env })
  const [day, hasNone] = ['2026-03-01T00:00:00.000Z/2026-03-02T00:00:00.000Z', { pages: 0, records: 0 }]
  jobs.lagMs = Date.now() - Date.parse('2026-03-01T12:00:00Z')
  const before = await dryRun()
  expect(before).toMatchObject({
    code: 0,
    stdout: `conversations ${day}: to be fetched\nusers ${day}: to be fetched\n`,
  })
  expect(before.stderr).toMatch(/only through 2026-03-01T12:00.*what is later may be missing/)
  expect(existsSync(data)).toBe(false)
  expect(platform.count(/GET .*availability$/)).toBe(platform.count(/analytics/))
  jobs.lagMs = 0
  let release: () => void = () => undefined
  let isHeld = false
  platform.misbehaviours.plan(
    (what) => {
      if (!/conversations.*results$/.test(what) || platform.count(/conversations.*results$/) < 2) return false
      return (isHeld = true)
    },
    { kind: 'hold', release: new Promise<void>((resolve) => (release = resolve)) },
  )
  const killed = running(args, env)
  while (!isHeld) await new Promise((resolve) => setTimeout(resolve, 20))
  killed.kill('SIGKILL')
  await killed.ended
  release()
  expect((await dryRun()).stdout).toBe(
    `conversations ${day}: begun, 2 pages, 20 records so far\nusers ${day}: to be fetched\n`,
  )
  const outcome = await streamvane([...args, '--json'], { env })
  expect(outcome.code, outcome.stderr).toBe(0)
  expect(JSON.parse(outcome.stdout)).toMatchObject({ records: 20, stored: 20, duplicate: 0 })
  expect(platform.count(/POST .*conversations\/details\/jobs$/)).toBe(1)
  const after = await dryRun('--json')
  expect(jsonLines(after.stdout)).toEqual([
    { chunk: `conversations ${day}`, state: 'to be fetched', ...hasNone, fetchedBefore: true },
    { chunk: `users ${day}`, state: 'to be fetched', ...hasNone, fetchedBefore: true },
  ])
  expect(after.stderr).toContain('was fetched before')
})
