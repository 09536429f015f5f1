import { endpoints } from '../../../telemetry/catalogue.js'
import type { Config } from '../../config/schema.js'
import { tlsOf } from '../../config/tls-schema.js'
import { checkFiles } from './check-files.js'
import { checkEnvironment, checkPorts, checkProcess } from './check-process.js'
import { endpointsOf, expectedPorts, type Whereabouts } from './endpoints-of.js'
import type { EndpointSeen, Patience } from './endpoint.js'
import { findingsOf, type Finding } from './finding.js'
import { probeHttp } from './http-probe.js'
import { seeProcess } from './process-seen.js'
import { probeTls } from './tls-probe.js'
import { connected } from './wire.js'

export type HardeningOptions = Whereabouts &
  Readonly<{
    config: Config
    /** The process, where it is known. */
    pid?: number | undefined
    /** Authorities that our certificates are to be of. */
    ca?: Buffer | undefined
    now: () => number
    patience?: Patience
  }>

/** Servers end what is slow after 10 s, and look every 5 s; a busy machine takes longer. */
const PATIENCE: Patience = { answerMs: 10_000, slowMs: 30_000 }

/**
 * Looks at a running process as somebody would who wants to get in, and says what lets him: at the process and its
 * environment, its ports, the files of the data folder, and each endpoint. It changes nothing; calls without a token that
 * the admin API refuses stand in the audit log, as all of them do.
 */
export async function* harden(options: HardeningOptions): AsyncGenerator<Finding> {
  const { config, pid } = options
  yield* await ofProcess(options)
  yield* await checkFiles(config.data, keyFilesOf(config))
  // Together: the slow clients of all endpoints are waited for once.
  const asked = await Promise.all(endpointsOf(config, options).map((seen) => ofEndpoint(seen, options)))
  yield* asked.flat()
  if (asked.length === 0 && pid === undefined)
    yield {
      ...{ area: 'ports', what: 'ports', state: 'warning', says: 'there is nothing to ask: every port is a free one' },
      mend: 'give the endpoints ports, or name the process by --pid',
    }
}

const ofProcess = async ({ config, pid, adminUrl }: HardeningOptions): Promise<readonly Finding[]> => {
  const unseen = (says: string): readonly Finding[] => [
    {
      ...{ area: 'process', what: 'process', state: 'warning', says },
      mend: 'streamvane doctor --hardening --pid PID, on the machine or in the container of the process, as its user',
    },
  ]
  if (pid === undefined) return unseen('no process is known to run on this data folder, so none was looked at')
  try {
    const seen = await seeProcess(pid)
    return [...checkProcess(seen), ...checkEnvironment(seen), ...checkPorts(seen, expectedPorts(config, { adminUrl }))]
  } catch (cause) {
    return unseen(`process ${pid} cannot be looked at: ${(cause as Error).message}`)
  }
}

const ofEndpoint = async (
  seen: EndpointSeen,
  { ca, now, patience = PATIENCE }: HardeningOptions,
): Promise<readonly Finding[]> => {
  const { endpoint, url, isTls } = seen
  try {
    ;(await connected(url, patience.answerMs)).destroy()
    const amiss = await Promise.all([probeTls(seen, { ca, now: now(), patience }), probeHttp(seen, patience)])
    const sound = `${url}: headers, methods, limits, slow clients and access${isTls ? ', TLS' : ''} are as they should be`
    return findingsOf(endpoint, sound, amiss.flat())
  } catch (cause) {
    return [
      {
        ...{
          area: endpoint,
          what: endpoint,
          state: 'warning',
          says: `${url} cannot be asked: ${(cause as Error).message}`,
        },
        mend: 'it may run in another process, or speak TLS otherwise than this configuration says',
      },
    ]
  }
}

/** Private keys of our endpoints that are files. */
const keyFilesOf = (config: Config): readonly string[] => [
  ...new Set(
    endpoints.flatMap((endpoint) => {
      const { from } = tlsOf(config, endpoint)?.privateKey ?? {}
      return from?.includes('/') === true ? [from] : []
    }),
  ),
]
