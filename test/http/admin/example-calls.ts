import type { StageHandle } from '../../../src/app/pipeline/stage.js'
import { deadLetters } from '../../../src/app/operations/dead-letters.js'
import { storeReconciliation, type Reconciliation } from '../../../src/app/operations/acceptance/reconciliation.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import type { EventLog } from '../../../src/log/event-log.js'

export type ExampleCall = Readonly<{ path: string; body?: unknown }>

/** A call of each operation that succeeds on `computedLog`: members of the path filled in, and a query or a body. */
export const exampleCalls = async (log: EventLog, tenant: string): Promise<Readonly<Record<string, ExampleCall>>> => {
  let letter = ''
  for await (const { id } of deadLetters(singleLog(log), tenant)) letter = id
  await storeReconciliation(singleLog(log), tenant, reconciliation)
  return {
    listRows: { path: '/rows?family=queue&names=true' },
    listFigures: { path: '/figures?family=queue&granularity=P1D&columns=nOffered.count,serviceLevel,tAnswered.avg' },
    showFigures: { path: '/figures/catalogue?family=queue' },
    listNames: { path: '/names?dimension=queueId' },
    listIntervals: { path: '/intervals?check=true' },
    listCorrections: { path: '/corrections?family=queue' },
    listStages: { path: '/stages' },
    pauseStage: { path: '/stages/projector/pause', body: {} },
    resumeStage: { path: '/stages/projector/resume', body: {} },
    listGenerations: { path: '/generations' },
    rebuild: { path: '/generations', body: { scope: { families: ['queue'], from: '2026-01-05', to: '2026-01-06' } } },
    promoteGeneration: { path: '/generations/g2/promote', body: {} },
    rollBack: { path: '/generations/rollback', body: { why: 'the new target was wrong' } },
    retireGeneration: { path: '/generations/g2/retire', body: { force: true } },
    resetProjection: { path: '/projection/reset', body: { why: 'a decoder was mended' } },
    pauseProjection: { path: '/projection/pause', body: { why: 'a new profile' } },
    resumeProjection: { path: '/projection/resume', body: {} },
    showStatus: { path: '/status' },
    examine: { path: '/examinations', body: { only: ['log', 'clock'] } },
    listKpis: { path: '/kpis?on=true' },
    replay: { path: '/replays', body: { dryRun: true } },
    acceptProgress: { path: '/egress/accept', body: { mismatches: ['progress-missing'], why: 'a new folder' } },
    listPublications: { path: '/publications' },
    explain: { path: '/explanations', body: { family: 'queue', interval: '2026-01-05T08:00:00Z' } },
    explainRaw: { path: '/explanations/raw', body: { family: 'queue', interval: '2026-01-05T08:00:00Z' } },
    verify: { path: '/verifications', body: {} },
    whatIf: { path: '/what-if', body: { set: ['serviceLevel.durationMs=30s'], from: '2026-01-05', to: '2026-01-06' } },
    listRowsAs: { path: '/rows/as?family=queue&what=first&granularity=PT15M&names=true' },
    listAuditLog: { path: '/audit-log' },
    showClock: { path: '/clock' },
    listConfiguration: { path: '/configuration' },
    importConfiguration: {
      path: '/configuration',
      body: { documents: [{ name: 'queue.json', content: queue }], why: 'new service level' },
    },
    showProfile: { path: '/profile' },
    publishProfile: { path: '/profile', body: { profile: { id: 'strict', version: 1, shortAbandonMs: 4_000 } } },
    testProfile: { path: '/profile/tests', body: { content: profileTests } },
    tickClock: { path: '/clock/tick', body: {} },
    takeClockBack: { path: '/clock/take-back', body: { to: '2026-01-05T09:00:00Z' } },
    listDeadLetters: { path: '/dead-letters' },
    showDeadLetter: { path: `/dead-letters/${letter}` },
    countDeadLetters: { path: '/dead-letter-counts' },
    exportDeadLetters: { path: '/dead-letter-export' },
    discardDeadLetters: { path: '/dead-letters/discard', body: { stage: 'ingress', why: 'a probe' } },
    retryDeadLetters: { path: '/dead-letters/retry', body: {} },
    listRefusedRecords: { path: '/refused-records' },
    listFeeds: { path: '/feeds' },
    listFeedDeliveries: { path: '/feed-deliveries' },
    compareWithGenesys: { path: '/comparisons', body: { answers: aggregates, where: { mediaType: 'voice' } } },
    reconcile: { path: '/reconciliations', body: { answers: [aggregates], tolerance: ['*=sum:0.1%'] } },
    listReconciliations: { path: '/reconciliations' },
    listReconciliationDifferences: { path: '/reconciliations/r1/differences' },
    defineContract: { path: '/acceptance-contracts', body: { contract, why: 'as agreed' } },
    signContract: { path: '/acceptance-contracts/go-live/sign', body: {} },
    judgeContract: { path: '/acceptance-contracts/go-live/reports', body: {} },
    sealAudit: { path: '/audit/heads', body: {} },
    verifyAudit: { path: '/audit/verifications', body: {} },
    proveAudit: { path: '/audit/proofs', body: { event: await firstEvent(log) } },
    exportAudit: { path: '/audit/export?tree=raw' },
    erase: { path: '/erasures', body: { entity: 'user', id: 'nobody', dryRun: false } },
  }
}

