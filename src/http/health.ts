import type { HealthReport } from '../app/pipeline/health.js'
import type { Answer } from './answer.js'

/** The process runs; `readyAnswer` says whether its work moves. */
export const liveAnswer: Answer = { status: 200, headers: {}, body: { live: true } }

/** 200 while the work of this process moves; else 503, with what does not move, and since when. */
export const readyAnswer = ({ ready, stages, log }: HealthReport, isDraining: boolean): Answer => ({
  status: ready && !isDraining ? 200 : 503,
  headers: {},
  body: {
    ready: ready && !isDraining,
    ...(isDraining ? { draining: true } : {}),
    stages,
    log: log.kind === 'well' ? log.kind : `${log.kind} since ${log.since}`,
  },
})
