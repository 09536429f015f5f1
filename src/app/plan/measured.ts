import type { FamilyName } from '../../domain/family.js'

/** A medium of conversations, as the plan divides them. Callbacks count as voice. */
export const media = ['voice', 'chat', 'message', 'email'] as const
export type Medium = (typeof media)[number]

type PerEvent = Readonly<{ perConversation: number; bytes: number }>

/**
 * What a simulated day gives: 40 agents, 6 queues, 2,675 conversations, midnight to midnight. Counts and bytes do not
 * depend on the machine; `test/simulation/plan.test.ts` measures them again and holds these numbers to it. Bytes of
 * events are those of NDJSON in EventBridge envelopes.
 */
export const simulated = {
  /** Metric records of a conversation. */
  metricRecords: {
    voice: { perConversation: 16.1, bytes: 1_251 },
    chat: { perConversation: 23.5, bytes: 1_342 },
    message: { perConversation: 25.8, bytes: 1_378 },
    email: { perConversation: 13.4, bytes: 1_382 },
  },
  /** Detail events of a conversation. */
  detailEvents: {
    voice: { perConversation: 9.9, bytes: 1_052 },
    chat: { perConversation: 7.6, bytes: 1_060 },
    message: { perConversation: 7.8, bytes: 1_092 },
    email: { perConversation: 8.0, bytes: 1_090 },
  },
  /** Routing states and presences: those of a shift, and those that a conversation brings. */
  agentStates: { perAgent: 32, perConversation: 2.24, bytes: 741 },
  /** Segments of agents, which come with detail events. */
  agentSegments: { perConversation: 4.03, bytes: 904 },
  /** Share of conversations by medium. */
  mix: { voice: 0.7, chat: 0.1, message: 0.1, email: 0.1 },
  /** Conversations of the busiest hour beside those of the mean of 24. */
  peakFactor: 2.5,
} as const satisfies Readonly<{
  metricRecords: Readonly<Record<Medium, PerEvent>>
  detailEvents: Readonly<Record<Medium, PerEvent>>
  mix: Readonly<Record<Medium, number>>
  [more: string]: unknown
}>

/** Interval lengths for which rows were counted, in minutes. */
export type IntervalMinutes = 15 | 30 | 60

type Records = Readonly<{
  /** Published records of a conversation. */
  perConversation: number
  /** Published records of an agent and day at their intervals' ends, by length of interval. */
  perAgent?: Readonly<Record<IntervalMinutes, number>>
  /** Bytes of the Avro datum. */
  bytes: number
}>

/**
 * Records that the same day publishes as it happens, with intervals of 15 minutes; longer ones give up to a tenth fewer.
 * Those of queues are without the rows that an interval's end closes, which depend on the number of queues.
 * Busy centres publish fewer too: what one delivery of the log changes twice is published once.
 */
export const records: Readonly<Record<FamilyName, Records>> = {
  queue: { perConversation: 5.25, bytes: 366 },
  agent: { perConversation: 5.22, bytes: 392 },
  'agent-state': { perConversation: 2.54, perAgent: { 15: 427, 30: 232, 60: 132 }, bytes: 225 },
  'agent-occupancy': { perConversation: 2.08, perAgent: { 15: 122, 30: 62, 60: 32 }, bytes: 179 },
  skill: { perConversation: 1.48, bytes: 329 },
  language: { perConversation: 1.63, bytes: 384 },
  'wrap-up': { perConversation: 1.05, bytes: 236 },
  flow: { perConversation: 1.06, bytes: 211 },
  campaign: { perConversation: 0.16, bytes: 281 },
  division: { perConversation: 10.56, bytes: 433 },
  organisation: { perConversation: 6.8, bytes: 419 },
}

/**
 * Bytes on disk, measured on the same day's busiest hour by the same test. An append is a commit, and small commits fill
 * pages and compress badly: an event that comes alone takes six times the room of one in a request of a hundred.
 */
export const onDisk = {
  /** A raw event, by how many come in one request; between them by the logarithm. */
  rawEvent: [
    [1, 1_707],
    [10, 466],
    [100, 291],
  ],
  /** A record of the KPI log, with its share of checkpoints and of the index. */
  kpiRecord: 451,
  /** A record of what was published, of three topics; one a second at most. */
  publication: 520,
  /** A raw event's share of kept facts. */
  fact: 17,
} as const

/**
 * Measured once on a machine of two cores (docs/performance.md: "Freshness and recovery", "Ten million metric records";
 * memory: `run --until-caught-up` over an hour of 300 and of 3,000 agents). They depend on the machine, so no test holds
 * them.
 */
export const onTwoCores = {
  /** Share of a core of a process with all stages, and what a thousand events a second add. */
  coresIdle: 0.22,
  coresPerThousandEvents: 0.1125,
  /** Peak of a projector that catches up: 600 MB with 300 agents, 1,098 MB with 10,000 in seven days. */
  memoryMbBase: 585,
  memoryMbPerAgent: 0.052,
  /** Raw events a second of processor time that a projector folds while it catches up. */
  catchUpPerSecond: 40_900,
  /** Events a second that a rebuild reads from facts. */
  rebuildPerSecond: 57_000,
  /** Snapshots: 1.7 MB of 60 agents after a day. */
  stateBytesPerAgentDay: 28_000,
} as const

/** Bytes of a record on a topic beside its datum: headers, key, framing. */
export const RECORD_OVERHEAD_BYTES = 500

/** What vendors say of their units: Event Hubs 1 MB or 1,000 events a second; Service Bus Premium about 4 MB a second. */
export const vendor = { eventHubsBytes: 1_000_000, eventHubsEvents: 1_000, serviceBusBytes: 4_000_000 } as const
