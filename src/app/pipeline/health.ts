import type { SourceLag } from '../../ingress/source.js'
import type { StaleSecrets } from '../config/secrets/keep-secrets.js'
import type { Alarm, SourceState, Trouble } from './activity.js'
import type { CertificateState } from '../tls/followed-certificate.js'
import type { LogHealth } from './logs/logs.js'
import type { StageEnd, StageHandle, StageState } from './stage.js'

/**
 * How a stage is. `since`: when it entered its state. `troubles`: what keeps it from working, and since when.
 * `behindMs`: how long there has been something to do that is not done; 0 where everything is. Instants are ISO 8601.
 * Causes are in the log of the process: whoever asks for health need not be trusted.
 */
export type StageHealth = Readonly<{
  state: StageState['kind']
  end?: StageEnd['kind']
  since: string
  troubles: readonly Readonly<{ trouble: Trouble; since: string }>[]
  /** What somebody should look at; the stage works all the same. */
  alarms: readonly Readonly<{ alarm: Alarm; since: string }>[]
  behindMs: number
  /** Figures of its own: the buckets that a points stage holds. Absent where it has none. */
  figures?: Readonly<Record<string, number>>
  /** The same in words: how an egress delivers. Absent where it has none. */
  details?: Readonly<Record<string, string>>
  /** The sources of an ingress that read from other systems, by name. Absent where there are none. */
  sources?: Readonly<Record<string, SourceReport>>
}>

/** How a source is. `lag`: what waits at the other system, as far as that tells. */
export type SourceReport = Readonly<{ state: SourceState['state']; since: string; lag?: SourceLag }>

/**
 * `ready`: every stage of this process works or was paused by an operator, and the log delivers. A pause of the projector
 * must not take the ingress of the same process out of service.
 */
export type HealthReport = Readonly<{
  ready: boolean
  stages: Readonly<Record<string, StageHealth>>
  /** Does the log deliver, and if not, since when. */
  log: LogHealth
  /** Certificates of endpoints that somebody should look at, by endpoint; absent where there are none. */
  certificates?: Readonly<Record<string, CertificateReport>>
  /** Secrets that a vault does not give any more; their last values are used. Absent where there are none. */
  staleSecrets?: StaleSecrets | undefined
}>

/** `not-renewed`: the files hold what cannot be used, and the certificate of before is shown. */
export type CertificateReport = Readonly<{ alarm: 'not-renewed' | 'expired'; since: string }>

export const healthOf = (
  stages: readonly StageHandle[],
  log: LogHealth,
  now: number,
  certificates: readonly CertificateState[] = [],
): HealthReport => {
  const alarmed = certificates.flatMap((state) => certificateReport(state, now))
  const health = stages.map((stage) => [stage.name, stageHealth(stage, now)] as const)
  return {
    ready:
      log.kind === 'well' &&
      health.length > 0 &&
      health.every(([, stage]) => isWorking(stage) || stage.state === 'paused'),
    stages: Object.fromEntries(health),
    log,
    ...(alarmed.length > 0 && { certificates: Object.fromEntries(alarmed) }),
  }
}

/** The alarm of a certificate does not make a process unready: another one would show the same certificate. */
const certificateReport = (
  { endpoint, notAfter, notRenewedSince }: CertificateState,
  now: number,
): readonly (readonly [string, CertificateReport])[] => {
  if (now > notAfter) return [[endpoint, { alarm: 'expired', since: iso(notAfter) }]]
  return notRenewedSince === undefined ? [] : [[endpoint, { alarm: 'not-renewed', since: iso(notRenewedSince) }]]
}

const stageHealth = (stage: StageHandle, now: number): StageHealth => {
  const state = stage.state()
  const { troubles, alarms, behindSince, figures, details, sources } = stage.activity()
  const isAtWork = state.kind === 'running' || state.kind === 'starting'
  return {
    state: state.kind,
    ...(state.kind === 'ended' ? { end: state.end.kind } : {}),
    since: iso(stage.since()),
    troubles: isAtWork ? troubles.map(({ trouble, since }) => ({ trouble, since: iso(since) })) : [],
    alarms: alarms.map(({ alarm, since }) => ({ alarm, since: iso(since) })),
    behindMs: behindSince === undefined ? 0 : Math.max(0, now - behindSince),
    ...(figures === undefined ? {} : { figures }),
    ...(details === undefined ? {} : { details }),
    ...(sources === undefined
      ? {}
      : { sources: Object.fromEntries(sources.map((source) => [source.name, reportOf(source)])) }),
  }
}

const reportOf = ({ state, since, lag }: SourceState): SourceReport => ({
  state,
  since: iso(since),
  ...(lag !== undefined && { lag }),
})

const isWorking = ({ state, troubles }: StageHealth): boolean => state === 'running' && troubles.length === 0

/** Whether a stage or a source cannot work, which may be for want of a connection. */
export const hasTroubles = ({ stages }: HealthReport): boolean =>
  Object.values(stages).some(
    ({ troubles, sources = {} }) =>
      troubles.length > 0 || Object.values(sources).some(({ state }) => state === 'connecting'),
  )

/** The same report for one stage; `undefined` if this process does not run it. */
export const healthOfStage = ({ stages, log }: HealthReport, name: string): HealthReport | undefined => {
  const stage = stages[name]
  if (stage === undefined) return undefined
  return { ready: log.kind === 'well' && isWorking(stage), stages: { [name]: stage }, log }
}

const iso = (at: number): string => new Date(at).toISOString()
