import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { CLIENT, queueEntity, smallOrganisation } from '../support/genesys/organisation.js'
import { standInGenesys, type StandIn } from '../support/genesys/server.js'
import { ingressOf, jsonLines, running, scratchFolder, streamvane } from '../support/streamvane.js'

const setup = async (
  sync: object = {},
): Promise<Readonly<{ platform: StandIn; config: string; env: Record<string, string> }>> => {
  const platform = await standInGenesys({ organisation: smallOrganisation() })
  onTestFinished(() => platform.close())
  const dir = await scratchFolder()
  const config = join(dir, 'streamvane.yaml')
  writeFileSync(
    config,
    stringify({
      data: join(dir, 'data'),
      ingress: { port: 0 },
      admin: { port: 0 },
      egress: { sink: 'none' },
      genesys: { url: platform.url, clientId: CLIENT.id, clientSecret: { env: 'GENESYS_SECRET' }, sync },
    }),
  )
  return { platform, config, env: { GENESYS_SECRET: CLIENT.secret } }
}

type Setting = Readonly<{ type: string; queueId?: string; at: string }>

test('genesys sync says in a dry run what it would store, stores it, and the next time only what changed', async () => {
  const { platform, config, env } = await setup()
  const dry = await streamvane(['genesys', 'sync', '--dry-run', '--config', config], { env })
  expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining('12 would be stored') as string })
  const first = await streamvane(['genesys', 'sync', '--json', '--config', config], { env })
  expect(first.code).toBe(0)
  expect(jsonLines<Setting>(first.stdout)).toHaveLength(12)
  platform.organisation.queues[0] = queueEntity('q-sales', 'Sales', {
    dateModified: '2026-02-01T08:00:00Z',
    mediaSettings: { call: { serviceLevel: { percentage: 0.9, durationMs: 10_000 } } },
  })
  const second = await streamvane(['genesys', 'sync', '--config', config], { env })
  expect(second.stdout).toBe(
    'stored: queue Sales from 2026-02-01T08:00:00.000Z: voice 90 % within 10 s, after-call work MANDATORY_TIMEOUT 30 s\n',
  )
  const refused = await streamvane(['genesys', 'sync', '--config', config], { env: { GENESYS_SECRET: 'other' } })
  expect(refused).toMatchObject({
    code: 4,
    stdout: '',
    stderr: expect.stringContaining('refuses the client') as string,
  })
  expect(refused.stderr).not.toContain('other')
})

test('a running process syncs on its schedule, tells it in health, and a sync by hand goes in beside it', async () => {
  const { platform, config, env } = await setup({ every: 'PT1S' })
  const run = running(['run', '--only', 'ingress', '--config', config], env)
  const url = await ingressOf(run)
  await run.said('genesys sync: stored what changed')
  const health = (await (await fetch(new URL('/health/ready', url))).json()) as {
    stages: Record<string, { state: string; details: Record<string, string> }>
  }
  expect(health.stages['genesys.sync']).toMatchObject({
    state: 'running',
    details: { lastSync: expect.stringMatching(/Z$/) as string, nextSync: expect.stringMatching(/Z$/) as string },
  })
  platform.organisation.users.push({ id: 'u-new', name: 'New Person', state: 'active' })
  await run.said('genesys sync: stored what changed')
  const byHand = await streamvane(['genesys', 'sync', '--config', config], { env })
  expect(byHand).toMatchObject({ code: 0, stdout: '' })
  run.kill('SIGTERM')
  expect(await run.ended).toMatchObject({ code: 0 })
})
