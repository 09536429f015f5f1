import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { rowsInLog, type InLog } from '../app/pipeline/egress/kpi-log.js'
import { readJsonFiles } from '../egress/files/read-files.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { linesOf } from '../support/simulated-lines.js'
import { running, scratchFolder, streamvane } from '../support/streamvane.js'

/** An installation with a simulated morning in its log, and the sinks of its configuration. */
const installation = async (brokers: readonly string[]) => {
  const tenant = freshName('sinks')
  const folder = await scratchFolder()
  const data = join(folder, 'data')
  const config = join(folder, 'streamvane.json')
  const kafka = { brokers, format: 'json', progressTopic: `${tenant}-progress`, partitions: 2 }
  const configured = (egress: object): Promise<void> =>
    writeFile(config, JSON.stringify({ tenant, data, health: { port: 0 }, egress: { kafka, ...egress } }))
  await configured({})
  expect(await streamvane(['import', '--config', config, '-'], { stdin: linesOf(3) })).toMatchObject({ code: 0 })
  const published = async (topic: string): Promise<readonly string[]> =>
    (await consumeAll(brokers, [topic])).map(({ key, revision }) => `${key} ${revision}`).sort()
  /** The row revisions in the log that a filter lets pass. */
  const inLog = async (passes: (row: InLog) => boolean): Promise<readonly InLog[]> => {
    const log = await openEmbeddedLog({ dir: join(data, 'log', 'kpi-g1'), mode: 'reader' })
    try {
      return (await rowsInLog(log, tenant)).filter(passes)
    } finally {
      await log.close()
    }
  }
  const run = (...args: readonly string[]) => streamvane([...args, '--config', config])
  return { tenant, data, config, configured, published, inLog, run }
}

const namesOf = (rows: readonly InLog[]): readonly string[] => rows.map(({ name }) => name).sort()
const lastOf = (rows: readonly InLog[]): readonly string[] =>
  [...new Map(rows.map(({ key, name }) => [key, name])).values()].sort()

type Health = Readonly<{
  stages: Readonly<Record<string, { troubles: readonly { trouble: string }[]; figures?: Record<string, number> }>>
}>

const isOf = (family: string) => (row: InLog) => row.header.family === family
const isSettled = ({ header: { status } }: InLog): boolean => status !== 'provisional'

