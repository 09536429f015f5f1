import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { linesOf } from '../support/simulated-lines.js'
import { ingressOf, jsonLines, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

/** Processes with this environment take themselves to be on another machine. */
const ANOTHER_MACHINE = {
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(
    "import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module'; os.hostname = () => 'another-machine'; syncBuiltinESMExports()",
  )}`,
}

type Row = Readonly<{ key: string; revision: number }>

describeKafka('a backup that is restored on another machine', ({ brokers }) => {
  /** An installation in a folder of its own, with topics that exist, and what can be done with it. */
  const installed = async () => {
    const [prefix, folder] = [freshName('elsewhere'), await scratchFolder()]
    const [original, restored, backup] = ['original', 'restored', 'backup'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const env = {
      STREAMVANE_TENANT: prefix,
      STREAMVANE_CLOCK__MODE: 'event-time',
      STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
      STREAMVANE_EGRESS__KAFKA__TOPICS__CONSOLIDATED: `${prefix}-rows`,
      STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}-progress`,
      KAFKA_BROKERS: brokers.join(','),
    }
    const here = { data: original, env }
    const there = { data: restored, env: { ...env, ...ANOTHER_MACHINE } }
    const on = ({ data, env }: typeof here, ...args: readonly string[]) =>
      streamvane([...args, '--data', data], { env })
    const done = async (where: typeof here, ...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await on(where, ...args)
      expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
      return stdout
    }
    const takeIn = async (where: typeof here, lines: string): Promise<void> => {
      const { code, stderr } = await streamvane(['import', '-', '--data', where.data], { env: where.env, stdin: lines })
      expect(code, stderr).toBe(0)
    }
    const published = () => consumeAll(brokers, [`${prefix}-rows`])
    await done(here, 'topics', 'apply')
    return { prefix, here, there, backup, on, done, takeIn, published }
  }

  /** By the contract: of each row key the highest revision, withdrawn by nothing here. */
  const tableOf = (records: readonly Row[]): Readonly<Record<string, number>> => {
    const table = new Map<string, number>()
    for (const { key, revision } of records) table.set(key, Math.max(revision, table.get(key) ?? 0))
    return Object.fromEntries([...table].sort())
  }

  const rowsOf = async (rows: (...args: readonly string[]) => Promise<string>): Promise<readonly Row[]> => {
    const all: Row[] = []
    for (const family of ['queue', 'agent', 'agent-state'])
      all.push(...jsonLines<Row>(await rows('rows', '--family', family, '--json')))
    return all
  }

  const caughtUp = ['run', '--until-caught-up'] as const

  test('goes on where the original stopped, without snapshots and facts, and publishes nothing twice', async () => {
    const { here, there, backup, done, takeIn, published } = await installed()
    await takeIn(here, linesOf(1))
    await done(here, ...caughtUp)
    const before = await published()
    await done(here, 'backup', backup)
    await done(there, 'restore', backup)
    expect((await readdir(there.data)).sort()).toEqual(['log', 'tenant'])

    await done(there, ...caughtUp)
    expect(await published()).toHaveLength(before.length)
    await takeIn(there, linesOf(2))
    await done(there, ...caughtUp)
    const after = await published()
    expect(after.length).toBeGreaterThan(before.length)
    expect(new Set(after.map(({ headers }) => headers['ce_id'])).size).toBe(after.length)
    expect(tableOf(after)).toEqual(tableOf(await rowsOf((...args) => done(there, ...args))))
  }, 300_000)

  test('and was made while the original ran on is refused; when sources have sent again and it is accepted, consumers have every row', async () => {
    const { here, there, backup, on, done, takeIn, published } = await installed()
    const lines = linesOf(3).split('\n')
    const half = Math.floor(lines.length / 2)
    const original = running(['run', '--port', '0', '--log-level', 'debug', '--data', here.data], here.env)
    const url = await ingressOf(original)
    await post(url, lines.slice(0, half))
    await original.said('egress: records published')
    await done(here, 'backup', backup)
    await post(url, lines.slice(half))
    await original.said('egress: records published')
    original.kill('SIGTERM')
    expect(await original.ended).toMatchObject({ code: 0 })
    const lost = await published()

    await done(there, 'restore', backup)
    const early = await on(there, ...caughtUp)
    expect(early).toMatchObject({ code: 4, stderr: expect.stringContaining('egress accept other-history') as string })
    await takeIn(there, lines.join('\n'))
    expect(await on(there, ...caughtUp)).toMatchObject({ code: 4 })
    expect(await published()).toHaveLength(lost.length)

    await done(there, 'egress', 'accept', 'other-history', '--why', 'the machine is lost')
    await done(there, ...caughtUp)
    const rows = await rowsOf((...args) => done(there, ...args))
    expect(rows.length).toBeGreaterThan(3)
    const table = tableOf(await published())
    for (const { key, revision } of rows) expect(table[key], key).toBeGreaterThanOrEqual(revision)
    expect(Object.keys(table).sort()).toEqual(rows.map(({ key }) => key).sort())
  }, 300_000)

  test('beside the original that still publishes is refused, and disturbs nobody; told to take over, it fences the original', async () => {
    const { here, there, backup, done, takeIn, published } = await installed()
    await takeIn(here, linesOf(4))
    await done(here, ...caughtUp)
    await done(here, 'backup', backup)
    await done(there, 'restore', backup)
    const egress = (where: typeof here, ...more: readonly string[]) =>
      running(['run', '--only', 'egress', '--data', where.data, ...more], where.env)
    const original = egress(here)
    await original.said('egress: delivers exactly once')

    const refused = egress(there)
    expect(await refused.ended).toMatchObject({ code: 4 })
    expect(refused.stderr()).toMatch(new RegExp(`process ${original.pid} on .* publishes as .*--take-over`))
    const taking = egress(there, '--take-over')
    await taking.said('egress: delivers exactly once')
    expect(await original.ended).toMatchObject({ code: 3 })
    const back = egress(here)
    expect(await back.ended).toMatchObject({ code: 4 })
    expect(back.stderr()).toContain(`process ${taking.pid} on another-machine publishes`)
    taking.kill('SIGTERM')
    expect(await taking.ended).toMatchObject({ code: 0 })
    const ids = (await published()).map(({ headers }) => headers['ce_id'])
    expect(new Set(ids).size).toBe(ids.length)
  }, 300_000)

  test('after the whole Kafka cluster is lost fills the new topics with every row', async () => {
    const { prefix, here, there, backup, on, done, takeIn, published } = await installed()
    await takeIn(here, linesOf(5))
    await done(here, ...caughtUp)
    const before = (await published()).map(({ headers }) => headers['ce_id'])
    await done(here, 'backup', backup)
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const topics = [`${prefix}-rows`, `${prefix}-progress`]
    await admin.deleteTopics({ topics })
    while ((await admin.listTopics()).some((topic) => topics.includes(topic)));
    await admin.disconnect()

    await done(there, 'restore', backup)
    expect(await on(there, ...caughtUp)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('streamvane topics apply') as string,
    })
    await done(there, 'topics', 'apply')
    await done(there, ...caughtUp)
    const after = (await published()).map(({ headers }) => headers['ce_id'])
    expect(after.toSorted()).toEqual(before.toSorted())
  }, 300_000)
})
