import type { Flow, FlowStage } from '../../../src/http/console/shapes.js'

const AT = '2026-01-05T06:00:00.000Z'

const kinds = { ingress: 'ingress', projector: 'projector', egress: 'egress', feed: 'feed' } as const

/** A stage that works and has nothing left to do, with changes. Its kind follows from its name. */
export const stageOf = (stage: string, changed: Partial<FlowStage> = {}): FlowStage => {
  const [first = '', name] = stage.split(/[. ]/)
  const kind = Object.hasOwn(kinds, first) ? kinds[first as keyof typeof kinds] : 'other'
  return {
    ...{ stage, kind, state: 'working', since: AT, ratePerS: 1, lagEvents: 0, lagMs: 0, lastCommit: AT },
    ...{ troubles: [], alarms: [], figures: {}, details: {}, sources: {}, says: null, mend: null },
    destination: kind === 'egress' ? { name: name ?? 'kafka', use: 'kafka', place: 'localhost:9092' } : null,
    ...changed,
  }
}

/** A flow in which all is well, with changes. */
export const flowOf = (changed: Partial<Flow> = {}): Flow => ({
  ...{ at: AT, tenant: 'acme', version: '0.1.0', mode: 'run', well: true },
  log: { kind: 'embedded', state: 'well', position: '100', says: null },
  clock: { frontier: AT, behindMs: 1_000, tickedAt: AT },
  stages: ['ingress', 'projector', 'egress.kafka'].map((stage) => stageOf(stage)),
  generations: [{ name: 'g1', state: 'live', startedAt: AT, done: 1 }],
  kpi: { generation: 'g1', revision: 10, ratePerS: 1 },
  ...{ openIntervals: 2, deadLetters: 0, disk: { dataBytes: 1, freeBytes: 90, sizeBytes: 100 } },
  ...changed,
})
