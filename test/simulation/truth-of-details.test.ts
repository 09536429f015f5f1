import { expect, test } from 'vitest'
import { familyNames } from '../../src/domain/family.js'
import { DAY_MS } from '../../src/domain/interval.js'
import { interactionMetrics, pointMetrics } from '../../src/domain/metric.js'
import { defaultProfile } from '../../src/domain/profile.js'
import type { Delivery } from '../../src/simulator/delivery/delivery.js'
import { simulate } from '../../src/simulator/simulate.js'
import { allSplits, differences, pointFamilies, figuresOfRows, figuresOfTruth } from '../support/against-truth.js'
import { fold } from '../support/folded.js'

type Session = { metrics: { value: number; emitDate: string }[]; segments: Record<string, unknown>[] }
type Conversation = { participants: { sessions: Session[] }[] }

/** The record as it was while the conversation went on: not all of its emissions were there yet. */
const soFar = (record: object): object => {
  const earlier = structuredClone(record) as Conversation
  for (const { sessions } of earlier.participants)
    for (const session of sessions) session.metrics = session.metrics.slice(0, Math.ceil(session.metrics.length / 2))
  return earlier
}

/** The record as it was before Genesys computed the conversation again: each of its parts may say something else. */
const beforeRecomputation = (record: object, index: number): object => {
  const earlier = structuredClone(record) as Conversation
  const sessions = earlier.participants.flatMap((participant) => participant.sessions)
  sessions.forEach(({ metrics, segments }, place) => {
    const [first] = metrics
    if (first === undefined) return
    switch ((index + place) % 6) {
      case 0:
        first.value += 777
        break
      case 1:
        first.emitDate = new Date(Date.parse(first.emitDate) + 1_800_000).toISOString()
        break
      case 2:
        for (const segment of segments) if ('queueId' in segment) segment['queueId'] = 'another-queue'
        break
      case 3:
        for (const segment of segments) if ('wrapUpCode' in segment) segment['wrapUpCode'] = 'another-code'
        break
      case 4:
        metrics.push({ ...first })
        break
      default:
        metrics.pop()
    }
  })
  // A record that equals the last one would be stored once, and the one between would count.
  return { ...earlier, mediaStatsMinConversationMos: index }
}

test.each([4, 5])(
  'records of the analytics API give the simulated truth, however often each was fetched and computed again, seed %i',
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
      const fetched = [
        [soFar(record), record, record],
        [beforeRecomputation(record, index), record],
        [beforeRecomputation(record, index), beforeRecomputation(record, index + 1), soFar(record), record],
        [record],
      ][index % 4] as object[]
      // The last record of some is fetched a day after the conversation.
      return fetched.map((one, fetch) => ({
        deliverAtMs: at(index) + (index % 8 === 1 && fetch === fetched.length - 1 ? DAY_MS : 0),
        line: JSON.stringify(one),
      }))
    })
    lines.sort((a, b) => a.deliverAtMs - b.deliverAtMs)

    const { rows, refused, repeated } = fold(
      lines,
      { ...defaultProfile, points: 'conversation-details', families: familyNames, splitBy: allSplits },
      { settledAt: () => through + 2 * DAY_MS },
    )
    expect(refused).toEqual([])
    expect(repeated).toBeGreaterThan(100)
    expect([...rows.values()].filter(({ correction }) => correction === 'recomputed').length).toBeGreaterThan(100)
    const truth = simulation.truth({ splitBy: allSplits })
    const scope = { metrics: [...new Set([...interactionMetrics, ...pointMetrics])] }
    for (const family of pointFamilies) {
      const ofTruth = figuresOfTruth(truth, family, scope)
      expect(ofTruth.size, family).toBeGreaterThan(100)
      expect(differences(figuresOfRows(rows.values(), family, scope), ofTruth)).toEqual([])
    }
  },
)
