import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { liveRecord, readGaps } from '../../src/app/operations/genesys/gaps.js'
import { knownIds } from '../../src/app/operations/genesys/known-ids.js'
import { runGaps } from '../../src/app/pipeline/genesys/gaps-stage.js'
import { embeddedLogs } from '../../src/app/pipeline/logs/logs.js'
import { startStage } from '../../src/app/pipeline/stage.js'
import { genesysCommand } from '../../src/cli/genesys/genesys.js'
import { rowsCommand } from '../../src/cli/rows.js'
import { runCommand } from '../../src/cli/run/run.js'
import { Secret } from '../../src/credentials/secret.js'
import { genesysClient } from '../../src/genesys/client.js'
import { pause } from '../../src/log/backoff.js'
import { appendTick } from '../../src/ingress/clock.js'
import { notificationSource } from '../../src/ingress/genesys/notification-source.js'
import { deliverTo } from '../../src/ingress/ingest.js'

import { inProcess } from '../support/in-process.js'
import { StandInJobs } from '../support/genesys/analytics.js'
import { TestClock } from '../support/genesys/clock.js'
import { StandInNotifications } from '../support/genesys/notifications.js'
import { CLIENT } from '../support/genesys/organisation.js'
import { standInGenesys } from '../support/genesys/server.js'
import { simulatedOrganisation } from '../support/genesys/simulated.js'
import { rowsText, truthText, type RowLine } from '../support/rows-json.js'
import { jsonLines, scratchFolder } from '../support/streamvane.js'

const HOUR = 3_600_000
const MINUTE = 60_000
const START = Date.parse('2026-03-02T07:00:00Z')
const at = (time: string): number => Date.parse(`2026-03-02T${time}Z`)

