import { expect, test } from 'vitest'
import { runEgress } from '../../src/app/pipeline/egress/egress.js'
import { singleLog } from '../../src/app/pipeline/logs/logs.js'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import { sharedTopics, timeSeries, type Markers } from '../../src/egress/topics.js'
import { generationsLog } from '../app/pipeline/egress/generations-log.js'
import { consumeAll, type Consumed } from '../egress/kafka/topic-reader.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { silent } from '../support/pipeline.js'

/** What a consumer needs of a JSON value. */
type Value = Readonly<{ promotion: number; generation: string; revision: number; empty?: true; correction?: string }>
type Statement = Readonly<{ family: string; rows: number; promotion: number; generation: string }>

const valueIn = <A>({ value }: Consumed): A => JSON.parse(value.toString()) as A

/** The rows that a consumer has that upserts by row key where (promotion, revision) is higher. */
const tableOf = (records: readonly Consumed[]): readonly string[] => {
  const kept = new Map<string, Value>()
  for (const record of records) {
    const value = valueIn<Value>(record)
    const before = kept.get(record.key)
    const isHigher =
      before === undefined ||
      value.promotion > before.promotion ||
      (value.promotion === before.promotion && value.revision > before.revision)
    if (isHigher) kept.set(record.key, value)
  }
  return [...kept]
    .filter(([, { empty }]) => empty !== true)
    .map(([key, { generation, revision }]) => `${generation} ${key} ${revision}`)
    .sort()
}

describeKafka('a cut-over on a real broker', ({ brokers }) => {
  test('a promotion and a rollback leave a consumer with the rows of the live generation, although the egress dies at each write', async () => {
    const tenant = freshName('cut-over')
    const names = { all: `${tenant}-rows`, latest: `${tenant}-latest`, markers: `${tenant}-markers` }
    const topics = sharedTopics([timeSeries(names.all), { topic: names.latest, key: 'row', records: 'latest' }])
    const markers: Markers = { kind: 'topic', name: names.markers }
    const progressTopic = `${tenant}-progress`
    await applyTopics({ brokers, topics, markers, progressTopic, partitions: 2, replicationFactor: 1 })
    const { log, append, promoted, rowsOfLive } = await generationsLog(2, tenant)

    /** One process. `dies`: after its first write. Answers whether it worked everything off. */
    const published = async (dies: boolean): Promise<boolean> => {
      const dying = new AbortController()
      const sink = kafkaSink({ brokers, tenant, topics, markers, progressTopic, values: { format: 'json' } })
      const end = await runEgress({
        ...{ tenant, logs: singleLog(log), sink, batchMax: 2, untilCaughtUp: true, signal: dying.signal },
        ...{ logger: silent, now: Date.now },
        onProgress: () => {
          if (dies) dying.abort()
        },
      })
      await sink.close()
      return end.kind === 'caught-up'
    }
    const publishedWithDeaths = async (): Promise<void> => {
      for (let lives = 0; lives < 30; lives++) if (await published(true)) return
      expect.fail('the egress does not come to an end')
    }
    const rows = () => consumeAll(brokers, [names.all])
    const statements = async () => (await consumeAll(brokers, [names.markers])).map((each) => valueIn<Statement>(each))

    await append([0, 1, 2, 4, 5, 6].map((row) => ({ generation: 0, row })))
    await append([0, 1, 8].map((row) => ({ generation: 1, row })))
    expect(await published(false)).toBe(true)
    expect(await statements()).toEqual([])

    await promoted(1)
    await publishedWithDeaths()
    expect(tableOf(await rows())).toEqual(await rowsOfLive({}))
    const withdrawn = (await rows()).filter((record) => valueIn<Value>(record).correction === 'withdrawn')
    expect(
      withdrawn.map(({ headers }) => [headers['streamvane-generation'], headers['streamvane-row-revision']]),
    ).toEqual(Array(4).fill(['g2', '0']))

    await promoted(0)
    await publishedWithDeaths()
    expect(tableOf(await rows())).toEqual(await rowsOfLive({}))
    const all = (await rows()).map(
      ({ key, headers }) => `${headers['streamvane-promotion']} ${headers['ce_id']} ${key}`,
    )
    expect(new Set(all).size).toBe(all.length)
    expect((await statements()).filter(({ family }) => family === 'queue')).toMatchObject([
      { generation: 'g2', promotion: 2, rows: 2 },
      { generation: 'g1', promotion: 3, rows: 4 },
    ])

    const latest = new Map((await consumeAll(brokers, [names.latest])).map((record) => [record.recordKey, record]))
    const left = [...latest.values()].filter(({ value }) => value.length > 0)
    expect(tableOf(left)).toEqual(await rowsOfLive({}))
    expect(latest.size).toBe(left.length + 1)
  }, 120_000)
})
