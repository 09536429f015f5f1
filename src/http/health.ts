import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { healthOfStage, type HealthReport } from '../app/pipeline/health.js'
import { refusal, type Answer } from './answer.js'

/** The process runs; `readyAnswer` says whether its work moves. */
const liveAnswer: Answer = { status: 200, headers: {}, body: { live: true } }

/** 200 while the work of this process moves; else 503, with what does not move, and since when. */
const readyAnswer = (
  { ready, stages, log, certificates, staleSecrets }: HealthReport,
  isDraining: boolean,
): Answer => ({
  status: ready && !isDraining ? 200 : 503,
  headers: {},
  body: {
    ready: ready && !isDraining,
    ...(isDraining ? { draining: true } : {}),
    stages,
    log: log.kind === 'well' ? log.kind : `${log.kind} since ${log.since}`,
    ...(certificates === undefined ? {} : { certificates }),
    ...(staleSecrets !== undefined && { staleSecrets }),
  },
})

/** The same for one stage: a balancer in front of the ingress need not care whether the broker is there. */
const stageReadyAnswer = (report: HealthReport, stage: string, isDraining: boolean): Answer => {
  const one = healthOfStage(report, stage)
  if (one !== undefined) return readyAnswer(one, isDraining)
  const stages = Object.keys(report.stages).join(', ')
  return refusal(404, 'not-found', `this process has no such stage; it has ${stages === '' ? 'none' : stages}`)
}

/**
 * `/livez`, `/readyz` and `/readyz/<stage>`, by the names that probes of Kubernetes have, and the same under
 * `/health/live` and `/health/ready`. None of them asks for a token.
 */
export const addHealthRoutes = (app: FastifyInstance, health: () => HealthReport, isDraining: () => boolean): void => {
  for (const path of ['/livez', '/health/live']) app.get(path, (_request, reply) => send(reply, liveAnswer))
  for (const path of ['/readyz', '/health/ready']) {
    app.get(path, (_request, reply) => send(reply, readyAnswer(health(), isDraining())))
    app.get<{ Params: { stage: string } }>(`${path}/:stage`, (request, reply) =>
      send(reply, stageReadyAnswer(health(), request.params.stage, isDraining())),
    )
  }
}

/** Whether a request asks for health: what probes of the machine ask, which can show nobody who they are. */
export const isForProbes = ({ url = '' }: Pick<IncomingMessage, 'url'>): boolean =>
  /^\/(livez|readyz|health\/(live|ready))([/?]|$)/.test(url)

const send = (reply: FastifyReply, { status, headers, body }: Answer): FastifyReply =>
  reply.code(status).headers(headers).send(body)
