import { expect, test } from 'vitest'
import { exposition } from '../../../src/telemetry/metrics/exposition.js'
import { Meters } from '../../../src/telemetry/metrics/meters.js'
import { familiesOf, faultsOf, metricsIn, servedOn } from '../../support/prometheus/served-page.js'

const meters = new Meters()
meters.begin('publishDuration', ['kafka'])
meters.tell(() => [
  { id: 'ready', value: 1 },
  { id: 'build', labels: ['0.1.0', '20.19.0'], value: 1 },
])
const page = exposition(await meters.read(), 'openmetrics')
const configured = { sink: ['kafka'] }

test('a page of the meters is as the catalogue says', () => {
  expect(faultsOf(familiesOf(page), configured)).toEqual([])
  expect(servedOn(familiesOf(page))).toContain('streamvane_publish_duration_seconds')
})

test.each([
  ['a metric', 'streamvane_ready', 'streamvane_moons', 'streamvane_moons: no metric of the catalogue'],
  ['a type', 'streamvane_ready gauge', 'streamvane_ready counter', 'streamvane_ready: type counter'],
  [
    'a unit',
    '# UNIT streamvane_fold_duration_seconds seconds\n',
    '',
    'streamvane_fold_duration_seconds: unit undefined',
  ],
  ['a sample', '\nstreamvane_ready 1', '\nstreamvane_ready_total 1', 'streamvane_ready_total: no sample of'],
  ['a label', '\nstreamvane_ready 1', '\nstreamvane_ready{queue="sales"} 1', 'streamvane_ready: labels queue'],
  ['a value of a label', 'surface="other",outcome="erased"', 'surface="other",outcome="lost"', 'outcome="lost"'],
  ['a name that nobody configured', 'sink="kafka"', 'sink="another"', 'sink="another"'],
  ['a value', '\nstreamvane_ready 1', '\nstreamvane_ready NaN', 'streamvane_ready: value NaN'],
])('the check finds %s that the catalogue does not have', (_, there, planted, fault) => {
  expect(page).toContain(there)
  expect(faultsOf(familiesOf(page.replaceAll(there, planted)), configured).join('\n')).toContain(fault)
})

test('a process has the metrics of what it holds, and of no other', () => {
  expect(metricsIn([])).toContain('process_cpu_seconds_total')
  expect(metricsIn([])).not.toContain('streamvane_sink_up')
  expect(metricsIn(['sink'])).toContain('streamvane_sink_up')
})
