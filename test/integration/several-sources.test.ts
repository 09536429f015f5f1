import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { simulate } from '../../src/simulator/simulate.js'
import { eventTopic } from '../support/event-topic.js'
import { describeKafka } from '../support/kafka.js'
import { rowsText, truthText, type RowLine } from '../support/rows-json.js'
import { ingressOf, jsonLines, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')

const morning = () => {
  const simulation = simulate({ seed: 21, fromMs: FROM, hours: 1, queues: 2, agents: 12, envelope: 'mixed' })
  const lines = [...simulation].map(({ line }) => line)
  return { lines, truth: simulation.truth() }
}

/** An installation that takes events from a topic, and by HTTP if `ingress` says so. */
const installation = async (brokers: readonly string[], topic: string, group: string, ingress: object) => {
  const dir = await scratchFolder()
  const config = join(dir, 'streamvane.json')
  await mkdir(join(dir, 'data'))
  const source = { name: 'topic', use: 'kafka', brokers, topics: [topic], group, sessionTimeoutMs: 6_000 }
  const settings = { data: join(dir, 'data'), clock: { mode: 'event-time' }, health: { port: 0 } }
  await writeFile(config, JSON.stringify({ ...settings, ingress, sources: [source] }))
  const rows = async (family: 'queue' | 'agent') => {
    const { stdout } = await streamvane(['rows', '--family', family, '--json', '--config', config])
    return rowsText(jsonLines<RowLine>(stdout), family)
  }
  const stored = async (): Promise<readonly string[]> => {
    const raw = await openEmbeddedLog({ dir: join(dir, 'data', 'log', 'raw'), mode: 'reader' })
    const ids: string[] = []
    try {
      for await (const batch of raw.readAll())
        for (const { stream, id } of batch) if (!stream.endsWith('.clock')) ids.push(id)
    } finally {
      await raw.close()
    }
    return ids
  }
  return { config, rows, stored }
}

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await sleep(100)
}

describeKafka('sources of the configuration, on a real broker', ({ brokers }) => {
  test('a process that reads a topic and is killed over and over stores each event once, and its rows are the truth', async () => {
    const { lines, truth } = morning()
    const topic = await eventTopic(brokers, 3)
    const { config, rows, stored } = await installation(brokers, topic.topic, topic.group, { enabled: false })
    const perRound = Math.ceil(lines.length / 3)
    for (let round = 0; round < 2; round++) {
      const process = running(['run', '--only', 'ingress', '--config', config])
      await process.said('events come from there')
      const before = await topic.committed()
      await topic.produce(lines.slice(round * perRound, (round + 1) * perRound))
      await until(async () => (await topic.committed()) > before)
      process.kill('SIGKILL')
      await process.ended
      // Whoever died stays a member of the group until its session has run out.
    }
    const last = running(['run', '--config', config])
    await topic.produce(lines.slice(2 * perRound))
    await until(async () => (await topic.committed()) === lines.length)
    last.kill('SIGTERM')
    expect(await last.ended, last.stderr()).toMatchObject({ code: 0 })
    expect(await streamvane(['run', '--until-caught-up', '--config', config])).toMatchObject({ code: 0 })
    const ids = await stored()
    expect(ids).toHaveLength(new Set(ids).size)
    expect(ids).toHaveLength(new Set(lines).size)
    expect(await rows('queue')).toEqual(truthText(truth, 'queue'))
    expect(await rows('agent')).toEqual(truthText(truth, 'agent'))
  }, 180_000)

  test('the same events by HTTP and from a topic at once are stored once, and health tells of the topic', async () => {
    const { lines, truth } = morning()
    const topic = await eventTopic(brokers, 2)
    const { config, rows, stored } = await installation(brokers, topic.topic, topic.group, { port: 0 })
    const process = running(['run', '--config', config])
    const url = await ingressOf(process)
    await Promise.all([
      topic.produce(lines),
      (async () => {
        for (let at = 0; at < lines.length; at += 100) await post(url, lines.slice(at, at + 100))
      })(),
    ])
    await until(async () => (await topic.committed()) === lines.length)
    const health = (await (await fetch(`${url}/health/ready`)).json()) as object
    expect(health).toMatchObject({ ready: true, stages: { ingress: { sources: { topic: { state: 'connected' } } } } })
    process.kill('SIGTERM')
    expect(await process.ended, process.stderr()).toMatchObject({ code: 0 })
    expect(await streamvane(['run', '--until-caught-up', '--config', config])).toMatchObject({ code: 0 })
    expect(await stored()).toHaveLength(new Set(lines).size)
    expect(await rows('queue')).toEqual(truthText(truth, 'queue'))
  }, 120_000)
})
