import { expect, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { telemetryFault, telemetrySchema } from '../../../src/app/config/telemetry-schema.js'

test('traces are off by default, and one in a hundred where they are on', () => {
  expect(telemetrySchema.parse({}).traces).toBeUndefined()
  expect(telemetrySchema.parse({ traces: {} }).traces).toEqual({ sampleRatio: 0.01 })
})

test('traces without a receiver are refused, with the keys that lack', () => {
  expect(telemetryFault(telemetrySchema.parse({ traces: {} }))).toContain('telemetry.otlp.endpoint')
  const otlp = { endpoint: 'http://collector:4318' }
  expect(telemetryFault(telemetrySchema.parse({ traces: {}, otlp }))).toBeUndefined()
  const applicationInsights = { connectionString: Secret.literal('InstrumentationKey=1') }
  expect(telemetryFault(telemetrySchema.parse({ traces: {}, applicationInsights }))).toBeUndefined()
})
