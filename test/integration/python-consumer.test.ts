import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tableConsumer, type Answer } from '../consumers/table-consumer.js'
import { describeRegistry } from '../support/kafka.js'
import { kafkaDeployment } from '../support/kafka-deployment.js'
import { pythonFor } from '../support/python.js'
import { jsonLines } from '../support/streamvane.js'

/** The intervals that close: the morning is an hour long, and the clock goes by its events. */
const [FROM, TO] = ['2026-01-05T06:00:00Z', '2026-01-05T06:45:00Z']
const FAMILIES = ['queue', 'agent', 'agent-state'] as const

type Row = Readonly<{ key: string; empty?: boolean; correction?: string }>

describeRegistry('a consumer in Python that follows the contract', ({ brokers, registryUrl, required }) => {
  const python = pythonFor(required)
  if (python === undefined) return

  /** A deployment that publishes markers to a topic of their own, and consumers of it. */
  const deployment = async () => {
    const topic = (name: string, family: string) => `${name}.${family}`
    const { dir, name, done } = await kafkaDeployment({ brokers, registryUrl }, (prefix) => ({
      topics: Object.fromEntries(FAMILIES.map((family) => [family, topic(prefix, family)])),
      partitions: 3,
      markers: 'topic',
      markersTopic: topic(prefix, 'interval-complete'),
    }))
    /** `without`: a family whose topic it does not read. */
    const consumer = (without?: string) =>
      tableConsumer(python, {
        brokers: brokers.join(','),
        registry: registryUrl,
        topics: FAMILIES.filter((family) => family !== without)
          .map((family) => topic(name, family))
          .join(','),
        markers: topic(name, 'interval-complete'),
        families: FAMILIES.join(','),
        from: FROM,
        to: TO,
        'limit-seconds': '200', // of a `wait`, which begins before the commands that publish
      })
    /** What `streamvane rows` shows of the closed intervals, in the order of row keys. */
    const rows = async (): Promise<readonly Row[]> => {
      const shown: Row[] = []
      for (const family of FAMILIES)
        shown.push(...jsonLines<Row>(await done(['rows', '--family', family, '--from', FROM, '--to', TO, '--json'])))
      return byKey(shown)
    }
    return { dir, done, consumer, rows }
  }

  test('waits for its table to be complete, and has the rows of `streamvane rows`, also after a replay and a correction', async () => {
    const { dir, done, consumer, rows } = await deployment()
    const file = join(dir, 'morning.ndjson')
    await done([...'simulate --seed 3 --hours 1 --queues 2 --agents 12 --from'.split(' '), FROM, '--out', file])
    const [late, inTime] = heldBack(await readFile(file, 'utf8'))
    await done(['schemas', 'register'])
    await done(['topics', 'apply'])

    // It waits before there is anything to read, and ends by the markers alone.
    const reading = consumer()
    const complete = reading.ask('wait')
    await done(['import', '-'], inTime)
    await done(['run', '--until-caught-up'])
    const first = await rows()
    expect(tableOf(await complete)).toEqual(first)
    expect(first.length).toBeGreaterThan(30)

    for (const family of FAMILIES) await done(['replay', '--family', family, '--from', FROM, '--to', TO, '--yes'])
    expect(tableOf(await reading.ask('read'))).toEqual(first)

    await done(['import', '-'], late)
    await done(['run', '--until-caught-up'])
    const corrected = await rows()
    expect(corrected.filter(({ correction }) => correction === 'late').map(({ key }) => key)).not.toEqual([])
    expect(corrected).not.toEqual(first)
    expect(tableOf(await reading.ask('read'))).toEqual(corrected)
    expect(tableOf(await consumer().ask('read'))).toEqual(corrected) // one that reads all of it from the beginning

    const lacking = await consumer('agent').ask('read')
    expect([...new Set(lacking.incomplete.map(({ family }) => family))]).toEqual(['agent'])
    expect(lacking.incomplete[0]?.lacks).toMatch(/^0 rows, and \d+ by marker \d+$/)
  }, 240_000)
})

/** A point of the first interval, and all other lines: an event of a queue that Genesys delivers late. */
const heldBack = (morning: string): readonly [late: string, inTime: string] => {
  const lines = morning.split('\n').filter((line) => line !== '')
  const late = lines.find((line) => /"tAnswered","metricDate":"2026-01-05T06:(0\d|1[0-4])/.test(line))
  if (late === undefined) throw new Error('the simulated morning answers nothing in its first quarter of an hour')
  return [late, lines.filter((line) => line !== late).join('\n')]
}

/** The rows of a complete table as `streamvane rows` shows them: without what names the publication. */
const tableOf = ({ incomplete, rows }: Answer): readonly Row[] => {
  expect(incomplete).toEqual([])
  return byKey(
    rows.map((row) => {
      const { generation, promotion, ...rest } = row as unknown as Row & { generation: string; promotion: number }
      expect([generation, promotion]).toEqual(['g1', 1])
      return rest
    }),
  )
}

/** A row that holds nothing says the same as no row. */
const byKey = (rows: readonly Row[]): readonly Row[] =>
  rows.filter(({ empty }) => empty !== true).sort((a, b) => (a.key < b.key ? -1 : 1))
