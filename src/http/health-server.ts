import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyReply } from 'fastify'
import type { HealthReport } from '../app/pipeline/health.js'
import { ConfigError } from '../app/config/schema.js'
import { refusal, type Answer } from './answer.js'
import { liveAnswer, readyAnswer, stageReadyAnswer } from './health.js'

export type HealthServerOptions = Readonly<{
  host: string
  /** 0 takes a free one. */
  port: number
  health: () => HealthReport
}>

export type HealthServer = Readonly<{ url: string; close: () => Promise<void> }>

/**
 * `GET /health/live` and `/health/ready` alone, for a process that takes no events in. Throws `ConfigError` when it
 * cannot listen where it should.
 */
export const startHealthServer = async ({ host, port, health }: HealthServerOptions): Promise<HealthServer> => {
  const app = Fastify({ logger: false, forceCloseConnections: true })
  app.get('/health/live', (_request, reply) => send(reply, liveAnswer))
  app.get('/health/ready', (_request, reply) => send(reply, readyAnswer(health(), false)))
  app.get<{ Params: { stage: string } }>('/health/ready/:stage', (request, reply) =>
    send(reply, stageReadyAnswer(health(), request.params.stage, false)),
  )
  app.setNotFoundHandler((_request, reply) =>
    send(reply, refusal(404, 'not-found', 'there are GET /health/live and GET /health/ready')),
  )
  await app.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }).catch((cause: unknown) => {
    throw new ConfigError(`health cannot listen on ${host}, port ${port}: ${(cause as Error).message}`)
  })
  const { port: bound } = app.server.address() as AddressInfo
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return { url: `http://${shown}:${bound}`, close: () => app.close() }
}

const send = (reply: FastifyReply, { status, headers, body }: Answer): FastifyReply =>
  reply.code(status).headers(headers).send(body)
