import { describe, expect, test } from 'vitest'
import { trustBadge, trustIn } from '../../../../src/console/frame/trust/trust.js'
import { flowOf, stageOf } from '../../../support/console/flow.js'

const egress = (changed: Parameters<typeof stageOf>[1]) =>
  flowOf({ stages: [stageOf('ingress'), stageOf('projector'), stageOf('egress.kafka', changed)] })

describe('whether the numbers can be trusted', () => {
  test('yes, where every stage works and nothing is left out', () => {
    const trust = trustIn(flowOf(), 0)
    expect(trust).toMatchObject({ verdict: 'yes', reasons: [] })
    expect(trustBadge(trust)).toBe('Trusted')
  })

  test('cannot be told before anything was heard, and before anything was computed', () => {
    expect(trustIn(undefined, undefined).verdict).toBe('unknown')
    expect(trustIn(flowOf({ kpi: null }), 0)).toMatchObject({ verdict: 'unknown', says: /no figures yet/ })
  })

  test('no, where a destination does not answer: since when, what it means and what to do', () => {
    const since = '2026-01-05T06:00:00.000Z'
    const { verdict, says, reasons } = trustIn(
      egress({ state: 'stalled', troubles: [{ trouble: 'destination-unreachable', since }] }),
      0,
    )
    expect([verdict, says]).toEqual([
      'no',
      'No: kafka does not get new figures. The figures here are newer than those there.',
    ])
    expect(reasons).toEqual([
      expect.objectContaining({
        ...{ weight: 'bad', where: 'egress.kafka', since, what: 'The destination localhost:9092 does not answer.' },
        command: 'streamvane doctor --only broker registry',
      }),
    ])
  })

  test.each(['ingress', 'projector'])('no, where the %s stands still', (stage) => {
    const flow = flowOf({ stages: [stageOf(stage, { state: 'stalled', says: 'no process works on it' })] })
    expect(trustIn(flow, 0)).toMatchObject({ verdict: 'no', reasons: [{ where: stage, command: 'streamvane run' }] })
  })

  test('no, where the log does not answer', () => {
    const flow = flowOf({ log: { kind: 'embedded', state: 'unreachable', position: null, says: 'it is locked' } })
    expect(trustIn(flow, 0)).toMatchObject({ verdict: 'no', reasons: [{ where: 'Raw log', what: 'it is locked' }] })
  })

  test('no, where an operator has paused the projection; the command resumes it', () => {
    const flow = flowOf({ stages: [stageOf('projector', { state: 'paused', says: 'since 06:00: upgrade' })] })
    expect(trustIn(flow, 0)).toMatchObject({ verdict: 'no', reasons: [{ command: 'streamvane projections resume' }] })
  })

  test('with reservations, where events could not be used', () => {
    expect(trustIn(flowOf(), 3)).toMatchObject({
      verdict: 'partly',
      reasons: [{ where: 'Dead letters', what: '3 dead letters are open: what could not be used is not counted.' }],
    })
  })

  test('with reservations, where a stage is more than a minute behind', () => {
    expect(trustIn(egress({ state: 'behind', lagMs: 59_000, lagEvents: 7 }), 0).verdict).toBe('yes')
    expect(trustIn(egress({ state: 'behind', lagMs: 61_000, lagEvents: 7 }), 0)).toMatchObject({
      verdict: 'partly',
      reasons: [{ what: 'It is 1 min 01 s behind, 7 events.' }],
    })
  })

  test('with reservations, where a stage raises an alarm, the clock is far behind or the disk is full', () => {
    const since = '2026-01-05T06:00:00.000Z'
    const flow = flowOf({
      stages: [stageOf('projector', { alarms: [{ alarm: 'events-too-late', since }] })],
      clock: { frontier: since, behindMs: 3_600_000, tickedAt: '2026-01-05T05:50:00.000Z' },
      disk: { dataBytes: 1, freeBytes: 1, sizeBytes: 100 },
    })
    const { verdict, reasons } = trustIn(flow, 0)
    expect([verdict, reasons.map(({ where }) => where)]).toEqual(['partly', ['projector', 'Clock', 'Disk']])
  })

  test('yes, where the frontier is far behind the wall clock and moves: history is read, or a simulation', () => {
    const tickedAt = '2026-01-05T05:59:00.000Z'
    expect(trustIn(flowOf({ clock: { frontier: tickedAt, behindMs: 1e10, tickedAt } }), 0).verdict).toBe('yes')
  })

  test('what is computed beside the live generation does not count', () => {
    const flow = flowOf({ stages: [stageOf('projector'), stageOf('projector g3', { state: 'behind', lagMs: 1e7 })] })
    expect(trustIn(flow, 0).verdict).toBe('yes')
  })

  test('over a folder that no process works on, nothing has to run', () => {
    const flow = flowOf({
      ...{ mode: 'read-only' as const, clock: { frontier: null, behindMs: 1e9, tickedAt: null } },
      stages: [stageOf('projector', { state: 'stalled', says: 'no process works on it' })],
    })
    expect(trustIn(flow, 0).verdict).toBe('yes')
  })

  test('the worst reason stands first', () => {
    const flow = flowOf({
      stages: [stageOf('projector', { state: 'behind', lagMs: 1e6 }), stageOf('egress.kafka', { state: 'refused' })],
    })
    expect(trustIn(flow, 1).reasons.map(({ weight }) => weight)).toEqual(['bad', 'warn', 'warn'])
  })
})
