import type { FamilyName } from '../../domain/family.js'
import { defaultProfile } from '../../domain/profile.js'
import { simulated, type IntervalMinutes, type Medium } from './measured.js'

export type Surfaces = 'metric-records' | 'detail-events' | 'both'

/** A contact centre and how it is to be served. `diskBytes`: of the volume with the data folder. */
export type Question = Readonly<{
  agents: number
  conversationsPerDay: number
  queues: number
  intervalMinutes: IntervalMinutes
  families: readonly FamilyName[]
  media: Readonly<Record<Medium, number>>
  surfaces: Surfaces
  /** Events in one request, or message, of a source. */
  eventsPerRequest: number
  /** The busiest hour beside the mean of 24. */
  peakFactor: number
  /** Of row topics. */
  retentionDays: number
  replication: number
  /** Sinks and consumer groups that each read or take every row. */
  readers: number
  /** Generations on disk at once. */
  generations: number
  diskBytes?: number | undefined
}>

/** What is taken where nothing is said, with the reason. */
export const assumptions = {
  queues: [20, 'no more than bounds the rows that close at an interval’s end'],
  intervalMinutes: [15, 'the default profile'],
  families: [defaultProfile.families, 'the default profile'],
  media: [simulated.mix, 'the simulated centre'],
  surfaces: ['metric-records', 'the default profile counts them'],
  eventsPerRequest: [1, 'an API destination of EventBridge posts events one by one'],
  peakFactor: [simulated.peakFactor, 'the simulated centre, which sleeps at night'],
  retentionDays: [90, 'egress.kafka.retentionMs'],
  replication: [3, 'usual; the broker decides'],
  readers: [1, 'one consumer group'],
  generations: [1, 'the live one; that of a rebuild is smaller, because it holds what has settled'],
} as const satisfies Readonly<{
  [K in keyof Omit<Question, 'agents' | 'conversationsPerDay' | 'diskBytes'>]: readonly [Question[K], string]
}>

/** A question with the assumptions where it says nothing. */
export const questionOf = (
  asked: Pick<Question, 'agents' | 'conversationsPerDay'> & {
    readonly [K in keyof Question]?: Question[K] | undefined
  },
): Question => {
  const assumed = Object.fromEntries(Object.entries(assumptions).map(([name, [value]]) => [name, value]))
  const said = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  return { ...assumed, ...said } as Question
}
