import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { exposition, formatFor } from '../../../src/telemetry/metrics/exposition.js'
import { Meters } from '../../../src/telemetry/metrics/meters.js'

const read = async (): Promise<Awaited<ReturnType<Meters['read']>>> => {
  const meters = new Meters()
  meters.add('events', ['detail-events', 'stored'], 3)
  meters.observe('foldDuration', ['projector'], 0.002)
  meters.observe('foldDuration', ['projector'], 99)
  meters.tell(() => [
    { id: 'build', labels: ['0.1.0', '20.19.0'], value: 1 },
    { id: 'sinkUp', labels: ['a "quoted" \\ name'], value: 1 },
  ])
  return meters.read()
}

describe('OpenMetrics form', () => {
  test('describes a counter and an info without suffix, has units, and ends with # EOF', async () => {
    const text = exposition(await read(), 'openmetrics')
    expect(text).toContain('# TYPE streamvane_events counter\n')
    expect(text).toContain('streamvane_events_total{surface="detail-events",outcome="stored"} 3\n')
    expect(text).toContain('# TYPE streamvane_build info\n')
    expect(text).toContain('# UNIT streamvane_fold_duration_seconds seconds\n')
    expect(text.endsWith('# EOF\n')).toBe(true)
  })

  test('escapes backslashes and quotes in a label', async () => {
    expect(exposition(await read(), 'openmetrics')).toContain('{sink="a \\"quoted\\" \\\\ name"} 1\n')
  })
})

test('buckets of a histogram are cumulative, and the last one has all observations', async () => {
  const text = exposition(await read(), 'prometheus')
  expect(text).toContain('streamvane_fold_duration_seconds_bucket{stage="projector",le="0.001"} 0\n')
  expect(text).toContain('streamvane_fold_duration_seconds_bucket{stage="projector",le="0.0025"} 1\n')
  expect(text).toContain('streamvane_fold_duration_seconds_bucket{stage="projector",le="+Inf"} 2\n')
  expect(text).toContain('streamvane_fold_duration_seconds_count{stage="projector"} 2\n')
})

test.each([
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  ['text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5', 'prometheus'],
  ['application/openmetrics-text;version=2.0.0', 'prometheus'],
])('a reader that accepts %s gets the form %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format)
})

test('values beyond the catalogue become other, and names beyond a hundred too', async () => {
  const meters = new Meters()
  meters.add('events', ['v9.unheard.of', 'stored'])
  for (let sink = 0; sink < 150; sink++) meters.add('publishedRecords', [`sink-${sink}`])
  const reading = await meters.read()
  const of = (name: string) => reading.filter(({ metric }) => metric.name === name)
  expect(
    of('streamvane_events_total').find(({ labels }) => labels[0] === 'other' && labels[1] === 'stored')?.value,
  ).toBe(1)
  expect(of('streamvane_published_records_total')).toHaveLength(101)
  expect(of('streamvane_published_records_total').at(-1)).toMatchObject({ labels: ['other'], value: 50 })
})

test('gauges that cannot be read take no others away', async () => {
  const meters = new Meters()
  meters.tell(() => Promise.reject(new Error('away')))
  meters.tell(() => [{ id: 'ready', value: 1 }])
  expect((await meters.read()).find(({ metric }) => metric.name === 'streamvane_ready')?.value).toBe(1)
})

const promtool = spawnSync('promtool', ['--version']).status === 0
const required = process.env['STREAMVANE_REQUIRE_PROMETHEUS'] !== undefined
describe.skipIf(!promtool && !required)('promtool (skipped where Prometheus is not installed)', () => {
  test('finds no fault in a page', async () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: exposition(await read(), 'prometheus'),
      encoding: 'utf8',
    })
    expect(`${stdout}${stderr}`).toBe('')
    expect(status).toBe(0)
  })
})
