import { expect, test } from 'vitest'
import { familyNames } from '../../src/domain/family.js'
import { DAY_MS } from '../../src/domain/interval.js'
import { interactionMetrics, pointMetrics } from '../../src/domain/metric.js'
import { defaultProfile } from '../../src/domain/profile.js'
import type { Delivery } from '../../src/simulator/delivery/delivery.js'
import { simulate } from '../../src/simulator/simulate.js'
import { allSplits, differences, pointFamilies, sheetOfRows, sheetOfTruth } from '../support/against-truth.js'
import { fold } from '../support/folded.js'

type Record = { participants: { sessions: { metrics: unknown[] }[] }[] }

/** The record as it was while the conversation went on: not all of its emissions were there yet. */
const soFar = (record: object): object => {
  const earlier = structuredClone(record) as Record
  for (const { sessions } of earlier.participants)
    for (const session of sessions) session.metrics = session.metrics.slice(0, Math.ceil(session.metrics.length / 2))
  return earlier
}

test.each([4, 5])(
  'records of the analytics API give the simulated truth, however often each was fetched, seed %i',
  (seed) => {
    const options = {
      seed,
      fromMs: Date.parse('2026-01-05T07:00:00Z'),
      hours: 6,
      queues: 4,
      agents: 14,
      callsPerHour: 150,
    }
    const simulation = simulate({
      ...options,
      acwLate: { share: 0.05, maxMs: 7_200_000 },
      truthOf: ['conversation-details'],
      details: true,
    })
    for (const _ of simulation);
    const records = [...simulation.details()]
    const through = Date.parse(simulation.truth().through)
    const at = (index: number): number =>
      options.fromMs + Math.floor((index / records.length) * (through - options.fromMs))
    const lines = records.flatMap((record, index): readonly Delivery[] => {
      const fetched = index % 3 === 0 ? [soFar(record), record, record] : [record]
      return fetched.map((one) => ({ deliverAtMs: at(index), line: JSON.stringify(one) }))
    })

    const { rows, refused, repeated } = fold(
      lines,
      { ...defaultProfile, points: 'conversation-details', families: familyNames, splitBy: allSplits },
      { settledAt: () => through + DAY_MS },
    )
    expect(refused).toEqual([])
    expect(repeated).toBeGreaterThan(100)
    const truth = simulation.truth({ splitBy: allSplits })
    const scope = { metrics: [...new Set([...interactionMetrics, ...pointMetrics])] }
    for (const family of pointFamilies) {
      const ofTruth = sheetOfTruth(truth, family, scope)
      expect(ofTruth.size, family).toBeGreaterThan(100)
      expect(differences(sheetOfRows(rows.values(), family, scope), ofTruth)).toEqual([])
    }
  },
)
