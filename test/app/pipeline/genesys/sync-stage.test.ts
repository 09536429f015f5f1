import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { Names } from '../../../../src/app/names.js'
import { readOperations } from '../../../../src/app/operations/journal/read-operations.js'
import { runSync } from '../../../../src/app/pipeline/genesys/sync-stage.js'
import { embeddedLogs } from '../../../../src/app/pipeline/logs/logs.js'
import { startStage } from '../../../../src/app/pipeline/stage.js'
import { Secret } from '../../../../src/credentials/secret.js'
import { genesysClient } from '../../../../src/genesys/client.js'
import { TestClock } from '../../../support/genesys/clock.js'
import { CLIENT, queueEntity, smallOrganisation } from '../../../support/genesys/organisation.js'
import { standInGenesys } from '../../../support/genesys/server.js'

const MINUTE = 60_000

/** A stage that syncs every 15 minutes of a clock that the test moves. */
const setup = async () => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-sync-'))
  const clock = new TestClock()
  /** Retries of the client take no time of the test. */
  const ofClient = new TestClock().runByItself()
  const platform = await standInGenesys({ clock, organisation: smallOrganisation() })
  const logs = embeddedLogs(data, 'test')
  const raw = await logs.raw('writer')
  const client = genesysClient({
    ...{ hosts: { api: platform.url, login: platform.url }, clientId: CLIENT.id, timing: ofClient },
    clientSecret: Secret.literal(CLIENT.secret),
  })
  const handle = startStage({
    ...{ name: 'genesys.sync', signal: new AbortController().signal, now: clock.now, onState: () => undefined },
    work: (control) =>
      runSync(
        {
          ...{ tenant: 't', raw, logs, client, organisationSettings: undefined, everyMs: 15 * MINUTE },
          ...{ logger: pino({ level: 'silent' }), now: clock.now, sleep: clock.sleep },
        },
        control,
      ),
  })
  onTestFinished(async () => {
    await handle.stop()
    await client.close()
    await platform.close()
    await logs.close()
    await rm(data, { recursive: true, force: true })
  })
  /** Until the stage waits for its next sync. */
  const rests = async (): Promise<void> => {
    while (!clock.isAwaited) await new Promise((resolve) => setImmediate(resolve))
  }
  const operations = async () => readOperations(await logs.control('reader'), 't')
  return { clock, platform, raw, handle, rests, operations }
}

test('the stage syncs at its start and at each period, and the journal has those that changed something', async () => {
  const { clock, platform, raw, handle, rests, operations } = await setup()
  await rests()
  expect(handle.activity()).toMatchObject({
    alarms: [],
    details: { lastSync: '2026-03-02T08:00:00.000Z', nextSync: '2026-03-02T08:15:00.000Z' },
  })
  expect(await new Names(raw, 't').of('userId', 'u-ann')).toBe('Ann Adler')
  clock.advance(15 * MINUTE)
  await rests()
  platform.organisation.queues[0] = queueEntity('q-sales', 'Sales and more')
  clock.advance(15 * MINUTE)
  await rests()
  expect(await new Names(raw, 't').of('queueId', 'q-sales')).toBe('Sales and more')
  expect(handle.activity().details).toMatchObject({ lastSync: '2026-03-02T08:30:00.000Z' })
  expect((await operations()).map(({ operation, via, result }) => [operation, via, result])).toEqual([
    ['genesys sync', 'schedule', 'done'],
    ['genesys sync', 'schedule', 'done'],
  ])
})

test('a sync that fails raises an alarm, is tried again sooner, and the alarm ends with the next one that succeeds', async () => {
  const { clock, platform, handle, rests } = await setup()
  await rests()
  platform.organisation.clients.clear()
  platform.tokens.revokeAll()
  clock.advance(15 * MINUTE)
  await rests()
  expect(handle.activity()).toMatchObject({
    alarms: [{ alarm: 'genesys-sync-failed' }],
    troubles: [],
    details: { problem: 'GenesysRefused', lastSync: '2026-03-02T08:00:00.000Z' },
  })
  expect(clock.slept.at(-1)).toBeLessThanOrEqual(30_000)
  platform.organisation.clients.set(CLIENT.id, CLIENT.secret)
  clock.advance(30_000)
  await rests()
  expect(handle.activity().alarms).toEqual([])
  expect(handle.activity().details).not.toHaveProperty('problem')
})

test('what a sync leaves out is an alarm, and the rest is stored', async () => {
  const { clock, platform, handle, rests } = await setup()
  platform.organisation.permissions.delete('routing:skill:view')
  await rests()
  clock.advance(15 * MINUTE)
  await rests()
  expect(handle.activity()).toMatchObject({
    alarms: [{ alarm: 'genesys-sync-failed' }],
    details: { problem: '1 told in the log of the process' },
  })
})
