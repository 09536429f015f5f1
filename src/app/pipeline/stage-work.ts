import type { NamesSink } from '../../egress/kafka/names-sink.js'
import { acceptedKeysIn, signerKeyIn } from '../config/audit-keys.js'
import { ConfigError } from '../config/schema.js'
import { pushedFeeds, type PushedFeed } from '../feeds/plans.js'
import { addressOf } from '../sinks/open-kafka.js'
import { runAudit } from './audit/audit-stage.js'
import { runEgress } from './egress/egress.js'
import { wallPeriods } from './egress/periods.js'
import type { EgressSink } from './egress/sinks.js'
import { withFacts } from './facts/open-feed.js'
import { runFeed } from './feeds/feed-stage.js'
import { receiverOf } from './feeds/receivers.js'
import { runIngress } from './ingress/ingress-stage.js'
import { whenThere, type Logs } from './logs/logs.js'
import type { PipelineOptions, StageKind } from './pipeline-options.js'
import { pausedText, watchPause } from './projection-pause.js'
import { runLiveProjector } from './projector/projector-stage.js'
import { runNames } from './names/names-stage.js'
import { membershipNamesOf } from './shards/membership-names.js'
import { runLiveMerge, runLivePoints } from './shards/shard-stages.js'
import type { StageControl, StageEnd } from './stage.js'

/** `egress`; with several sinks each stage bears the name of its own, for example `egress.kafka`. */
export const egressName = ({ sink }: EgressSink, sinks: readonly EgressSink[]): string =>
  sinks.length === 1 ? 'egress' : `egress.${sink.name}`

/** `names`; with several sinks each bears the name of its sink, for example `names.kafka`. */
export const namesName = ({ sink }: EgressSink, sinks: readonly EgressSink[]): string =>
  sinks.length === 1 ? 'names' : `names.${sink.name}`

export const ingressStage = (
  { config, sources, now, tracing, logger, meters, onClock }: PipelineOptions,
  raw: Awaited<ReturnType<Logs['raw']>>,
  control: StageControl,
): Promise<StageEnd> =>
  runIngress(
    {
      ...{ raw, tenant: config.tenant, clock: config.clock, sources, now, tracing, logger },
      counter: meters?.ingress,
      ...(onClock === undefined ? {} : { onClock }),
    },
    control,
  )

/**
 * Runs a stage of the projection, and holds it while the log says that the projection is paused. Working off is a command
 * that somebody waits for: it is refused then.
 */
export const unlessPaused = async (
  options: PipelineOptions,
  control: StageControl,
  what: StageKind,
  stage: (options: PipelineOptions, control: StageControl) => Promise<StageEnd>,
): Promise<StageEnd> => {
  const { config, logs, untilCaughtUp, logger } = options
  const ended = new AbortController()
  const signal = AbortSignal.any([control.signal, ended.signal])
  let paused: string | undefined
  const told: Parameters<typeof watchPause>[0]['told'] = (now) => {
    paused = now === undefined ? undefined : pausedText(now)
    if (!untilCaughtUp) control.hold(paused)
  }
  try {
    await watchPause({ tenant: config.tenant, logs, what, signal, logger, told })
    if (untilCaughtUp && paused !== undefined)
      return {
        kind: 'refused',
        reason: `the projection is paused ${paused}. \`streamvane projections resume\` lets it go on`,
      }
    return await stage(options, control)
  } finally {
    ended.abort()
  }
}

export const projectorStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
  const { config, logs, untilCaughtUp, logger, now, tracing, meters, onProjected } = options
  const { signal, gate, activity } = control
  const open = () => logs.raw('reader')
  const raw = untilCaughtUp ? await open() : await whenThere(open, 'raw log', signal, logger)
  control.started()
  return withFacts(config, logger, (facts) =>
    runLiveProjector({
      tenant: config.tenant,
      profile: config.profile,
      logs,
      data: config.data,
      raw,
      facts,
      batchMax: config.projector.batchMax,
      acceptCheckpoint: config.projector.acceptCheckpoint,
      untilCaughtUp,
      signal,
      gate,
      activity,
      tracing,
      logger,
      now,
      meter: meters?.projector,
      ...(onProjected === undefined ? {} : { onProgress: onProjected }),
    }),
  )
}