describeKafka('several sinks on a real broker', ({ brokers }) => {
  test('each gets what its filter says, when its mode says; one that is refused does not hold up the others', async () => {
    const { tenant, data, configured, published, inLog, run } = await installation(brokers)
    const sinks = [
      { name: 'live', use: 'kafka', families: ['queue', 'agent'], topics: { consolidated: `${tenant}-live` } },
      {
        ...{ name: 'hourly', use: 'kafka', families: ['queue'], only: 'final', mode: { every: 'PT1H' } },
        topics: { consolidated: `${tenant}-hourly` },
      },
      { name: 'archive', use: 'files', mode: 'at-close', formats: ['jsonl'] },
    ]
    await configured({ sinks })
    expect(await run('topics', 'apply')).toMatchObject({ code: 0 })
    const unready = { name: 'unready', use: 'kafka', topics: { consolidated: `${tenant}-nowhere` } }
    await configured({ sinks: [unready, ...sinks] })
    const first = await run('run', '--until-caught-up')
    expect(first.stderr).toContain(`these topics do not exist: ${tenant}-nowhere`)
    expect(first).toMatchObject({ code: 4 })

    const live = await inLog((row) => isOf('queue')(row) || isOf('agent')(row))
    expect(await published(`${tenant}-live`)).toEqual(namesOf(live))
    const settled = await inLog(isSettled)
    expect(settled.length).toBeGreaterThan(0)
    expect(await published(`${tenant}-hourly`)).toEqual(lastOf(settled.filter(isOf('queue'))))
    // Markers that an interval is complete have no row key.
    const archived = async () =>
      (await readJsonFiles(join(data, 'files-archive')))
        .flatMap(({ key, revision }) => ((key as string | undefined) === undefined ? [] : [`${key} ${revision}`]))
        .sort()
    expect(await archived()).toEqual(namesOf(settled))

    await configured({ sinks })
    expect(await run('run', '--until-caught-up')).toMatchObject({ code: 0 })
    expect(await published(`${tenant}-live`)).toEqual(namesOf(live))
    expect(await archived()).toEqual(namesOf(settled))

    // A wider filter publishes nothing of the past by itself; a replay to this sink does.
    await configured({ sinks: [{ ...sinks[0], families: ['queue', 'agent', 'agent-state'] }] })
    const wider = await run('run', '--until-caught-up')
    expect(wider.stderr).toContain('streamvane replay --sink live')
    expect(await published(`${tenant}-live`)).toEqual(namesOf(live))
    const range = ['--from', '2026-01-01', '--to', '2026-02-01', '--family', 'agent-state']
    expect(await run('replay', '--sink', 'live', '--yes', ...range)).toMatchObject({ code: 0 })
    const states = lastOf(await inLog(isOf('agent-state')))
    expect(await published(`${tenant}-live`)).toEqual([...namesOf(live), ...states].sort())
  }, 120_000)

  test('one whose broker is away does not hold up the other, says so in health, and catches up when it is back', async () => {
    const { tenant, config, configured, published, inLog, run } = await installation(brokers)
    const proxy = await brokerThatComesLater(brokers[0] as string)
    const sinks = [
      { name: 'here', use: 'kafka', topics: { consolidated: `${tenant}-here` } },
      {
        ...{ name: 'away', use: 'kafka', brokers: [proxy.address], format: 'json' },
        ...{ topics: { consolidated: `${tenant}-away` }, progressTopic: `${tenant}-progress`, partitions: 2 },
      },
    ]
    await configured({ sinks: [sinks[0], { ...sinks[1], brokers }] })
    expect(await run('topics', 'apply')).toMatchObject({ code: 0 })
    await configured({ sinks, retry: { firstMs: 50, maxMs: 500 } })
    const stages = ['--only', 'projector', 'egress', '--log-level', 'debug']
    const process = running(['run', ...stages, '--config', config])
    const { url } = JSON.parse(await process.said('health: listening')) as { url: string }
    await process.said('"stage":"egress.here","records"')
    await vi.waitFor(async () => {
      const health = (await (await fetch(new URL('/readyz', url))).json()) as Health
      expect(health.stages['egress.here']).toMatchObject({ troubles: [], figures: { lagRows: 0, lagMs: 0 } })
      expect(health.stages['egress.away']?.troubles).toMatchObject([{ trouble: 'destination-unreachable' }])
    }, 30_000)

    await proxy.comes()
    await process.said('"stage":"egress.away","records"')
    process.kill('SIGTERM')
    expect(await process.ended).toEqual({ code: 0, signal: null })
    expect(await run('run', '--until-caught-up')).toMatchObject({ code: 0 })
    const everything = namesOf(await inLog(() => true))
    expect(await published(`${tenant}-here`)).toEqual(everything)
    expect(await published(`${tenant}-away`)).toEqual(everything)
  }, 120_000)

  test('one with periods that is killed in the middle of them has each revision once and the last one of every row', async () => {
    const { tenant, config, configured, published, inLog, run } = await installation(brokers)
    const topics = { consolidated: `${tenant}-rows` }
    await configured({ batchMax: 1, sinks: [{ name: 'periodic', use: 'kafka', topics, mode: { every: 'PT1S' } }] })
    expect(await run('topics', 'apply')).toMatchObject({ code: 0 })
    expect(await run('run', '--until-caught-up', '--only', 'projector')).toMatchObject({ code: 0 })
    for (let round = 0; round < 3; round++) {
      const process = running(['run', '--only', 'egress', '--log-level', 'debug', '--config', config])
      await process.said('egress: records published')
      process.kill('SIGKILL')
      expect(await process.ended).toMatchObject({ signal: 'SIGKILL' })
    }
    const rows = await inLog(() => true)
    expect(new Set(await published(topics.consolidated)).size).toBeLessThan(lastOf(rows).length)
    expect(await run('run', '--until-caught-up')).toMatchObject({ code: 0 })
    expect(await published(topics.consolidated)).toEqual(lastOf(rows))
  }, 120_000)

  test('a list whose entries have the names of the short form goes on behind what that has published', async () => {
    const { tenant, configured, published, run } = await installation(brokers)
    const topics = { consolidated: `${tenant}-rows` }
    await configured({
      kafka: { brokers, format: 'json', progressTopic: `${tenant}-progress`, topics },
    })
    expect(await run('topics', 'apply')).toMatchObject({ code: 0 })
    expect(await run('run', '--until-caught-up')).toMatchObject({ code: 0 })
    const before = await published(`${tenant}-rows`)
    expect(before.length).toBeGreaterThan(0)
    await configured({ sinks: [{ name: 'kafka', use: 'kafka', topics }] })
    expect(await run('run', '--until-caught-up')).toMatchObject({ code: 0 })
    expect(await published(`${tenant}-rows`)).toEqual(before)
  }, 60_000)
})

/** An address that refuses connections until `comes`, and then leads to the broker. */
const brokerThatComesLater = async (broker: string) => {
  const [host, port] = broker.split(':') as [string, string]
  const server = createServer((client) => {
    const upstream = connect(Number(port), host)
    for (const socket of [client, upstream]) socket.on('error', () => (client.destroy(), upstream.destroy()))
    client.pipe(upstream).pipe(client)
  })
  const listening = async (at: number): Promise<number> => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const ours = await listening(0)
  await new Promise((resolve) => server.close(resolve))
  onTestFinished(() => void server.close())
  return { address: `127.0.0.1:${ours}`, comes: () => listening(ours) }
}
