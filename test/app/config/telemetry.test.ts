import { expect, test } from 'vitest'
import { telemetryFault, telemetrySchema } from '../../../src/app/config/telemetry-schema.js'

test('traces are off by default, and one in a hundred where they are on', () => {
  expect(telemetrySchema.parse({}).traces).toBeUndefined()
  expect(telemetrySchema.parse({ traces: {} }).traces).toEqual({ sampleRatio: 0.01 })
})

test('traces without a collector are refused, with the key that lacks', () => {
  expect(telemetryFault(telemetrySchema.parse({ traces: {} }))).toContain('telemetry.otlp.endpoint')
  const otlp = { endpoint: 'http://collector:4318' }
  expect(telemetryFault(telemetrySchema.parse({ traces: {}, otlp }))).toBeUndefined()
})
