import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { promoteGeneration } from '../../src/app/operations/generations/promotion.js'
import { rebuild } from '../../src/app/operations/generations/rebuild.js'
import { embeddedLogs, type Logs } from '../../src/app/pipeline/logs/logs.js'
import { runEgress } from '../../src/app/pipeline/egress/egress.js'
import { runLiveProjector } from '../../src/app/pipeline/projector/projector-stage.js'
import { latestRows } from '../../src/contract/kpi-stream/latest.js'
import { HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { isEmptyRow } from '../../src/domain/row.js'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import { sharedTopics, timeSeries, type Markers } from '../../src/egress/topics.js'
import { appendTick } from '../../src/ingress/clock.js'
import { simulate } from '../../src/simulator/simulate.js'
import { consumeAll, type Consumed } from '../egress/kafka/topic-reader.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { silent, take } from '../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const lines = [...simulate({ seed: 21, fromMs: FROM, hours: 2, queues: 2, agents: 10, reorder: 0.1 })].map(
  ({ line }) => line,
)
const other: Profile = { ...defaultProfile, version: 2, quantiles: ['tAnswered', 'tHandle'] }

type Value = Readonly<{ promotion: number; generation: string; revision: number; empty?: true }>
const valueOf = ({ value }: Consumed): Value => JSON.parse(value.toString()) as Value
const isAfter = (a: Value, b: Value): boolean =>
  a.promotion > b.promotion || (a.promotion === b.promotion && a.revision > b.revision)

type Marker = Value &
  Readonly<{
    family: string
    granularity: string
    intervalStart?: string
    number: number
    rows: number
    digest: number
  }>

/** Names of the intervals whose last marker does not say what the rows of a table add up to, as the contract has it. */
const notAddingUp = (table: readonly string[], records: readonly Consumed[]): readonly string[] => {
  const last = new Map<string, Marker>()
  for (const { value } of records) {
    const marker = JSON.parse(value.toString()) as Marker
    if (marker.intervalStart === undefined || marker.rows === 0) continue
    const name = `${marker.family} ${marker.granularity}/${new Date(marker.intervalStart).toISOString()}`
    const before = last.get(name)
    if (before === undefined || isAfter({ ...marker, revision: marker.number }, { ...before, revision: before.number }))
      last.set(name, marker)
  }
  expect(last.size).toBeGreaterThan(0)
  return [...last].flatMap(([name, { rows, digest }]) => {
    const [family, interval] = name.split(' ') as [string, string]
    const own = table.filter((row) => row.startsWith(`${family}/`) && row.includes(`/${interval} `))
    const sum = own.reduce((all, row) => all + Number.parseInt(md5(row).slice(0, 10), 16), 0) % 2 ** 40
    return own.length === rows && sum === digest ? [] : [name]
  })
}
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** `<row key> <revision>` of the rows that a consumer has, by rule 2 of the contract. */
const tableOf = (records: readonly Consumed[]): readonly string[] => {
  const kept = new Map<string, Value>()
  for (const record of records) {
    const [value, before] = [valueOf(record), kept.get(record.key)]
    if (before === undefined || isAfter(value, before)) kept.set(record.key, value)
  }
  return [...kept].flatMap(([key, { empty, revision }]) => (empty === true ? [] : [`${key} ${revision}`])).sort()
}

describeKafka('an operator beside the live stream on a real broker', ({ brokers }) => {
  test('rebuilds a range, promotes it and rolls it back while events keep coming, and a consumer has no gap and no double', async () => {
    const data = await mkdtemp(join(tmpdir(), 'streamvane-beside-'))
    onTestFinished(() => rm(data, { recursive: true, force: true }))
    const tenant = freshName('beside')
    const names = { rows: `${tenant}-rows`, markers: `${tenant}-markers` }
    const topics = sharedTopics([timeSeries(names.rows)])
    const markers: Markers = { kind: 'topic', name: names.markers }
    const progressTopic = `${tenant}-progress`
    await applyTopics({ brokers, topics, markers, progressTopic, partitions: 3, replicationFactor: 1 })

    const [logs, operator] = [embeddedLogs(data, 'run'), embeddedLogs(data, 'operator')]
    const raw = await logs.raw('writer')
    const common = (of: Logs, signal = new AbortController().signal) => ({
      ...{ tenant, logs: of, data, raw, batchMax: 200, untilCaughtUp: true, signal, logger: silent, now: Date.now },
    })
    const publishing = async (untilCaughtUp: boolean, signal: AbortSignal): Promise<string> => {
      const sink = kafkaSink({ brokers, tenant, topics, markers, progressTopic, values: { format: 'json' } })
      const of = { tenant, logs, sink, batchMax: 100, untilCaughtUp, signal, logger: silent, now: Date.now }
      return (await runEgress(of).finally(() => sink.close())).kind
    }

    await take(raw, tenant, lines.slice(0, 1_000))
    await appendTick(raw, tenant, FROM + 30 * MINUTE_MS)
    await runLiveProjector({ ...common(logs), profile: defaultProfile })
    const stop = new AbortController()
    const projector = runLiveProjector({ ...common(logs, stop.signal), profile: defaultProfile, untilCaughtUp: false })
    const egress = publishing(false, stop.signal)

    /** Events keep coming, some with each call, until all are there. */
    let at = 1_000
    let isOver = false
    const feeding = (async () => {
      for (; at < lines.length && !isOver; at += 40) await take(raw, tenant, lines.slice(at, at + 40))
    })()
    const told = { by: 'ada', why: 'a new profile for the first hour' }
    const scope = { from: FROM, to: FROM + HOUR_MS, families: ['queue', 'agent'] as const }
    const { generation, outside } = await rebuild({ ...common(operator), profile: other, scope, promote: false, told })
    expect(outside?.same).toBeGreaterThan(0)
    const switching = { ...common(operator), publish: 'differences' as const, told }
    await promoteGeneration({ ...switching, name: generation.name })
    await promoteGeneration({ ...switching, name: 'g1' })
    await promoteGeneration({ ...switching, name: generation.name })
    await feeding
    await appendTick(raw, tenant, FROM + 4 * HOUR_MS)
    isOver = true
    stop.abort()
    await Promise.all([projector, egress])

    await runLiveProjector({ ...common(logs), profile: defaultProfile })
    expect(await publishing(true, new AbortController().signal)).toBe('caught-up')
    const records = await consumeAll(brokers, [names.rows])
    const live = await latestRows(await operator.kpi(generation.name, 'reader'), tenant, generation.name)
    const expected = [...live.values()].flatMap(({ row }) => (isEmptyRow(row) ? [] : [`${row.key} ${row.revision}`]))
    expect(tableOf(records)).toEqual(expected.sort())
    expect(notAddingUp(tableOf(records), await consumeAll(brokers, [names.markers]))).toEqual([])
    const every = records.map(({ key, headers }) => `${headers['streamvane-promotion']} ${headers['ce_id']} ${key}`)
    expect(new Set(every).size).toBe(every.length)
    const last = new Map<string, Value>()
    for (const record of records) {
      const [value, before] = [valueOf(record), last.get(record.key)]
      if (before !== undefined) expect(isAfter(value, before), record.key).toBe(true)
      last.set(record.key, value)
    }
    await operator.close()
    await logs.close()
  }, 180_000)
})