/** Resolves when it is so. What happens between two looks comes from sockets. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

test(
  'a simulated organisation is synced, backfilled and followed through breaks and an hour without a process, and the rows are the truth',
  { timeout: 300_000 },
  async () => {
    const simulated = simulatedOrganisation({
      seed: 6,
      fromMs: START,
      hours: 4,
      queues: 3,
      agents: 10,
      callsPerHour: 40,
    })
    const { organisation, events, truth } = simulated
    const clock = new TestClock(START)
    const notifications = new StandInNotifications(clock)
    const jobs = new StandInJobs(clock, simulated.lake)
    jobs.pageMax = 20
    jobs.pollsMin = 0
    const routes = [...notifications.routes, ...jobs.routes, ...simulated.routes]
    const platform = await standInGenesys({ clock, organisation, routes, perMinute: 100_000 })
    notifications.attach(platform.server)
    onTestFinished(async () => {
      notifications.close()
      await platform.close()
    })

    const data = join(await scratchFolder(), 'data')
    const config = join(await scratchFolder(), 'streamvane.yaml')
    writeFileSync(
      config,
      stringify({
        data,
        egress: { sink: 'none' },
        profile: { points: 'metric-records-and-details', families: ['queue', 'agent', 'agent-state'] },
        genesys: { url: platform.url, clientId: CLIENT.id, clientSecret: { env: 'GENESYS_SECRET' } },
      }),
    )
    vi.stubEnv('GENESYS_SECRET', CLIENT.secret)
    onTestFinished(() => void vi.unstubAllEnvs())
    const command = async (make: () => Command, ...args: readonly string[]) => {
      const outcome = await inProcess(make(), [...args, '--config', config, '--log-level', 'silent'])
      expect(outcome.code, `${args.join(' ')}: ${outcome.stderr}`).toBe(0)
      return outcome.stdout
    }

    // The configuration, and the history of the first hour.
    await command(genesysCommand, 'sync')
    clock.advance(HOUR)
    await command(genesysCommand, 'backfill', '--from', '2026-03-02T07:00:00Z', '--to', '2026-03-02T08:00:00Z')

    // The process of the next hours, whose clock is the test's.
    const timing = clock
    const client = genesysClient({
      ...{ hosts: { api: platform.url, login: platform.url }, clientId: CLIENT.id },
      ...{ clientSecret: Secret.literal(CLIENT.secret), requestsPerMinute: 100_000 },
    })
    onTestFinished(() => client.close())
    const followed = [...new Set(events.map(({ topicName }) => topicName))]
    const live = async () => {
      const logs = embeddedLogs(data, 'test')
      const raw = await logs.raw('writer')
      const source = notificationSource({
        ...{ name: 'socket', client, channelsMax: 10, topics: followed, ids: knownIds(logs, 'default') },
        record: liveRecord(logs, 'default', 'socket', clock.now),
        ...{ refreshMs: 24 * HOUR, noteLiveEveryMs: MINUTE, forgetConversationAfterMs: HOUR, timing },
        ...{ onWarning: () => undefined, onInfo: () => undefined },
      })
      let stored = 0
      const deliver = deliverTo({ log: raw, tenant: 'default', now: clock.now })
      const running = await source.start(async (batch) => {
        const receipt = await deliver(batch)
        stored += batch.raws.length
        return receipt
      })
      return {
        ...{ logs, raw, running },
        stored: () => stored,
        connected: async (): Promise<void> => {
          while (running.health?.().state !== 'connected') {
            await new Promise((resolve) => setTimeout(resolve, 5))
            if (notifications.isDown || running.health?.().state === 'connected') break
            clock.advance(1_000)
          }
        },
        close: async (): Promise<void> => {
          await running.close()
          await logs.close()
        },
      }
    }
    let next = events.findIndex((event) => event.at >= clock.now())
    /** Time goes on until then; what nobody is connected for is lost. */
    const passes = async (to: number, process: Awaited<ReturnType<typeof live>> | undefined): Promise<void> => {
      while (clock.now() < to) {
        const step = Math.min(to, clock.now() + 30_000)
        const [before, sent] = [process?.stored() ?? 0, notifications.sent]
        for (let event = events[next]; event !== undefined && event.at < step; event = events[++next])
          notifications.publish(event.topicName, event.line)
        const came = notifications.isSilent ? 0 : notifications.sent - sent
        if (process !== undefined) await until(() => process.stored() >= before + came)
        clock.advance(step - clock.now())
        notifications.heartbeat()
        if (process !== undefined) {
          await notifications.read()
          if (!notifications.isDown) await process.connected()
          if (step % (5 * MINUTE) === 0) await appendTick(process.raw, 'default', step)
        }
      }
    }

    let process = await live()
    await process.connected()
    await passes(at('08:30:00'), process)
    // The first break: the server is away for three minutes.
    notifications.isDown = true
    notifications.breakSockets()
    await until(() => process.running.health?.().state !== 'connected')
    await passes(at('08:33:00'), process)
    notifications.isDown = false
    await passes(at('09:00:00'), process)
    // The second: the connection says nothing, and nobody closes it.
    const { opened } = notifications
    notifications.isSilent = true
    await passes(at('09:01:00'), process)
    clock.advance(30_000)
    await until(() => notifications.opened > opened)
    notifications.isSilent = false
    await process.connected()
    await passes(at('09:20:00'), process)
    await process.close()
    // For an hour there is no process.
    await passes(at('10:20:00'), undefined)
    process = await live()
    await process.connected()
    const end = Date.parse(truth.through)
    await passes(end, process)
    expect(notifications.missed).toBeGreaterThan(300)

    // The gaps are filled as soon as the platform has the data.
    const found = await readGaps(await process.logs.control('reader'), 'default')
    expect(found.map((gap) => gap.filledAt)).toEqual([null, null, null])
    const lengths = found.map(({ from, to }) => Math.round((to - from) / MINUTE))
    expect(lengths[0]).toBeGreaterThanOrEqual(3)
    expect(lengths[2]).toBeGreaterThanOrEqual(60)
    await process.running.close()
    clock.advance(20 * MINUTE)
    const stage = startStage({
      ...{ name: 'genesys.gaps', signal: new AbortController().signal, now: clock.now, onState: () => undefined },
      work: (control) =>
        runGaps(
          {
            ...{ tenant: 'default', raw: process.raw, logs: process.logs, client, marginMs: 15 * MINUTE },
            ...{ logger: pino({ level: 'silent' }), timing: { now: clock.now, sleep: quick, random: () => 1 } },
          },
          control,
        ),
    })
    await until(() => stage.activity().details?.['gap']?.endsWith('filled') === true)
    expect(stage.activity().alarms).toEqual([])
    await stage.stop()
    expect(
      (await readGaps(await process.logs.control('reader'), 'default')).every(({ filledAt }) => filledAt !== null),
    ).toBe(true)
    await appendTick(process.raw, 'default', end + HOUR)
    await process.close()

    await command(runCommand, '--until-caught-up')
    for (const family of ['queue', 'agent'] as const) {
      const rows = jsonLines<RowLine>(await command(rowsCommand, '--family', family, '--json'))
      expect(rowsText(rows, family)).toEqual(truthText(truth, family))
      expect(rows.length).toBeGreaterThan(100)
    }

    // What Genesys says of the same hours, fetched by the command.
    const report = JSON.parse(
      await command(
        genesysCommand,
        'reconcile',
        '--from',
        '2026-03-02T07:00:00Z',
        '--to',
        '2026-03-02T11:00:00Z',
        '--json',
      ),
    ) as Readonly<{ figures: Readonly<{ compared: number; different: number }>; differences: readonly unknown[] }>
    expect(report.differences).toEqual([])
    expect(report.figures).toMatchObject({ different: 0 })
    expect(report.figures.compared).toBeGreaterThan(500)
  },
)

/** Waiting takes no time of the test, and leaves others their turn. */
const quick = async (_: number, signal: AbortSignal): Promise<void> => pause(20, signal)