export const pointsStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
  const { config, logs, logger, now, meters } = options
  const { signal, gate, activity } = control
  const raw = await whenThere(() => logs.raw('reader'), 'raw log', signal, logger)
  control.started()
  const { tenant, profile, data, projector, egress } = config
  return runLivePoints({
    ...{ tenant, profile, logs, data, raw, signal, gate, activity, logger, now, meter: meters?.points },
    batchMax: projector.batchMax,
    acceptCheckpoint: projector.acceptCheckpoint,
    membership: {
      ...membershipNamesOf(config),
      sessionTimeoutMs: projector.shards.sessionTimeoutMs,
      address: addressOf(egress.kafka, logger),
      replicationFactor: egress.kafka.replicationFactor,
    },
  })
}

export const mergeStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
  const { config, logs, logger, now, meters, onProjected } = options
  const { signal, gate, activity } = control
  const raw = await whenThere(() => logs.raw('reader'), 'raw log', signal, logger)
  control.started()
  const { tenant, profile, data, projector } = config
  return runLiveMerge({
    ...{ tenant, profile, logs, data, raw, signal, gate, activity, logger, now, untilCaughtUp: false },
    meter: meters?.merge,
    batchMax: projector.batchMax,
    acceptCheckpoint: projector.acceptCheckpoint,
    ...(onProjected === undefined ? {} : { onProgress: onProjected }),
  })
}

export const auditStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
  const { config, logs, only, untilCaughtUp, logger, now } = options
  const { tenant, data, audit } = config
  const key = signerKeyIn(audit, process.env)
  if (key === undefined)
    throw new ConfigError('audit.key: the stage audit needs a key that signs: streamvane audit keygen')
  if (!untilCaughtUp) await whenThere(() => logs.raw('reader'), 'raw log', control.signal, logger)
  control.started()
  return runAudit(
    {
      ...{ logs, tenant, data, key, accepted: acceptedKeysIn(audit, key), untilCaughtUp, now, logger },
      ...{ everyMs: audit.everyMs, everyEvents: audit.everyEvents, isAlone: only.length === 1 || untilCaughtUp },
    },
    control,
  )
}

export const feedStage = async (
  options: PipelineOptions,
  plan: PushedFeed,
  control: StageControl,
): Promise<StageEnd> => {
  const { config, logs, only, untilCaughtUp, logger, now } = options
  const { tenant, data, feeds } = config
  if (!untilCaughtUp) await whenThere(() => logs.control('reader'), 'control log', control.signal, logger)
  control.started()
  return runFeed(
    {
      ...{ tenant, plan, logs, data, receiver: receiverOf(plan.settings.push), now, logger, untilCaughtUp },
      ...{ everyMs: feeds.everyMs, retry: feeds.retry },
      isAlone: untilCaughtUp || (only.length === 1 && pushedFeeds(config).length === 1),
    },
    control,
  )
}

export const egressStage = async (
  options: PipelineOptions,
  each: EgressSink,
  control: StageControl,
): Promise<StageEnd> => {
  const { config, logs, sinks, untilCaughtUp, logger, now, tracing, onPublished } = options
  const { sink, use = 'other', filter, cadence } = each
  const { signal, gate, activity } = control
  try {
    if (signal.aborted) return { kind: 'stopped' }
    if (!untilCaughtUp) await whenThere(() => logs.control('reader'), 'control log', signal, logger)
    control.started()
    return await runEgress({
      tenant: config.tenant,
      logs,
      sink,
      filter,
      periods: cadence?.kind === 'every' ? wallPeriods(cadence.ms, now) : undefined,
      recordsPublications: true,
      batchMax: config.egress.batchMax,
      retry: config.egress.retry,
      acceptProgress: config.egress.acceptProgress,
      untilCaughtUp,
      signal,
      gate,
      activity,
      trace: tracing && (() => tracing.egress({ name: sink.name, use })),
      logger,
      now,
      onProgress: (written) => onPublished?.(egressName(each, sinks), written),
    })
  } finally {
    await sink.close()
  }
}

export const namesStage = async (
  options: PipelineOptions,
  sink: NamesSink,
  { signal, gate, activity, started }: StageControl,
): Promise<StageEnd> => {
  const { config, logs, untilCaughtUp, logger, now } = options
  try {
    const open = () => logs.raw('reader')
    const raw = untilCaughtUp ? await open() : await whenThere(open, 'raw log', signal, logger)
    started()
    return await runNames({
      ...{ tenant: config.tenant, raw, sink, untilCaughtUp, signal, gate, activity, logger, now },
      accepted: config.egress.acceptProgress,
      retry: config.egress.retry,
      onPublished: (changes) => {
        logger.debug({ changes }, `egress ${sink.name}: names published`)
      },
    })
  } finally {
    await sink.close()
  }
}
