import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { events } from '../http/served.js'
import { chance } from '../support/chance.js'
import { standInServiceBus } from '../support/service-bus/server.js'
import { standInSqs } from '../support/sqs/server.js'
import { running, scratchFolder } from '../support/streamvane.js'

const EVENTS = 200
const KILLS = 2

/** A queue at a stand-in, and the source that reads it. */
type Rig = Readonly<{
  source: object
  env: Readonly<Record<string, string>>
  send: (raw: Buffer) => void
  /** How many messages are done with: completed, or deleted. */
  done: () => number
  /** How many messages are left. */
  left: () => number
  changes: () => Promise<void>
  /** Ends the locks, or visibility timeouts, of a process that was killed. */
  expire: () => Promise<void> | void
}>

const serviceBus = async (requiresSession: boolean): Promise<Rig> => {
  const bus = await standInServiceBus({ events: { maxDeliveryCount: 100, requiresSession } })
  onTestFinished(() => bus.close())
  const queue = bus.queue('events')
  let sent = 0
  return {
    source: {
      ...{ use: 'service-bus', serviceBusConnectionString: { env: 'BUS' }, queue: 'events' },
      ...{ prefetch: 50, batchMax: 10, ...(requiresSession && { sessions: 2 }) },
    },
    env: { BUS: bus.connectionString() },
    send: (raw) => queue.send(raw, requiresSession ? `session-${sent++ % 4}` : undefined),
    done: () => queue.seen.completed,
    left: () => queue.depth,
    changes: () => queue.changes(),
    expire: async () => {
      // A broker that has not seen the end of a connection still gives messages to it.
      while (bus.connections() > 0) await new Promise((resolve) => setImmediate(resolve))
      queue.expire(Infinity)
    },
  }
}

const sqs = async (): Promise<Rig> => {
  const server = await standInSqs(['events'])
  onTestFinished(() => server.close())
  const queue = server.queue('events')
  return {
    source: {
      ...{ use: 'sqs', queueUrl: server.queueUrl('events'), region: 'eu-central-1' },
      credentials: { accessKeyId: 'AKIDSTANDIN', secretAccessKey: { env: 'KEY' } },
    },
    env: { KEY: server.keys.get('AKIDSTANDIN')?.secret ?? '' },
    send: (raw) => queue.send(raw.toString('utf8')),
    done: () => queue.seen.deleted,
    left: () => queue.depth,
    changes: () => queue.changes(),
    expire: () => queue.expire(),
  }
}

test.each([
  ['a Service Bus queue', () => serviceBus(false)],
  ['a Service Bus queue with sessions', () => serviceBus(true)],
  ['an SQS queue', sqs],
])(
  'a process that reads %s is killed again and again: each event is stored once, and none is lost',
  async (_, make) => {
    const rig = await make()
    const dir = await scratchFolder()
    const config = join(dir, 'streamvane.yaml')
    const settings = { data: join(dir, 'data'), ingress: { enabled: false }, health: { port: 0 }, admin: false }
    writeFileSync(
      config,
      stringify({ ...settings, egress: { sink: 'none' }, sources: [{ name: 'queue', ...rig.source }] }),
    )
    const seed = Math.floor(Math.random() * 2 ** 31)
    onTestFinished(({ task }) => {
      if (task.result?.state === 'fail') console.log(`seed ${seed}`)
    })
    const dice = chance(seed)
    const raws = events(EVENTS)
    raws.forEach(rig.send)
    for (let kill = 0; kill < KILLS; kill++) {
      const process = running(['run', '--only', 'ingress', '--config', config], rig.env)
      const enough = rig.done() + 1 + dice.below(EVENTS / (2 * KILLS))
      while (rig.done() < enough) await rig.changes()
      process.kill('SIGKILL')
      await process.ended
      await rig.expire()
    }
    const last = running(['run', '--only', 'ingress', '--config', config], rig.env)
    while (rig.left() > 0) await rig.changes()
    last.kill('SIGTERM')
    expect((await last.ended).code).toBe(0)
    const log = await openEmbeddedLog({ dir: join(dir, 'data', 'log', 'raw'), mode: 'reader' })
    onTestFinished(() => log.close())
    const stored: string[] = []
    for await (const batch of log.readAll())
      for (const { stream, data } of batch)
        if (!stream.endsWith('.clock')) stored.push(Buffer.from(data).toString('utf8'))
    expect(stored.toSorted()).toEqual(raws.map((raw) => raw.toString('utf8')).toSorted())
  },
)
