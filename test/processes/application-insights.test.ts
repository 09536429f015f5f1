import { join } from 'node:path'
import { expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { metrics as catalogued } from '../../src/telemetry/catalogue.js'
import { startIngestionEndpoint } from '../support/ingestion-endpoint.js'
import { metricsIn } from '../support/prometheus/served-page.js'
import { ingressOf, post, running, scratchFolder } from '../support/streamvane.js'

const WITHIN = { timeout: 60_000, interval: 200 }
const lines = [
  ...simulate({ seed: 5, fromMs: Date.parse('2026-01-05T09:00:00Z'), hours: 1, queues: 2, agents: 20 }),
].map(({ line }) => line)

/** The way of an event, and as what Application Insights shows each span. */
const WAY = {
  'POST /v1/events': 'RequestData',
  'append raw events': 'RemoteDependencyData',
  'process raw events': 'RequestData',
  decode: 'RemoteDependencyData',
  fold: 'RemoteDependencyData',
  'append rows': 'RemoteDependencyData',
  'publish files': 'RemoteDependencyData',
}

test('Application Insights gets the metrics under their names with their labels, and the spans of an event as one operation', async () => {
  const folder = await scratchFolder()
  const endpoint = await startIngestionEndpoint(folder)
  const run = running(['run', '--port', '0', '--clock', 'event-time', '--log-level', 'debug'], {
    STREAMVANE_DATA: join(folder, 'data'),
    NODE_EXTRA_CA_CERTS: endpoint.caFile,
    STREAMVANE_TELEMETRY__APPLICATION_INSIGHTS__CONNECTION_STRING: endpoint.connectionString,
    STREAMVANE_TELEMETRY__APPLICATION_INSIGHTS__INTERVAL_MS: '1000',
    STREAMVANE_TELEMETRY__TRACES__SAMPLE_RATIO: '1',
  })
  const url = await ingressOf(run)
  await post(url, lines.slice(0, 100))
  await run.said('projector: rows appended')
  await post(url, lines.slice(100, 200))

  const metrics = () => endpoint.items().filter(({ data }) => data.baseType === 'MetricData')
  const named = () => new Set(metrics().flatMap(({ data }) => (data.baseData.metrics ?? []).map(({ name }) => name)))
  const wanted = metricsIn(['clock', 'projection', 'folding', 'backlog', 'sink'])
  await expect.poll(() => wanted.filter((name) => !named().has(name)), WITHIN).toEqual([])
  // The exporter tells of the process by a name of its own.
  const known = new Set(['_OTELRESOURCE_', ...catalogued.map(({ name }) => name)])
  expect([...named()].filter((name) => !known.has(name))).toEqual([])
  const stored = metrics().findLast(
    ({ data: { baseData } }) =>
      baseData.metrics?.[0]?.name === 'streamvane_events_total' &&
      baseData.properties?.['outcome'] === 'stored' &&
      baseData.properties['surface'] === 'detail-events',
  )
  expect(stored?.data.baseData.metrics?.[0]?.value).toBeGreaterThan(0)
  expect(stored?.tags['ai.cloud.role']).toBe('streamvane')

  const operations = (): readonly Readonly<Record<string, string>>[] => {
    const byId = new Map<string, Record<string, string>>()
    for (const { tags, data } of endpoint.items()) {
      const { 'ai.operation.id': id } = tags
      if (id === undefined || data.baseData.name === undefined) continue
      byId.set(id, { ...byId.get(id), [data.baseData.name]: data.baseType })
    }
    return [...byId.values()]
  }
  await expect.poll(operations, WITHIN).toContainEqual(WAY)
  run.kill('SIGTERM')
  expect(await run.ended, run.stderr()).toMatchObject({ code: 0 })
  expect(run.stderr()).not.toContain('InstrumentationKey')
})
