import { Agent, request } from 'undici'
import type { Config } from '../../config/schema.js'
import { tlsOf } from '../../config/tls-schema.js'
import type { StageHealth } from '../../pipeline/health.js'

/** The health of processes that answered, by the name of the stage. */
export type RunningStages = Readonly<{ addresses: readonly string[]; stages: ReadonlyMap<string, StageHealth> }>

const ANSWER_MS = 1_500
const OFFSETS = [0, 1, 2, 3]

/**
 * Asks the processes that may run with this configuration for their health: at `health.port`, or at the port of the
 * ingress and the three after it (docs/ingress.md). Whoever else listens there is recognised by what it answers.
 */
export const runningStages = async (config: Config): Promise<RunningStages> => {
  const { health, ingress } = config
  const at = (endpoint: 'ingress' | 'health', port: number): string =>
    `${tlsOf(config, endpoint) === undefined ? 'http' : 'https'}://${reachable(config[endpoint].host)}:${port}`
  const places =
    health.port !== undefined
      ? [at('health', health.port), at('ingress', ingress.port)]
      : ingress.port === 0
        ? []
        : OFFSETS.map((offset) => at(offset === 0 ? 'ingress' : 'health', ingress.port + offset))
  const answers = await Promise.all(
    [...new Set(places)].map(async (place) => ({ place, stages: await stagesAt(`${place}/health/ready`) })),
  )
  const found = answers.filter(({ stages }) => stages !== undefined)
  return {
    addresses: found.map(({ place }) => place),
    stages: new Map(found.flatMap(({ stages }) => Object.entries(stages ?? {}))),
  }
}

/** Nothing is sent to whoever answers, and its certificate is for the names by which others reach it. */
const anyCertificate = new Agent({ connect: { rejectUnauthorized: false } })

const stagesAt = async (url: string): Promise<Readonly<Record<string, StageHealth>> | undefined> => {
  try {
    const { body } = await request(url, { signal: AbortSignal.timeout(ANSWER_MS), dispatcher: anyCertificate })
    const { stages } = (await body.json()) as { stages?: Readonly<Record<string, StageHealth>> }
    return typeof stages === 'object' && Object.values(stages).every(({ state }) => typeof state === 'string')
      ? stages
      : undefined
  } catch {
    return undefined
  }
}

/** An address that a process of this machine can connect to. */
export const reachable = (host: string): string =>
  host === '0.0.0.0' || host === '::' || host === '[::]'
    ? '127.0.0.1'
    : host.includes(':') && !host.startsWith('[')
      ? `[${host}]`
      : host