/** The id of the first event of the raw log. */
export const firstEvent = async (log: EventLog): Promise<string> => {
  for await (const [first] of log.readAll()) if (first !== undefined) return first.id
  throw new Error('the log is empty')
}

const queue = {
  id: '7c1f0b56-0000-4000-8000-000000000001',
  name: 'Sales',
  mediaSettings: { call: { serviceLevel: { percentage: 0.8, durationMs: 30_000 } } },
}

const interval = { start: Date.UTC(2026, 0, 5, 8), end: Date.UTC(2026, 0, 5, 8, 15) }
const group = { mediaType: 'voice' }

/** One that was kept: Genesys counts one contact more. */
const reconciliation: Reconciliation = {
  ...{ id: 'r1', at: '2026-01-06T04:00:00.000Z', by: 'cli', generation: 'g1', query: {}, leftOut: 0, quarantined: [] },
  source: { file: 'monday.json', sha256: null },
  counts: { compared: 2, equal: 1, tolerated: 0, different: 1 },
  covered: [{ groups: [group], intervals: [[interval.start, interval.end]] }],
  reasons: [{ group, interval, metric: 'nOffered', class: 'missing-event', because: 'nothing explains it' }],
  figures: [{ group, interval, metric: 'nOffered', theirs: { count: 3 }, ours: { count: 2 } }],
}

/** As Genesys answers a query of conversation aggregates. */
const aggregates = {
  results: [
    {
      group: { queueId: '7c1f0b56-0000-4000-8000-000000000001', mediaType: 'voice' },
      data: [
        {
          interval: '2026-01-05T08:00:00.000Z/2026-01-05T08:15:00.000Z',
          metrics: [{ metric: 'nOffered', stats: { count: 3 } }],
        },
      ],
    },
  ],
}

const profileTests = {
  profile: { id: 'contract', version: 1 },
  tests: [
    {
      name: 'an answered call is answered',
      given: [{ metric: 'tAnswered', value: '12s', at: '2026-01-05T08:01:00Z', conversation: 'c1', queue: 'sales' }],
      expect: [
        { family: 'queue', queue: 'sales', interval: '2026-01-05T08:00:00Z', measures: { tAnswered: { count: 1 } } },
      ],
    },
  ],
}

const contract = {
  name: 'go-live',
  granularity: 'PT15M',
  period: { from: '2026-01-05T08:00:00Z', to: '2026-01-05T09:00:00Z' },
  tolerances: ['*=sum:0.1%'],
}

/** A stage that only knows whether it is paused. */
export const fakeStage = (name: string): StageHandle => {
  let kind: 'running' | 'paused' = 'running'
  return {
    name,
    state: () => ({ kind }),
    since: () => 0,
    activity: () => ({ troubles: [], alarms: [], behindSince: undefined, losses: 0 }),
    pause: () => Promise.resolve(void (kind = 'paused')),
    resume: () => void (kind = 'running'),
    stop: () => Promise.resolve({ kind: 'stopped' }),
    ended: new Promise(() => undefined),
  }
}
