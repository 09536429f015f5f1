import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { metrics, type Holder } from '../../src/telemetry/catalogue.js'
import { startMetricCollector, type ReceivedMetric } from '../support/otlp/metric-collector.js'
import {
  faultsOf,
  metricsIn,
  pageAt,
  servedOn,
  type ConfiguredNames,
  type ServedFamily,
} from '../support/prometheus/served-page.js'
import { launched, post, running, type Running } from '../support/streamvane.js'

const WITHIN = { timeout: 60_000, interval: 200 }
const lines = [...simulate({ seed: 3, fromMs: Date.parse('2026-01-05T09:00:00Z'), hours: 1, queues: 2, agents: 20 })]
const [stored, live] = [lines.slice(0, 400), lines.slice(400, 800)].map((part) => part.map(({ line }) => line)) as [
  string[],
  string[],
]

let [folder, config] = ['', '']
let receiver: Server

// A data folder whose projection has a snapshot, and a sink that sets records aside.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamvane-metrics-'))
  receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end())
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const [key, history] = [join(folder, 'key'), join(folder, 'history.ndjson')]
  config = join(folder, 'streamvane.json')
  await writeFile(key, `whsec_${Buffer.alloc(32, 7).toString('base64')}`)
  await writeFile(history, stored.join('\n'))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const settings = {
    ...{ data: join(folder, 'data'), clock: { mode: 'event-time' }, ingress: { port: 0 }, health: { port: 0 } },
    egress: { sinks: [{ name: 'hooks', use: 'webhooks', url, signingKeys: { file: key } }] },
  }
  await writeFile(config, JSON.stringify(settings))
  for (const args of [
    ['import', history],
    ['run', '--only', 'projector', '--until-caught-up'],
  ]) {
    const command = launched([...args, '--config', config])
    const { code } = await command.ended
    expect(code, command.stderr()).toBe(0)
  }
}, 120_000)

afterAll(async () => {
  receiver?.closeAllConnections()
  receiver?.close()
  if (folder !== '') await rm(folder, { recursive: true, force: true, maxRetries: 3 })
})

/** The first address at which the process listens. */
const addressOf = async (process: Running): Promise<string> =>
  (JSON.parse(await process.said('listening')) as { url: string }).url

/** The page of a process, once it has exactly the metrics of these holders. */
const expectPage = async (url: string, holders: readonly Holder[], names: ConfiguredNames): Promise<void> => {
  const wanted = metricsIn(holders).toSorted()
  await expect.poll(async () => servedOn(await pageAt(url)).toSorted(), WITHIN).toEqual(wanted)
  expect(faultsOf(await pageAt(url), names)).toEqual([])
}

const ALL: readonly Holder[] = ['clock', 'projection', 'folding', 'snapshot', 'backlog', 'sink', 'refusing']

/** Each series by its name and labels, without those of buckets. */
const seriesOfPage = (page: readonly ServedFamily[]): readonly string[] =>
  page.flatMap(({ samples }) =>
    samples
      .filter(({ name }) => !/_(bucket|sum)$/.test(name))
      .map(({ name, labels }) => `${name.replace(/_count$/, '')} ${JSON.stringify(labels)}`),
  )
const seriesOfPush = (push: readonly ReceivedMetric[]): readonly string[] =>
  push.flatMap(({ name, series }) => series.map((labels) => `${name} ${JSON.stringify(labels)}`))

test('a process with all stages serves every metric that it can have, and none beyond the catalogue; OTLP has the same series under the same names', async () => {
  const collector = await startMetricCollector()
  const run = running(['run', '--config', config], {
    STREAMVANE_TELEMETRY__OTLP__ENDPOINT: collector.url,
    STREAMVANE_TELEMETRY__OTLP__INTERVAL_MS: '1000',
  })
  const url = (JSON.parse(await run.said('ingress: listening')) as { url: string }).url
  await post(url, live)
  await expectPage(url, ALL, { stage: ['ingress', 'projector', 'egress'], sink: ['hooks'] })

  await expect
    .poll(async () => {
      const page = seriesOfPage(await pageAt(url)).toSorted()
      return seriesOfPush(collector.last()).toSorted().join('\n') === page.join('\n')
    }, WITHIN)
    .toBe(true)
  const units = { seconds: 's', bytes: 'By' }
  for (const { name, kind, unit, isCumulative } of collector.last()) {
    const metric = metrics.find((each) => each.name === name)
    expect({ name, kind, unit }).toEqual({
      name,
      kind: metric?.kind === 'info' ? 'gauge' : metric?.kind,
      unit: metric?.unit === undefined ? '' : units[metric.unit],
    })
    if (kind !== 'gauge') expect(isCumulative, name).toBe(true)
  }
  run.kill('SIGTERM')
  expect(await run.ended).toMatchObject({ code: 0 })
})

test('a process for each stage serves the metrics of its stage alone', async () => {
  const [ingress, projector, egress] = ['ingress', 'projector', 'egress'].map((stage) =>
    running(['run', '--only', stage, '--config', config]),
  ) as [Running, Running, Running]
  await expectPage(await addressOf(ingress), ['clock'], { stage: ['ingress'] })
  await expectPage(await addressOf(projector), ['clock', 'projection', 'folding', 'snapshot', 'backlog'], {
    stage: ['projector'],
  })
  await expectPage(await addressOf(egress), ['clock', 'sink', 'refusing', 'backlog'], {
    stage: ['egress'],
    sink: ['hooks'],
  })
})
