import type { Logger } from 'pino'
import type { Source } from '../../ingress/source.js'
import type { Tracing } from '../../telemetry/traces/tracing.js'
import type { StageMeters } from '../../telemetry/metrics/stage-meters.js'
import type { Config } from '../config/schema.js'
import type { EgressSink } from './egress/sinks.js'
import type { HeldClock } from './ingress/wall-clock.js'
import type { Logs } from './logs/logs.js'
import type { StageState } from './stage.js'

export type StageKind = 'ingress' | 'projector' | 'egress' | 'points' | 'merge' | 'audit' | 'feeds'
/** The stages of one process that does everything. */
export const allInOne: readonly StageKind[] = ['ingress', 'projector', 'egress']
/**
 * `points` and `merge` do together what `projector` does alone. `audit` runs beside the others where `audit.key` says
 * what to sign with, and `feeds`, a stage for each, where feeds are delivered.
 */
export const stageKinds: readonly StageKind[] = [...allInOne, 'points', 'merge', 'audit', 'feeds']

export type PipelineOptions = Readonly<{
  config: Config
  logs: Logs
  only: readonly StageKind[]
  /** Work off what the log holds, without ingress or clock, and end. */
  untilCaughtUp: boolean
  /** Where raw events come from. */
  sources: readonly Source[]
  /** Where rows go; none: nothing is published. Their names differ. */
  sinks: readonly EgressSink[]
  signal: AbortSignal
  logger: Logger
  now: () => number
  /** Follows sampled events through the stages; absent: none are. */
  tracing?: Tracing | undefined
  /** What stages record for those who read metrics; absent: nothing. */
  meters?: StageMeters | undefined
  onState?: (stage: string, state: StageState) => void
  /** The wall clock cannot tick, or ticks again (`undefined`). Told at every look at the time. */
  onClock?: (held: HeldClock | undefined) => void
  onProjected?: (progress: Readonly<{ events: number; rows: number }>) => void
  onPublished?: (stage: string, records: number) => void
}>
