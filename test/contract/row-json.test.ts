import avro from 'avsc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { metricIndex } from '../../src/domain/metric.js'
import { measureOf } from '../../src/domain/measure.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import { rowJson } from '../../src/contract/row-json.js'
import { anyRow } from './any-row.js'
import { queueRow, stateRow } from './some-rows.js'

test('a reader that knows nothing but the schema reads the same numbers as the JSON rendering', () => {
  fc.assert(
    fc.property(anyRow, (row) => {
      const codec = rowCodec(row.family)
      const foreign = avro.Type.forSchema(JSON.parse(JSON.stringify(codec.schema))).fromBuffer(
        Buffer.from(codec.encode(row)),
      )
      const { intervalStart, intervalEnd, ...fields } = JSON.parse(JSON.stringify(rowJson(row)))
      const times = { intervalStart: Date.parse(intervalStart), intervalEnd: Date.parse(intervalEnd) }
      expect({ kpis: {}, ...present(foreign) }).toEqual({ profileKpis: {}, ...fields, ...times })
    }),
  )
})

test('a row as JSON has its dimensions as fields and no field without a value', () => {
  const row = queueRow({})
  expect(JSON.parse(JSON.stringify(rowJson(row)))).toEqual({
    family: 'queue',
    key: 'queue/sales/voice/-/-/PT15M/2026-01-05T10:00:00.000Z',
    tenant: 'acme',
    queueId: 'sales',
    mediaType: 'voice',
    granularity: 'PT15M',
    intervalStart: '2026-01-05T10:00:00.000Z',
    intervalEnd: '2026-01-05T10:15:00.000Z',
    status: 'final',
    revision: 3,
    serviceTarget: 0.8,
    measures: { nOffered: { count: 2 }, tAnswered: { count: 1, sum: 9_000, min: 9_000, max: 9_000 } },
    kpis: { serviceLevel: { numerator: 1, denominator: 1 } },
  })
})

test('a row as JSON has quantiles, observations, a correction and KPIs of the profile where there are any', () => {
  const row = queueRow({})
  const measures = [...row.measures]
  measures[metricIndex.get('tAnswered') as number] = {
    count: 3,
    sum: 1_300,
    min: 100,
    max: 1_000,
    sketch: [
      [100, 1],
      [163, 2],
    ],
  }
  measures[metricIndex.get('oMessageCount') as number] = measureOf(2.5)
  const kpis = { mine: { numerator: 0.5, denominator: null }, share: { numerator: 1, denominator: 4 } }
  expect(rowJson({ ...row, status: 'corrected', correction: 'handled', erased: 2, measures, kpis })).toMatchObject({
    status: 'corrected',
    correction: 'handled',
    erased: 2,
    measures: {
      tAnswered: {
        quantiles: {
          p50: 198,
          p90: 198,
          p95: 198,
          p99: 198,
          buckets: [
            { through: 100, count: 1 },
            { through: 199, count: 2 },
          ],
        },
      },
      oMessageCount: { count: 1, sum: 2.5, min: 2.5, max: 2.5 },
    },
    kpis: {},
    profileKpis: { mine: { numerator: 0.5 }, share: { numerator: 1, denominator: 4 } },
  })
})

test('a state time as JSON is its sum', () => {
  expect(rowJson(stateRow({})).measures).toEqual({ tAgentRoutingStatus: { sum: 30_000 } })
})

/** Without nulls, as plain objects: absent in JSON is null in Avro. */
const present = (value: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value as object)
      .filter(([, field]) => field !== null)
      .map(([name, field]) => [
        name,
        Array.isArray(field) ? field.map(present) : typeof field === 'object' ? present(field) : field,
      ]),
  )
