import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { recover } from '../../src/contract/kpi-stream/marks.js'
import { HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { defaultProfile } from '../../src/domain/profile.js'
import { allBuckets, clockStream, kpiStream } from '../../src/domain/stream-name.js'
import { appendTick } from '../../src/ingress/clock.js'
import type { EventLog, Position } from '../../src/log/event-log.js'
import { kafkaClient } from '../../src/egress/kafka/connection.js'
import { openEventStoreDbLog } from '../../src/log/eventstoredb/log.js'
import { simulate } from '../../src/simulator/simulate.js'
import { startEventStoreDbServer } from '../support/eventstoredb/server.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { bookOfLog, everyRevision, expectSameRows } from '../support/pipeline-life.js'
import { take } from '../support/pipeline.js'
import { comes, passes } from '../support/shards.js'
import { running, scratchFolder, streamvane, type Running } from '../support/streamvane.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const profile = defaultProfile

/** A morning in portions, each with the tick behind it. */
const portions = (): readonly Readonly<{ lines: readonly string[]; tick: number }>[] => {
  const simulation = simulate({
    ...{ seed: 17, fromMs: FROM, hours: 2, queues: 3, agents: 40, callsPerHour: 120, envelope: 'mixed' },
    ...{ reorder: 0.05, lateness: { share: 0.05, maxMs: HOUR_MS } },
  })
  const all: { lines: string[]; tick: number }[] = []
  for (const { line, deliverAtMs } of simulation) {
    const tick = Math.ceil((deliverAtMs + 1) / (5 * MINUTE_MS)) * 5 * MINUTE_MS
    if (all.at(-1)?.tick !== tick) all.push({ lines: [], tick })
    all.at(-1)?.lines.push(line)
  }
  all.push({ lines: [], tick: Date.parse(simulation.truth().through) + HOUR_MS })
  return all
}

const isMerged = (log: EventLog, tenant: string, position: Position): Promise<void> =>
  comes(log, kpiStream(tenant, 'g1'), async () => {
    const { checkpoint } = await recover(log, tenant, 'g1')
    return checkpoint !== undefined && checkpoint.position >= position
  })

/** The buckets of a process, once it says that so many are assigned to it. */
const assigned = async (process: Running, counts: readonly number[]): Promise<readonly string[]> => {
  for (;;) {
    const { buckets } = JSON.parse(await process.said('points: buckets were assigned')) as { buckets: string }
    const names = buckets.split(' ')
    if (counts.includes(names.length)) return names
  }
}

describeKafka('several projector processes on one EventStoreDB', ({ brokers }) => {
  test('divide the buckets; one that is killed loses them to the others, which go on, and the rows are those of one', async () => {
    const server = await startEventStoreDbServer()
    onTestFinished(() => server.stop())
    const log = openEventStoreDbLog({ connectionString: server.connectionString })
    onTestFinished(() => log.close())
    const tenant = freshName('shards').toLowerCase()
    const folder = await scratchFolder()
    const start = (name: string, stage: 'points' | 'merge'): Running =>
      running(['run', '--only', stage, '--log-level', 'debug'], {
        KAFKA_BROKERS: brokers.join(','),
        STREAMVANE_LOG__KIND: 'eventstoredb',
        EVENTSTOREDB_URL: server.connectionString,
        STREAMVANE_TENANT: tenant,
        STREAMVANE_DATA: join(folder, name),
        STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
        STREAMVANE_HEALTH__PORT: '0',
        STREAMVANE_PROJECTOR__SHARDS__SESSION_TIMEOUT_MS: '2000',
      })
    const morning = portions()
    /** The position of the last tick of some portions: so far every bucket goes and the merger follows. */
    const feed = async (from: number, to: number): Promise<Position> => {
      for (const { lines, tick } of morning.slice(from, to)) {
        await take(log, tenant, lines)
        await appendTick(log, tenant, tick)
      }
      for await (const [event] of log.readStream(clockStream(tenant), { backwards: true, max: 1 }))
        if (event !== undefined) return event.position
      throw new Error('the clock has not ticked')
    }

    const [first, second, third] = ['one', 'two', 'three'].map((name) => start(name, 'points')) as [
      Running,
      Running,
      Running,
    ]
    const merge = start('merge', 'merge')
    const thirds = await Promise.all([first, second, third].map((process) => assigned(process, [21, 22])))
    expect(thirds.flat().toSorted()).toEqual(allBuckets)
    const part = Math.floor(morning.length / 3)
    await isMerged(log, tenant, await feed(0, part))

    third.kill('SIGKILL')
    expect(await third.ended).toMatchObject({ signal: 'SIGKILL' })
    const soon = await feed(part, part + 1)
    for (const survivor of [0, 1]) await passes(log, tenant, thirds[survivor]?.[0] as string, soon)
    const later = await feed(part + 1, 2 * part)
    await Promise.all([first, second].map((process) => assigned(process, [32])))
    for (const orphan of thirds[2] ?? []) await passes(log, tenant, orphan, later)
    await isMerged(log, tenant, later)

    await isMerged(log, tenant, await feed(2 * part, morning.length))
    const rows = await bookOfLog(log, tenant, 'g1')
    expect(rows.size).toBeGreaterThan(500)
    expectSameRows(rows, await everyRevision(log, tenant, profile))

    for (const process of [first, second, merge]) process.kill('SIGTERM')
    for (const process of [first, second, merge])
      expect(await process.ended, process.stderr()).toMatchObject({ code: 0 })
  })

  test('refuse a control topic that has not a partition for each bucket, and say how to mend it', async () => {
    const server = await startEventStoreDbServer()
    onTestFinished(() => server.stop())
    const controlTopic = freshName('buckets')
    const admin = kafkaClient({ brokers }).admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    await admin.createTopics({ topics: [{ topic: controlTopic, numPartitions: 3 }], waitForLeaders: true })
    const { code, stderr } = await streamvane(['run', '--only', 'points'], {
      env: {
        KAFKA_BROKERS: brokers.join(','),
        STREAMVANE_LOG__KIND: 'eventstoredb',
        EVENTSTOREDB_URL: server.connectionString,
        STREAMVANE_DATA: join(await scratchFolder(), 'data'),
        STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
        STREAMVANE_HEALTH__PORT: '0',
        STREAMVANE_PROJECTOR__SHARDS__CONTROL_TOPIC: controlTopic,
      },
    })
    expect(code, stderr).toBe(4)
    expect(stderr).toContain(`the control topic ${controlTopic} has 3 partitions and needs 64`)
  })
})
