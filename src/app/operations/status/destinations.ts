import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { checkSubjects } from '../../../egress/kafka/registry/schema-check.js'
import { failureText, type Progress, type SinkFailure } from '../../../egress/sink.js'
import { isKafkaSink, type KafkaSinkSettings, type SinkSettings } from '../../config/sinks/egress-sinks.js'
import type { Config } from '../../config/schema.js'
import { connectionCheckOf } from '../../pipeline/egress/connection-check.js'
import { lookAtProgress } from '../../pipeline/egress/look-at-progress.js'
import { progressCheck } from '../../pipeline/egress/progress-check.js'
import { sinkOf } from '../../pipeline/egress/sinks.js'
import { kindOf } from '../../sinks/kinds.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import type { Destination } from './report.js'

/** What a destination says of itself. `refusal`: why an egress would not go on from there. */
export type SinkLook = Readonly<{
  settings: SinkSettings
  progress: Progress | undefined
  refusal: string | undefined
  away: string | undefined
  destinations: readonly Destination[]
}>

const LOOK_MS = 10_000

/**
 * Reads the progress at each destination and asks whether an egress may go on from it, as a start does, and ends before
 * anybody is fenced: a running egress is not disturbed, and nothing is written.
 */
export const lookAtSinks = (
  sinks: readonly SinkSettings[],
  config: Config,
  logs: Logs,
  logger: Logger,
): Promise<readonly SinkLook[]> => Promise.all(sinks.map((settings) => lookAt(settings, config, logs, logger)))

const lookAt = async (settings: SinkSettings, config: Config, logs: Logs, logger: Logger): Promise<SinkLook> => {
  const { name, use } = settings
  const { destination: kind, place, notLookedAt } = kindOf(use)
  const unseen = notLookedAt?.(settings, config)
  const base = { settings, progress: undefined, refusal: undefined, away: undefined }
  if (unseen !== undefined) return { ...base, destinations: [{ kind, name, state: 'well', says: unseen }] }
  const [{ progress, failure }, registry] = await Promise.all([
    progressAt(settings, config, logs, logger),
    isKafkaSink(settings) ? lookAtRegistry(settings, config, logger) : [],
  ])
  const destination: Destination = {
    ...{ kind, name, state: failure === undefined ? 'well' : stateOf(failure) },
    says: failure === undefined ? place(settings, config) : failureText(failure),
  }
  return { ...base, progress, ...(failure && told(failure)), destinations: [destination, ...registry] }
}

const stateOf = ({ tag }: SinkFailure): Destination['state'] => (tag === 'NotConnected' ? 'unreachable' : 'refused')

const told = (failure: SinkFailure): Pick<SinkLook, 'away'> | Pick<SinkLook, 'refusal'> =>
  failure.tag === 'NotConnected' ? { away: failureText(failure) } : { refusal: failureText(failure) }

const progressAt = async (
  settings: SinkSettings,
  config: Config,
  logs: Logs,
  logger: Logger,
): Promise<Readonly<{ progress: Progress | undefined; failure: SinkFailure | undefined }>> => {
  const sink = await sinkOf(settings, config, logs, logger)
  const check = progressCheck({ tenant: config.tenant, logs, sink: sink.name, accepted: config.egress.acceptProgress })
  const late = new Promise<E.Either<SinkFailure, undefined>>((resolve) => {
    setTimeout(
      () => resolve(E.left({ tag: 'NotConnected', cause: new Error(`no answer within ${LOOK_MS / 1_000} s`) })),
      LOOK_MS,
    ).unref()
  })
  try {
    const looked = await Promise.race([lookAtProgress(sink, AbortSignal.timeout(LOOK_MS)), late])
    if (E.isLeft(looked)) return { progress: undefined, failure: looked.left }
    const progress = looked.right
    const allowed = await check(progress)
    return { progress, failure: E.isLeft(allowed) ? { tag: 'Refused', reason: allowed.left } : undefined }
  } catch (cause) {
    return { progress: undefined, failure: { tag: 'NotConnected', cause } }
  } finally {
    await sink.close().catch(() => undefined)
  }
}

/** Looks one schema up: that tells whether the registry answers and lets us in. */
const lookAtRegistry = async (
  settings: KafkaSinkSettings,
  config: Config,
  logger: Logger,
): Promise<readonly Destination[]> => {
  const { schemas } = connectionCheckOf(settings, config, logger)
  if (schemas === undefined) return []
  const checked = await checkSubjects(schemas.registry, schemas.wanted.slice(0, 1))
  const of = { kind: 'registry', name: settings.name } as const
  if (E.isLeft(checked)) return [{ ...of, state: stateOf(checked.left), says: failureText(checked.left) }]
  return [{ ...of, state: 'well', says: schemas.registry.url }]
}
