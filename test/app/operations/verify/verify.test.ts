import { beforeAll, describe, expect, test } from 'vitest'
import { verify } from '../../../../src/app/operations/verify/verify.js'
import { HOUR_MS } from '../../../../src/domain/interval.js'
import { familyNames } from '../../../../src/domain/family.js'
import { defaultProfile, type PointSource, type Profile } from '../../../../src/domain/profile.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { generationOf, project, silent, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const never = new AbortController().signal
const profileOf = (points: PointSource): Profile => ({
  ...defaultProfile,
  points,
  families: familyNames,
  rollUps: ['PT1H', 'P1D'],
})

const verifyOf = (log: EventLog, points: PointSource, raw = log) =>
  verify({
    ...{ tenant: 't', generation: generationOf(profileOf(points)), raw, kpi: log, data: undefined, facts: {} },
    ...{ signal: never, logger: silent },
  })

describe.each(['metric-records', 'detail-events'] as const)('a log of %s', (points) => {
  let log: EventLog
  beforeAll(async () => {
    log = memoryLog()
    const simulation = simulate({
      ...{ seed: 3, fromMs: FROM, hours: 3, queues: 2, agents: 8, emit: points },
      ...{ reorder: 0.1, duplicates: 0.05, lateness: { share: 0.05, maxMs: HOUR_MS } },
    })
    const lines = [...simulation].map(({ line }) => line)
    for (let at = 0, step = 0; at < lines.length; at += 150, step++) {
      await take(log, 't', lines.slice(at, at + 150))
      await tickTo(log, 't', FROM + Math.floor((3 * HOUR_MS * at) / lines.length))
      if (step % 3 === 0) await project({ log, tenant: 't', profile: profileOf(points), batchMax: 40 })
    }
    await tickTo(log, 't', FROM + 5 * HOUR_MS)
    await project({ log, tenant: 't', profile: profileOf(points), batchMax: 40 })
  })

  test('is verified without a difference', async () => {
    const result = await verifyOf(log, points)
    expect(result.first).toBeNull()
    expect(result).toMatchObject({ differences: 0, waiting: 0, isStopped: false })
    expect(result.rows).toBeGreaterThan(500)
    expect(result.intervals.every(({ stored, computed }) => stored === computed)).toBe(true)
  })
})
