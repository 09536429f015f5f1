import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../dev/local-kafka/ports.mjs'
import { loadConfig } from '../../src/app/config/load.js'
import { kafkaGauges } from '../../src/app/telemetry/kafka-gauges.js'
import type { Holder } from '../../src/telemetry/catalogue.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { answeringAt } from '../support/answering-at.js'
import { describeRegistry, freshName } from '../support/kafka.js'
import { faultsOf, metricsIn, pageAt, servedOn, valueOn, type ServedFamily } from '../support/prometheus/served-page.js'
import { linesOf } from '../support/simulated-lines.js'
import { ingressOf, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

const HOUR_MS = 3_600_000
const WITHIN = { timeout: 90_000, interval: 200 }
const ALL: readonly Holder[] = [
  ...(['clock', 'projection', 'folding', 'backlog', 'sink', 'refusing', 'kafka', 'registry'] as const),
]

/** An installation whose topics are there. The cluster and the registry are asked for at these addresses. */
const installation = async (kafka: Readonly<{ brokers: readonly string[]; registryUrl: string }>, seenAt = kafka) => {
  const tenant = freshName('metrics')
  const [rows, folder] = [`${tenant}-rows`, await scratchFolder()]
  const config = join(folder, 'streamvane.json')
  const common = { progressTopic: `${tenant}-progress`, partitions: 2 }
  const settingsAt = ({ brokers, registryUrl }: typeof kafka, sinks?: readonly object[]) => ({
    ...{ tenant, data: join(folder, 'data'), health: { port: 0 }, ingress: { port: 0 }, clock: { mode: 'event-time' } },
    egress: {
      retry: { maxMs: 1_000 },
      kafka: { ...common, brokers, registry: { url: registryUrl, autoRegister: true }, topics: { consolidated: rows } },
      ...(sinks && { sinks }),
    },
  })
  await writeFile(config, JSON.stringify(settingsAt(kafka)))
  const { code, stderr } = await streamvane(['topics', 'apply', '--config', config])
  expect(code, stderr).toBe(0)
  const settings = (sinks?: readonly object[]) => settingsAt(seenAt, sinks)
  return { config, rows, settings }
}

describeRegistry('metrics of Kafka', ({ brokers, registryUrl }) => {
  const [broker = ''] = brokers
  const registry = new URL(registryUrl)

  test('tell whether cluster and registry answer, and how many partitions a transaction hangs in', async () => {
    const [brokerPort = 0, registryPort = 0] = await freePorts(2)
    const seenAt = {
      brokers: [`127.0.0.1:${brokerPort}`],
      registryUrl: `http://127.0.0.1:${registryPort}${registry.pathname}`,
    }
    const { rows, settings } = await installation({ brokers, registryUrl }, seenAt)
    const config = loadConfig({ flags: settings() })
    const look = async (later = 0): Promise<Readonly<Record<string, number>>> => {
      const gauges = await kafkaGauges(config, pino({ level: 'silent' }), Date.now() + later)
      expect(gauges.every(({ labels }) => labels?.join() === 'kafka')).toBe(true)
      return Object.fromEntries(gauges.map(({ id, value }) => [id, value]))
    }
    const away = { brokerUp: 0, registryUp: 0 }
    const well = { brokerUp: 1, registryUp: 1, hangingTransactions: 0 }
    expect(await look()).toEqual(away)
    const reached = await answeringAt(brokerPort, broker)
    expect(await look()).toEqual({ ...well, registryUp: 0 })
    await answeringAt(registryPort, registry.host)
    expect(await look()).toEqual(well)

    const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
    const producer = kafka.producer({ transactionalId: freshName('foreign'), maxInFlightRequests: 1, idempotent: true })
    await producer.connect()
    onTestFinished(() => producer.disconnect())
    const transaction = await producer.transaction()
    await transaction.send({ topic: rows, messages: [{ key: 'k', value: 'v', partition: 1 }] })
    expect(await look()).toEqual(well)
    expect(await look(HOUR_MS)).toEqual({ ...well, hangingTransactions: 1 })
    await transaction.abort()
    expect(await look(HOUR_MS)).toEqual(well)

    await reached.close()
    expect(await look()).toEqual({ ...away, registryUp: 1 })
  })

  test('are on the page of a process: what it retried while the broker was away, its transactions and records, and that it was fenced', async () => {
    const [port = 0] = await freePorts(1)
    const { config, rows, settings } = await installation(
      { brokers, registryUrl },
      { brokers: [`127.0.0.1:${port}`], registryUrl },
    )
    const kafka = { name: 'kafka', use: 'kafka' }
    // Beside another sink the process goes on when one of them is taken over.
    await writeFile(config, JSON.stringify(settings([kafka, { name: 'archive', use: 'files' }])))
    const run = running(['run', '--config', config])
    const url = await ingressOf(run)
    const page = (): Promise<readonly ServedFamily[]> => pageAt(url)
    const comes = (name: string, labels: Readonly<Record<string, string>>, least: number) =>
      expect.poll(async () => valueOn(await page(), name, labels), WITHIN).toBeGreaterThanOrEqual(least)
    const sink = { sink: 'kafka' }

    await comes('streamvane_stage_retries_total', { stage: 'egress.kafka' }, 1)
    await comes('streamvane_sink_failures_total', { ...sink, reason: 'not-connected' }, 1)
    expect(valueOn(await page(), 'streamvane_sink_up', sink)).toBe(0)
    expect(valueOn(await page(), 'streamvane_broker_up', sink)).toBe(0)
    expect(valueOn(await page(), 'streamvane_registry_up', sink)).toBe(1)
    expect(valueOn(await page(), 'streamvane_stage_retries_total', { stage: 'egress.archive' })).toBe(0)

    await answeringAt(port, broker)
    await post(url, linesOf(1).split('\n'))
    await comes('streamvane_sink_up', sink, 1)
    await comes('streamvane_transactions_total', { ...sink, outcome: 'committed' }, 1)
    await comes('streamvane_published_records_total', sink, 1)
    await expect
      .poll(async () => valueOn(await page(), 'streamvane_stage_lag_events', { stage: 'egress.kafka' }), WITHIN)
      .toBe(0)
    const published = await page()
    expect(valueOn(published, 'streamvane_publish_duration_seconds_count', sink)).toBe(
      valueOn(published, 'streamvane_transactions_total', { ...sink, outcome: 'committed' }),
    )
    expect(valueOn(published, 'streamvane_published_records_total', sink)).toBe(
      (await consumeAll(brokers, [rows])).length,
    )
    const names = { stage: ['ingress', 'projector', 'egress.kafka', 'egress.archive'], sink: ['kafka', 'archive'] }
    expect(faultsOf(published, names)).toEqual([])
    const served = new Set(servedOn(published))
    // The cluster was away when it was asked, so nobody can say what hangs there.
    expect(metricsIn(ALL).filter((name) => !served.has(name))).toEqual(['streamvane_hanging_transactions'])

    const another = join(config, '..', 'another.json')
    await writeFile(another, JSON.stringify(settings([kafka])))
    const taking = running(['run', '--only', 'egress', '--take-over', '--config', another])
    await taking.said('egress: delivers exactly once')
    await comes('streamvane_fences_total', { stage: 'egress.kafka' }, 1)
    const fenced = await page()
    expect(valueOn(fenced, 'streamvane_fences_total')).toBe(1)
    expect(valueOn(fenced, 'streamvane_stage_state', { stage: 'egress.kafka', state: 'ended' })).toBe(1)
    expect(valueOn(fenced, 'streamvane_stage_state', { stage: 'egress.archive', state: 'ended' })).toBe(0)
  }, 180_000)
})
