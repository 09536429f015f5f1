import type { Logger } from 'pino'
import type { ProgressMismatchCode } from '../../../egress/progress-mismatch.js'
import type { Progress, Sink, SinkFailure } from '../../../egress/sink.js'
import type { Activity } from '../activity.js'
import type { Logs } from '../logs/logs.js'
import type { PauseGate } from '../pause-gate.js'
import type { Lost, RetryOptions } from '../retry.js'
import type { StageEnd } from '../stage.js'

export type EgressEnd = Exclude<StageEnd, { kind: 'failed' }>

/** What holds where nothing is configured. */
export const egressDefaults = { retry: { firstMs: 200, maxMs: 30_000 } } as const

export type EgressOptions = Readonly<{
  tenant: string
  logs: Logs
  sink: Sink
  /** Records in one write, at most. */
  batchMax: number
  untilCaughtUp: boolean
  /** Mismatches of the progress at the destination that the operator accepts. Default none. */
  acceptProgress?: readonly ProgressMismatchCode[]
  /** How often an idle egress asks whether another has taken over. Default ten seconds. */
  ownerCheckMs?: number
  /** Pauses between attempts while log or destination are away. Default: that of `egressDefaults`. */
  retry?: RetryOptions['backoff']
  random?: RetryOptions['random']
  signal: AbortSignal
  /** Closed, it holds the egress between two writes, connected as it is. Absent: the egress cannot be paused. */
  gate?: PauseGate
  activity?: Activity | undefined
  logger: Logger
  now: () => number
  /** Called after every write: records written since the start of the call, and how far the egress is. */
  onProgress?: (written: number, progress: Progress) => void
}>

/** One connection of the egress. */
export type Publishing = EgressOptions &
  Readonly<{
    gate: PauseGate
    /** What the sink told when it connected. */
    progress: Progress | undefined
    /** Called whenever log and destination have done what they should. */
    onWorking: () => void
    onWritten: (records: number, progress: Progress) => void
  }>

/** What a failure of the sink means for the egress. */
export const endOf = (failure: SinkFailure): EgressEnd | Lost => {
  switch (failure.tag) {
    case 'NotConnected':
      return { kind: 'lost', cause: failure.cause, isDestination: true }
    case 'Fenced':
      return { kind: 'superseded', by: failure.by }
    case 'Refused':
      return { kind: 'refused', reason: failure.reason }
  }
}
