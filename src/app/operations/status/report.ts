import type { SourceReport } from '../../pipeline/health.js'
import type { Writer } from '../../../log/embedded/lock/writer-of.js'

/**
 * How an installation is. Instants are ISO 8601 in UTC; `null`: not known, or not there.
 *
 * A stage is
 * - `working`: a process of it was seen, and it has nothing to do or moves
 * - `idle`: nothing to do; whether a process runs is not known, or none does
 * - `behind`: there is something to do, and a process was seen, or could not be looked for
 * - `paused` by an operator
 * - `stalled`: there is something to do, and nobody does it, or the process says that it cannot, or gives no sign of life
 * - `refused`: it ended, or would end: the log or the destination does not let it go on
 * - `unreachable`: its destination does not answer
 */
export type StageState = 'working' | 'idle' | 'behind' | 'paused' | 'stalled' | 'refused' | 'unreachable'

export type StageStatus = Readonly<{
  stage: string
  state: StageState
  /** Events (egress: events of the KPI stream) that are not dealt with; `atLeast`: counting was given up there. */
  lagEvents: number | null
  lagIsAtLeast?: true
  /** Since when the oldest of them waits. */
  lagMs: number | null
  lastCommit: string | null
  /** The process that was seen to do it. */
  process: Pick<Writer, 'owner' | 'pid' | 'host' | 'since'> | null
  /** Of an ingress whose process was seen: the sources that read from other systems, by name. */
  sources?: Readonly<Record<string, SourceReport>>
  /** Since when it is stalled, as far as that is known. */
  since: string | null
  /** What a person should know: the reason of a refusal, how far it is. */
  says: string | null
  /** What to do about it: a command or a setting. */
  mend: string | null
}>

export type GenerationStatus = Readonly<{
  name: string
  state: 'live' | 'warming' | 'earlier'
  startedAt: string
  /** Of the raw log, 0 to 1. */
  done: number | null
}>

export type StatusReport = Readonly<{
  at: string
  tenant: string
  version: string
  /** Does nothing need a look? False gives exit code 5. */
  well: boolean
  log: Readonly<{
    kind: 'embedded' | 'eventstoredb'
    state: 'well' | 'empty' | 'unreachable'
    position: string | null
    says: string | null
  }>
  clock: Readonly<{ frontier: string | null; behindMs: number | null }>
  stages: readonly StageStatus[]
  generations: readonly GenerationStatus[]
  /** Intervals of the live generation that have provisional rows. */
  openIntervals: number | null
  deadLetters: number
  destinations: readonly Destination[]
  disk: Readonly<{ dataBytes: number; freeBytes: number; sizeBytes: number }> | null
  /** Addresses that answered with the health of a running process. */
  health: readonly string[]
}>

/** What the egress depends on. */
export type Destination = Readonly<{
  kind: 'broker' | 'registry' | 'files' | 'store' | 'service'
  name: string
  state: 'well' | 'unreachable' | 'refused'
  says: string | null
}>
