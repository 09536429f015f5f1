import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { DAY_MS } from '../../src/domain/interval.js'
import { StandInJobs } from '../support/genesys/analytics.js'
import { MachineClock } from '../support/genesys/clock.js'
import { CLIENT } from '../support/genesys/organisation.js'
import { standInGenesys } from '../support/genesys/server.js'
import { simulatedOrganisation } from '../support/genesys/simulated.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

const HOUR_MS = 3_600_000

test('genesys reconcile compares yesterday in the zone of the profile, and a difference is its exit code', async () => {
  // A zone in which it is not about midnight now, and whose days are not those of UTC.
  const [zone, offsetMs] = new Date().getUTCHours() === 14 ? ['Asia/Dubai', 4 * HOUR_MS] : ['Asia/Tokyo', 9 * HOUR_MS]
  const today = Math.floor((Date.now() + offsetMs) / DAY_MS) * DAY_MS - offsetMs
  const yesterday = { from: new Date(today - DAY_MS).toISOString(), to: new Date(today).toISOString() }
  const { organisation, lake, routes } = simulatedOrganisation({
    // Half an hour after midnight there.
    ...{ seed: 7, fromMs: today - DAY_MS + HOUR_MS / 2, hours: 1, queues: 2, agents: 4, callsPerHour: 20 },
  })
  const asked: unknown[] = []
  const recorded = routes.map((route) => ({
    ...route,
    handle: (...[request, site]: Parameters<typeof route.handle>) => {
      asked.push((request.json as Readonly<{ interval: string }>).interval)
      return route.handle(request, site)
    },
  }))
  const clock = new MachineClock()
  const jobs = new StandInJobs(clock, lake)
  jobs.pollsMin = 0
  const platform = await standInGenesys({ clock, organisation, routes: [...jobs.routes, ...recorded] })
  onTestFinished(() => platform.close())
  const dir = await scratchFolder()
  const config = join(dir, 'streamvane.yaml')
  writeFileSync(
    config,
    stringify({
      data: join(dir, 'data'),
      egress: { sink: 'none' },
      profile: { points: 'conversation-details', families: ['queue'], zone },
      genesys: { url: platform.url, clientId: CLIENT.id, clientSecret: { env: 'GENESYS_SECRET' } },
    }),
  )
  const command = (...args: readonly string[]) =>
    streamvane([...args, '--config', config], { env: { GENESYS_SECRET: CLIENT.secret } })
  for (const args of [
    ['genesys', 'sync'],
    ['genesys', 'backfill', '--from', yesterday.from, '--to', yesterday.to],
    ['run', '--until-caught-up'],
  ])
    expect(await command(...args)).toMatchObject({ code: 0 })

  const equal = await command('genesys', 'reconcile')
  expect(equal).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[1-9]\d* figures .* 0 different/) as string })
  expect(asked).toEqual([`${yesterday.from}/${yesterday.to}`])

  platform.misbehaviours.plan(/aggregates\/query/, {
    kind: 'alter',
    by: (body) =>
      JSON.parse(JSON.stringify(body).replace(/"metric":"nOffered","stats":{"count":\d+/g, '$&0')) as unknown,
  })
  const different = await command('genesys', 'reconcile')
  expect(different).toMatchObject({ code: 5, stdout: expect.stringMatching(/nOffered/) as string })
})
