import { expect } from 'vitest'
import type { Fact, MetricEmitted } from '../../src/domain/fact.js'
import type { MetricName } from '../../src/domain/metric.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { emitted, sessionEnded, ticked } from './fact-builders.js'
import { lastRows, rowsOf, sayingOf } from './given.js'

/**
 * Worked cases: one conversation at a time, and the figures that each queue and each agent has in which interval, from
 * metric records and from detail events. Where both sources can tell a case they must give the same; what events cannot
 * tell is absent, not zero.
 */
export const told = (
  points: Profile['points'],
  facts: readonly Fact[],
  overrides: Partial<Profile> = {},
): readonly string[] => {
  const profile = { ...defaultProfile, families: ['queue', 'agent'] as const, ...overrides, points }
  // Everything is closed by then, and no session waits for after-call work any longer.
  const settled = ticked('2026-01-20T00:00')
  return [...lastRows(rowsOf([...facts, settled], profile)).values()].map(sayingOf).sort()
}

export const recordsTell = (facts: readonly Fact[], ...lines: readonly string[]): void =>
  expect(told('metric-records', facts)).toEqual([...lines].sort())
export const eventsTell = (facts: readonly Fact[], ...lines: readonly string[]): void =>
  expect(told('detail-events', facts)).toEqual([...lines].sort())
export const bothTell = (records: readonly Fact[], events: readonly Fact[], ...lines: readonly string[]): void => {
  recordsTell(records, ...lines)
  eventsTell(events, ...lines)
}

/** Metric records of one queue, or of one agent in a queue. */
export const of =
  (queue: string, agent?: string, media = 'voice') =>
  (metric: MetricName, value: number, time: string): MetricEmitted =>
    emitted(metric, value, time, { queue, media, ...(agent === undefined ? {} : { agent }) })

export const a = of('A')
export const b = of('B')
export const annInA = of('A', 'ann')
export const bobInA = of('A', 'bob')
export const bobInB = of('B', 'bob')
export const session = (userId: string, queueId: string, time: string, more: Parameters<typeof sessionEnded>[2]) =>
  sessionEnded(userId, time, { queueId, ...more })
