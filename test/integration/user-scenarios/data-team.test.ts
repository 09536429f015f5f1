import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tableConsumer } from '../../consumers/table-consumer.js'
import { describeRegistry } from '../../support/kafka.js'
import { kafkaDeployment } from '../../support/kafka-deployment.js'
import { pythonFor } from '../../support/python.js'
import { jsonLines } from '../../support/streamvane.js'

/** The intervals that close: the morning is an hour long, and the clock goes by its events. */
const [FROM, TO] = ['2026-01-05T06:00:00Z', '2026-01-05T06:45:00Z']
const FAMILIES = ['queue', 'agent', 'agent-state'] as const

type Row = Readonly<{ key: string; empty?: boolean }>

/** A row that holds nothing says the same as no row. */
const sorted = (rows: readonly Row[]): readonly Row[] =>
  rows.filter(({ empty }) => empty !== true).sort((a, b) => (a.key < b.key ? -1 : 1))

describeRegistry('a data team', ({ brokers, registryUrl, required }) => {
  const python = pythonFor(required)
  if (python === undefined) return

  test('that lost its table reads a replay from topics of its own, and ends with the rows it had: complete by the markers, equal to `streamvane rows`', async () => {
    const { dir, name, done } = await kafkaDeployment({ brokers, registryUrl }, (prefix) => ({
      topics: Object.fromEntries(FAMILIES.map((family) => [family, `${prefix}.${family}`])),
      registry: { url: registryUrl, autoRegister: true },
      markers: 'topic',
      markersTopic: `${prefix}.interval-complete`,
    }))
    const file = join(dir, 'morning.ndjson')
    await done(['simulate', ...'--seed 3 --hours 1 --queues 2 --agents 12 --from'.split(' '), FROM, '--out', file])
    await done(['topics', 'apply'])
    await done(['import', file])
    await done(['run', '--until-caught-up'])
    const published: Row[] = []
    for (const family of FAMILIES)
      published.push(...jsonLines<Row>(await done(['rows', '--family', family, '--from', FROM, '--to', TO, '--json'])))
    expect(published.length).toBeGreaterThan(30)

    await done(['replay', '--from', FROM, '--to', TO, '--to-topic', `${name}.again`, '--yes', '--why', 'table lost'])
    const consumer = tableConsumer(python, {
      ...{ brokers: brokers.join(','), registry: registryUrl, topics: `${name}.again` },
      ...{ markers: `${name}.interval-complete`, families: FAMILIES.join(','), from: FROM, to: TO },
      'limit-seconds': '100',
    })
    const { incomplete, rows } = await consumer.ask('read')
    expect(incomplete).toEqual([])
    expect(sorted(rows.map(({ generation: _, promotion: __, ...row }) => row as Row))).toEqual(sorted(published))
  }, 240_000)
})
