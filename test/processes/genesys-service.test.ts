import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { StandInJobs } from '../support/genesys/analytics.js'
import { MachineClock } from '../support/genesys/clock.js'
import { StandInNotifications } from '../support/genesys/notifications.js'
import { CLIENT, smallOrganisation } from '../support/genesys/organisation.js'
import { standInGenesys } from '../support/genesys/server.js'
import { ingressOf, jsonLines, running, scratchFolder, streamvane } from '../support/streamvane.js'

/** Where an organisation lives, and who asks there. */
type Platform = Readonly<{ genesys: Readonly<Record<string, unknown>>; secret: string }>

/** An organisation to test against: the client needs the role of docs/sources/genesys.md. Nothing is changed in it. */
const { GENESYS_REGION: region, GENESYS_CLIENT_ID: clientId, GENESYS_CLIENT_SECRET: secret } = process.env
const real = (): Platform | undefined =>
  region === undefined || clientId === undefined || secret === undefined
    ? undefined
    : { genesys: { region, clientId, clientSecret: { env: 'SECRET' } }, secret }

const standIn = async (): Promise<Platform> => {
  const clock = new MachineClock()
  const notifications = new StandInNotifications(clock)
  const jobs = new StandInJobs(clock, {
    conversations: () =>
      Array.from({ length: 12 }, (_, number) => ({ conversationId: `c${number}`, participants: [] })),
    users: () => [],
  })
  jobs.pollsMin = 0
  const routes = [...notifications.routes, ...jobs.routes]
  const platform = await standInGenesys({ clock, organisation: smallOrganisation(), routes })
  notifications.attach(platform.server)
  onTestFinished(async () => {
    notifications.close()
    await platform.close()
  })
  return { genesys: { url: platform.url, clientId: CLIENT.id, clientSecret: { env: 'SECRET' } }, secret: CLIENT.secret }
}

const lacking = 'skipped: GENESYS_REGION, GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET name no organisation'

describe.each([
  { name: 'the stand-in of Genesys Cloud', platform: standIn, isThere: true },
  {
    name: `the real Genesys Cloud${real() === undefined ? ` (${lacking})` : ''}`,
    platform: () => Promise.resolve(real() as Platform),
    isThere: real() !== undefined,
  },
])('an organisation at $name', ({ platform, isThere }) => {
  test.skipIf(!isThere)(
    'is synced, its last day fetched, and followed by the socket; what was taken once is not taken again',
    { timeout: 1_800_000 },
    async () => {
      const { genesys, secret: value } = await platform()
      const dir = await scratchFolder()
      const config = join(dir, 'streamvane.yaml')
      writeFileSync(
        config,
        stringify({
          ...{ data: join(dir, 'data'), ingress: { port: 0 }, egress: { sink: 'none' }, genesys },
          sources: [{ name: 'socket', use: 'genesys', topics: ['v2.users.{user}.routingStatus'] }],
        }),
      )
      const env = { SECRET: value }
      const command = async (...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await streamvane([...args, '--config', config], { env })
        expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
        return stdout
      }

      expect(jsonLines(await command('genesys', 'sync', '--json'))).not.toEqual([])
      expect(await command('genesys', 'sync', '--dry-run')).toBe('')

      const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10)
      const dayAfter = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
      const backfill = ['genesys', 'backfill', '--from', day, '--to', dayAfter, '--json']
      const first = JSON.parse(await command(...backfill)) as { records: number; stored: number }
      expect(first.stored).toBe(first.records)
      expect(JSON.parse(await command(...backfill))).toMatchObject({ stored: 0, duplicate: first.records })

      const run = running(['run', '--only', 'ingress', '--config', config], env)
      const url = await ingressOf(run)
      const look = async (): Promise<string> => (await fetch(new URL('/health/ready', url))).text()
      while (!(await look()).includes('"socket":{"state":"connected"'))
        await new Promise((next) => setTimeout(next, 100))
      run.kill('SIGTERM')
      expect(await run.ended).toMatchObject({ code: 0 })
    },
  )
})
