import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import { Secret } from '../../../../src/credentials/secret.js'
import type { Area, Check } from '../../../../src/app/operations/doctor/check.js'
import { examine } from '../../../../src/app/operations/doctor/doctor.js'
import { embeddedLogs } from '../../../../src/app/pipeline/logs/logs.js'
import { describeRabbitmq } from '../../../support/rabbitmq/broker.js'
import { queueRig } from '../../../support/rabbitmq/queue-rig.js'
import { standInServiceBus } from '../../../support/service-bus/server.js'
import { standInSqs } from '../../../support/sqs/server.js'

const secret = (text: string) => Secret.literal(text)

const examined = async (settings: Readonly<Record<string, unknown>>, ...only: readonly Area[]) => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-doctor-'))
  const config = loadConfig({ env: {}, flags: { data, ...settings } })
  const logs = embeddedLogs(data, 'test')
  onTestFinished(async () => {
    await logs.close()
    await rm(data, { recursive: true, force: true })
  })
  await logs.changingControl(async () => undefined) // as a process that ran before left it
  const checks: Check[] = []
  const patient = { config, logs, logger: pino({ level: 'silent' }), version: 'test', now: Date.now }
  for await (const check of examine(patient, only)) checks.push(check)
  return checks
}

const sqsSource = (queueUrl: string) => ({
  ...{ name: 'queue', use: 'sqs', queueUrl, region: 'eu-central-1' },
  credentials: { accessKeyId: 'AKIDSTANDIN', secretAccessKey: secret('a-secret-of-the-stand-in') },
})

test('each queue is asked whether it lets the source in, and no message is taken', async () => {
  const [sqs, bus] = [await standInSqs(['events']), await standInServiceBus({ events: { requiresSession: false } })]
  onTestFinished(() => Promise.all([sqs.close(), bus.close()]).then(() => undefined))
  sqs.queue('events').send('{"n":1}')
  bus.queue('events').send(Buffer.from('{"n":1}'))
  const bySource = { name: 'bus', use: 'service-bus', serviceBusConnectionString: secret(bus.connectionString()) }
  const sources = [
    sqsSource(sqs.queueUrl('events')),
    sqsSource(sqs.queueUrl('missing')),
    { ...bySource, queue: 'events' },
    { ...bySource, queue: 'missing' },
  ].map((source, index) => ({ ...source, name: `source-${index}` }))
  const checks = await examined({ sources }, 'sources')
  expect(checks.map(({ state }) => state)).toEqual(['ok', 'failure', 'ok', 'failure'])
  expect(checks[0]?.says).toContain('about 1 messages wait')
  expect(checks[1]).toMatchObject({ mend: 'sources.1', says: expect.stringContaining('queueUrl') as string })
  expect(checks[3]).toMatchObject({ mend: 'sources.3', says: expect.stringContaining('there is no') as string })
  expect([sqs.queue('events').seen.deleted, bus.queue('events').seen.completed]).toEqual([0, 0])
  expect(JSON.stringify(checks)).not.toContain('a-secret-of-the-stand-in')
})

test('each destination is asked whether it lets the sink in; nothing is written', async () => {
  const checks = await examined(
    {
      egress: {
        sinks: [
          { name: 'here', use: 'files' },
          { name: 'away', use: 'postgresql', host: '127.0.0.1', port: 1, database: 'd', username: 'u' },
          { name: 'hook', use: 'webhooks', url: 'https://hooks.example/HIDDEN', signingKeys: secret(KEY) },
        ],
      },
    },
    'destinations',
  )
  expect(checks.map(({ what, state }) => [what, state])).toEqual([
    ['here (files)', 'ok'],
    ['away (postgresql)', 'failure'],
    ['hook (webhooks)', 'ok'],
  ])
  expect(checks[1]).toMatchObject({ mend: 'egress.sinks.1' })
  expect(JSON.stringify(checks)).not.toContain('HIDDEN')
})

const KEY = `whsec_${Buffer.from('a signing key of 32 random bytes').toString('base64')}`

test('a feed that delivered nothing yet is a warning', async () => {
  const layouts = [{ version: 1, columns: [{ name: 'start', value: 'interval.start' }] }]
  const push = { use: 'https', url: 'https://wfm.example/{file}', version: 1, token: secret('t') }
  expect(await examined({ feeds: { list: [{ name: 'wfm', family: 'queue', layouts, push }] } }, 'feeds')).toMatchObject(
    [{ what: 'feed wfm', state: 'warning', mend: 'streamvane run' }],
  )
})

describeRabbitmq('doctor and a real RabbitMQ', (broker) => {
  test('says how many messages wait in a queue, and which is missing; takes none', async () => {
    const rig = await queueRig(broker())
    await rig.send('{"n":1}', '{"n":2}')
    const url = new URL(broker().url)
    const source = {
      ...{ use: 'rabbitmq', brokers: [url.host], username: url.username, password: secret(url.password) },
    }
    const checks = await examined(
      {
        sources: [
          { ...source, name: 'there', queue: rig.queue },
          { ...source, name: 'missing', queue: 'no-such-queue' },
        ],
      },
      'sources',
    )
    expect(checks.map(({ state }) => state)).toEqual(['ok', 'failure'])
    expect(checks[0]?.says).toContain('2 messages wait')
    expect(await rig.ready()).toBe(2)
  })
})
