import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { metricsPage } from '../../dev/metrics-page.js'
import type { Alarm, Trouble } from '../../src/app/pipeline/activity.js'
import type { StageState } from '../../src/app/pipeline/stage.js'
import type { Correction, RowStatus } from '../../src/domain/row.js'
import type { UnusableReason } from '../../src/ingress/unusable.js'
import type {
  corrections,
  deadLetterReasons,
  rowStatuses,
  stageAlarms,
  stageStates,
  stageTroubles,
} from '../../src/telemetry/catalogue.js'
import { catalogue, metrics } from '../../src/telemetry/catalogue.js'

test('the page of metrics is that of the catalogue (npx tsx dev/write-metrics.ts)', () => {
  const file = join(import.meta.dirname, '..', '..', 'docs', 'telemetry', 'metrics.md')
  expect(readFileSync(file, 'utf8')).toBe(metricsPage())
})

test('names are unique and follow the conventions of Prometheus', () => {
  expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length)
  for (const { name, kind, unit, labels } of metrics) {
    expect(name).toMatch(/^(streamvane|process|nodejs)_[a-z0-9_]+$/)
    expect(name.endsWith('_total')).toBe(kind === 'counter')
    expect(name.endsWith('_info')).toBe(kind === 'info')
    const base = name.replace(/_total$/, '')
    if (unit !== undefined) expect(base.endsWith(`_${unit}`)).toBe(true)
    else expect(base).not.toMatch(/_(seconds|bytes)$/)
    for (const label of labels) expect(label.name).toMatch(/^[a-z_]+$/)
  }
})

test('the series of all metrics together are bounded, whatever is in the log', () => {
  const series = metrics.map((metric) =>
    metric.labels.reduce((count, { values }) => count * (typeof values === 'string' ? 1 : values.length), 1),
  )
  expect(series.reduce((sum, count) => sum + count)).toBeLessThan(300)
})

test('buckets of a histogram ascend', () => {
  for (const metric of metrics)
    if (metric.kind === 'histogram') expect([...metric.buckets].sort((a, b) => a - b)).toEqual(metric.buckets)
})

/** A compile-time check: both unions have the same members. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never
const same = <A, B>(_: Same<A, B>): void => undefined

test('labels that stand for a closed union list all of its members', () => {
  same<(typeof stageTroubles)[number], Trouble>(true)
  same<(typeof stageAlarms)[number], Alarm>(true)
  same<(typeof stageStates)[number], StageState['kind']>(true)
  same<(typeof rowStatuses)[number], RowStatus>(true)
  same<(typeof corrections)[number], Correction>(true)
  same<(typeof deadLetterReasons)[number], UnusableReason | 'other'>(true)
  expect(catalogue.rows.labels[0].values).toContain('queue')
})
