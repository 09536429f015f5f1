import { expect, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import { sinkSettings } from '../../../../src/app/config/sinks/egress-sinks.js'
import type { StageHealth } from '../../../../src/app/pipeline/health.js'
import { namesStages } from '../../../../src/app/operations/status/names-stages.js'

const sinksOf = (egress: Readonly<Record<string, unknown>>) => sinkSettings(loadConfig({ flags: { egress } }).egress)

const running: StageHealth = { state: 'running', since: '2026-01-05T10:00:00Z', troubles: [], alarms: [], behindMs: 0 }

const kafka = { brokers: ['localhost:9092'], format: 'json', names: 'topic' }

test('the stage that publishes names is told of, by what its process says, and without one as idle', () => {
  const look = { health: new Map([['names', running]]), at: 0 }
  expect(namesStages(look, sinksOf({ kafka }))).toMatchObject([{ stage: 'names', state: 'working' }])
  expect(namesStages({ health: new Map(), at: 0 }, sinksOf({ kafka }))).toMatchObject([{ state: 'idle', mend: null }])
  expect(namesStages(look, sinksOf({ kafka: { ...kafka, names: 'off' } }))).toEqual([])
})

test('of several sinks the stage of names bears the name of its sink', () => {
  const sinks = sinksOf({
    sinks: [
      { name: 'lake', use: 'files' },
      { name: 'bus', use: 'kafka', ...kafka },
    ],
  })
  expect(namesStages({ health: new Map(), at: 0 }, sinks)).toMatchObject([{ stage: 'names.bus' }])
})
