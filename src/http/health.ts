import { healthOfStage, type HealthReport } from '../app/pipeline/health.js'
import { refusal, type Answer } from './answer.js'

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

/** The same for one stage: a balancer in front of the ingress need not care whether the broker is there. */
export const stageReadyAnswer = (report: HealthReport, stage: string, isDraining: boolean): Answer => {
  const one = healthOfStage(report, stage)
  if (one !== undefined) return readyAnswer(one, isDraining)
  const stages = Object.keys(report.stages).join(', ')
  return refusal(404, 'not-found', `this process has no such stage; it has ${stages === '' ? 'none' : stages}`)
}
