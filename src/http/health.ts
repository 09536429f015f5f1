import type { LogHealth } from '../app/pipeline/logs/logs.js'
import type { Answer } from './answer.js'

/** Whether this process does what it is there for, stage by stage. */
export type HealthReport = Readonly<{
  ready: boolean
  stages: Readonly<Record<string, Readonly<{ kind: string; end?: Readonly<{ kind: string }> }> | undefined>>
  /** Does the log deliver, and if not, since when. */
  log: LogHealth
}>

/** The process runs; whether it is of use is said by `readyAnswer`. */
export const liveAnswer: Answer = { status: 200, headers: {}, body: { live: true } }

/**
 * Each stage by the name of its state. Causes stay in the process's own log: whoever asks for health need not be
 * anybody we know.
 */
export const readyAnswer = ({ ready, stages, log }: HealthReport, isDraining: boolean): Answer => {
  const states = Object.entries(stages).map(([stage, state]) => [
    stage,
    state?.end === undefined ? state?.kind : `${state.kind}: ${state.end.kind}`,
  ])
  return {
    status: ready && !isDraining ? 200 : 503,
    headers: {},
    body: {
      ready: ready && !isDraining,
      ...(isDraining ? { draining: true } : {}),
      stages: Object.fromEntries(states) as Record<string, unknown>,
      log: log.kind === 'well' ? log.kind : `${log.kind} since ${log.since}`,
    },
  }
}
