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

const stagesAt = async (url: string): Promise<Readonly<Record<string, StageHealth>> | undefined> => {
  try {
    const { stages } = (await jsonAt(url)) as { stages?: Readonly<Record<string, StageHealth>> }
    return typeof stages === 'object' && Object.values(stages).every(({ state }) => typeof state === 'string')
      ? stages
      : undefined
  } catch {
    return undefined
  }
}

/** By HTTPS any certificate will do: nothing is sent, and it is for the names by which others reach the process. */
const jsonAt = async (url: string): Promise<unknown> => {
  const signal = AbortSignal.timeout(ANSWER_MS)
  if (url.startsWith('http:')) return (await fetch(url, { signal })).json()
  const { Agent, request } = await import('undici') // it takes long to load
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } })
  try {
    return await (await request(url, { signal, dispatcher })).body.json()
  } finally {
    await dispatcher.close()
  }
}

/** An address that a process of this machine can connect to. */
export const reachable = (host: string): string =>
  host === '0.0.0.0' || host === '::' || host === '[::]'
    ? '127.0.0.1'
    : host.includes(':') && !host.startsWith('[')
      ? `[${host}]`
      : host
