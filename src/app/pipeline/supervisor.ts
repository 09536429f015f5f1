import type { Logger } from 'pino'
import type { Source } from '../../ingress/source.js'
import { acceptedKeysIn, signerKeyIn } from '../config/audit-keys.js'
import { ConfigError, type Config } from '../config/schema.js'
import { aborted } from './aborted.js'
import { runAudit } from './audit/audit-stage.js'
import { runEgress } from './egress/egress.js'
import { pushedFeeds, type PushedFeed } from '../feeds/plans.js'
import { runFeed } from './feeds/feed-stage.js'
import { receiverOf } from './feeds/receivers.js'
import { machineTiming } from '../../genesys/timing.js'
import { fillsGaps } from '../config/sources/genesys-schema.js'
import { runSync } from './genesys/sync-stage.js'
import { closeRetired } from './retired-parts.js'
import { pausedText, watchPause } from './projection-pause.js'
import { runIngress } from './ingress/ingress-stage.js'
import type { HeldClock } from './ingress/wall-clock.js'
import { whenThere, type Logs } from './logs/logs.js'
import { withFacts } from './facts/open-feed.js'
import { runLiveProjector } from './projector/projector-stage.js'
import { wallPeriods } from './egress/periods.js'
import { addressOf } from '../sinks/open-kafka.js'
import type { EgressSink } from './egress/sinks.js'
import { runLiveMerge, runLivePoints } from './shards/shard-stages.js'
import { startStage, type StageControl, type StageEnd, type StageHandle, type StageState } from './stage.js'

export type StageKind = 'ingress' | 'projector' | 'egress' | 'points' | 'merge' | 'audit' | 'feeds'
/** The stages of one process that does everything. */
export const allInOne: readonly StageKind[] = ['ingress', 'projector', 'egress']
/**
 * `points` and `merge` do together what `projector` does alone. `audit` runs beside the others where `audit.key` says
 * what to sign with, and `feeds`, a stage for each, where feeds are delivered.
 */
export const stageKinds: readonly StageKind[] = [...allInOne, 'points', 'merge', 'audit', 'feeds']

export type PipelineOptions = Readonly<{
  config: Config
  logs: Logs
  only: readonly StageKind[]
  /** Work off what the log holds, without ingress or clock, and end. */
  untilCaughtUp: boolean
  /** Where raw events come from. */
  sources: readonly Source[]
  /** Where rows go; none: nothing is published. Their names differ. */
  sinks: readonly EgressSink[]
  signal: AbortSignal
  logger: Logger
  now: () => number
  onState?: (stage: string, state: StageState) => void
  /** The wall clock cannot tick, or ticks again (`undefined`). Told at every look at the time. */
  onClock?: (held: HeldClock | undefined) => void
  onProjected?: (progress: Readonly<{ events: number; rows: number }>) => void
  onPublished?: (stage: string, records: number) => void
}>

/**
 * The stages of this process, and how the pipeline as a whole ends: with the first end of a stage that is neither
 * `stopped` nor `caught-up`; else with `caught-up` if all stages did, or with `stopped`.
 */
export type Pipeline = Readonly<{ stages: readonly StageHandle[]; ended: Promise<StageEnd> }>

/**
 * Starts the stages. They run until the signal aborts (then each finishes what it has begun) or a stage ends for a
 * reason of its own, which stops the others. An egress that ends so stops them only if no other egress is left: a
 * destination that is refused or taken over does not hold up the rest.
 */
export const startPipeline = (options: PipelineOptions): Pipeline => {
  const { only, untilCaughtUp, signal, sinks, logger, onState } = options
  const failing = new AbortController()
  const all = AbortSignal.any([signal, failing.signal])
  let first: StageEnd | undefined
  const publishing = new Set<string>()

  const onEnd = (name: string, end: StageEnd): void => {
    publishing.delete(name)
    if (end.kind === 'stopped' || end.kind === 'caught-up') return
    first ??= end
    if (publishing.size > 0 && isEgress(name)) logger.error({ stage: name, end }, 'an egress ended, the others go on')
    else failing.abort()
  }
  const start = (name: string, work: (control: StageControl) => Promise<StageEnd>): StageHandle =>
    startStage({
      name,
      signal: all,
      now: options.now,
      work,
      onState: (state) => {
        onState?.(name, state)
        if (state.kind === 'ended') onEnd(name, state.end)
      },
    })

  // The ingress opens the raw log for writing before the projector opens it for reading. If it cannot, nothing begins.
  const opened = only.includes('ingress') && !untilCaughtUp ? options.logs.raw('writer') : undefined
  const isOpened = opened?.then(
    () => true,
    () => false,
  )
  if (!untilCaughtUp) void closeRetired(options.logs, options.config.tenant, all, logger)
  const stages: StageHandle[] = []
  if (opened !== undefined)
    stages.push(start('ingress', async (control) => ingressStage(options, await opened, control)))
  const sync = options.config.genesys?.sync.every
  if (opened !== undefined && sync !== undefined)
    stages.push(
      start('genesys.sync', async (control) =>
        (await isOpened) === false ? { kind: 'stopped' } : syncStage(options, await opened, sync, control),
      ),
    )
  const gaps = fillsGaps(options.config.sources)
  if (opened !== undefined && gaps !== undefined)
    stages.push(
      start('genesys-gaps', async (control) =>
        (await isOpened) === false ? { kind: 'stopped' } : gapsStage(options, await opened, gaps, control),
      ),
    )
  const reconciled = options.config.genesys?.reconcile.days ?? []
  if (opened !== undefined && reconciled.length > 0)
    stages.push(
      start('genesys.reconcile', async (control) =>
        (await isOpened) === false ? { kind: 'stopped' } : reconcileStage(options, reconciled, control),
      ),
    )
  if (only.includes('projector'))
    stages.push(
      start('projector', async (control) =>
        (await isOpened) === false ? { kind: 'stopped' } : unlessPaused(options, control, 'projector', projectorStage),
      ),
    )
  if (only.includes('points'))
    stages.push(start('points', (control) => unlessPaused(options, control, 'points', pointsStage)))
  if (only.includes('merge'))
    stages.push(start('merge', (control) => unlessPaused(options, control, 'merge', mergeStage)))
  const projected = untilCaughtUp ? stages.find(({ name }) => name === 'projector')?.ended : undefined
  if (only.includes('egress')) {
    for (const each of sinks) publishing.add(egressName(each, sinks))
    for (const each of sinks)
      stages.push(
        start(egressName(each, sinks), async (control) => {
          if ((await isOpened) === false) return { kind: 'stopped' }
          await projected // an egress that works off is done when it has published what the projector wrote
          return egressStage(options, each, control)
        }),
      )
  }
  if (only.includes('audit'))
    stages.push(
      start('audit', async (control) => {
        if ((await isOpened) === false) return { kind: 'stopped' }
        await projected
        return auditStage(options, control)
      }),
    )
  if (only.includes('feeds'))
    for (const plan of pushedFeeds(options.config))
      stages.push(
        start(`feed.${plan.settings.name}`, async (control) => {
          if ((await isOpened) === false) return { kind: 'stopped' }
          await projected
          return feedStage(options, plan, control)
        }),
      )
  // Who only serves feeds runs until it is stopped.
  if (only.includes('feeds') && !untilCaughtUp && pushedFeeds(options.config).length === 0)
    stages.push(
      start('feeds', async ({ started, signal: stopping }) => {
        started()
        await aborted(stopping)
        return { kind: 'stopped' }
      }),
    )
  const ended = Promise.all(stages.map((stage) => stage.ended)).then((ends): StageEnd => {
    const isCaughtUp = untilCaughtUp && ends.every(({ kind }) => kind === 'caught-up')
    return first ?? { kind: isCaughtUp ? 'caught-up' : 'stopped' }
  })
  return { stages, ended }
}

/** `egress`; with several sinks each stage bears the name of its own, for example `egress.kafka`. */
const egressName = ({ sink }: EgressSink, sinks: readonly EgressSink[]): string =>
  sinks.length === 1 ? 'egress' : `egress.${sink.name}`
const isEgress = (stage: string): boolean => stage.startsWith('egress')

const ingressStage = (
  { config, sources, now, logger, onClock }: PipelineOptions,
  raw: Awaited<ReturnType<Logs['raw']>>,
  control: StageControl,
): Promise<StageEnd> =>
  runIngress(
    {
      ...{ raw, tenant: config.tenant, clock: config.clock, sources, now, logger },
      ...(onClock === undefined ? {} : { onClock }),
    },
    control,
  )

/** Beside the ingress, whose process writes the raw log. */
const syncStage = async (
  { config, logs, logger, now }: PipelineOptions,
  raw: Awaited<ReturnType<Logs['raw']>>,
  everyMs: number,
  control: StageControl,
): Promise<StageEnd> => {
  // Loaded here, because the client takes long to load and most processes need none.
  const { genesysSettings } = await import('../operations/genesys/genesys-settings.js')
  const { genesysClientOf } = await import('../operations/genesys/open-client.js')
  const settings = genesysSettings(config)
  const client = genesysClientOf(settings)
  const { organisationSettings } = settings
  try {
    const { tenant } = config
    return await runSync({ tenant, raw, logs, client, organisationSettings, everyMs, logger, now }, control)
  } finally {
    await client.close()
  }
}

const gapsStage = async (
  { config, logs, logger, now }: PipelineOptions,
  raw: Awaited<ReturnType<Logs['raw']>>,
  marginMs: number,
  control: StageControl,
): Promise<StageEnd> => {
  const { genesysSettings } = await import('../operations/genesys/genesys-settings.js')
  const { genesysClientOf } = await import('../operations/genesys/open-client.js')
  const { runGaps } = await import('./genesys/gaps-stage.js')
  const client = genesysClientOf(genesysSettings(config))
  try {
    const timing = { ...machineTiming, now }
    return await runGaps({ tenant: config.tenant, raw, logs, client, marginMs, logger, timing }, control)
  } finally {
    await client.close()
  }
}

const reconcileStage = async (
  { config, logs, logger, now }: PipelineOptions,
  days: readonly number[],
  control: StageControl,
): Promise<StageEnd> => {
  const { genesysSettings } = await import('../operations/genesys/genesys-settings.js')
  const { genesysClientOf } = await import('../operations/genesys/open-client.js')
  const { runReconcile } = await import('./genesys/reconcile-stage.js')
  const client = genesysClientOf(genesysSettings(config))
  try {
    const { tenant, data } = config
    return await runReconcile({ tenant, data, logs, client, days, logger, timing: { ...machineTiming, now } }, control)
  } finally {
    await client.close()
  }
}

/**
 * Runs a stage of the projection, and holds it while the log says that the projection is paused. Working off is a command
 * that somebody waits for: it is refused then.
 */
const unlessPaused = async (
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

const projectorStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
  const { config, logs, untilCaughtUp, logger, now, onProjected } = options
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
      logger,
      now,
      ...(onProjected === undefined ? {} : { onProgress: onProjected }),
    }),
  )
}

const pointsStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
  const { config, logs, logger, now } = options
  const { signal, gate, activity } = control
  const raw = await whenThere(() => logs.raw('reader'), 'raw log', signal, logger)
  control.started()
  const { tenant, profile, data, projector, egress } = config
  const { controlTopic = `streamvane.${tenant}.buckets`, group = controlTopic, sessionTimeoutMs } = projector.shards
  return runLivePoints({
    ...{ tenant, profile, logs, data, raw, signal, gate, activity, logger, now },
    batchMax: projector.batchMax,
    acceptCheckpoint: projector.acceptCheckpoint,
    membership: {
      ...{ controlTopic, group, sessionTimeoutMs },
      address: addressOf(egress.kafka, logger),
      replicationFactor: egress.kafka.replicationFactor,
    },
  })
}

const mergeStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
  const { config, logs, logger, now, onProjected } = options
  const { signal, gate, activity } = control
  const raw = await whenThere(() => logs.raw('reader'), 'raw log', signal, logger)
  control.started()
  const { tenant, profile, data, projector } = config
  return runLiveMerge({
    ...{ tenant, profile, logs, data, raw, signal, gate, activity, logger, now, untilCaughtUp: false },
    batchMax: projector.batchMax,
    acceptCheckpoint: projector.acceptCheckpoint,
    ...(onProjected === undefined ? {} : { onProgress: onProjected }),
  })
}

const auditStage = async (options: PipelineOptions, control: StageControl): Promise<StageEnd> => {
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

const feedStage = async (options: PipelineOptions, plan: PushedFeed, control: StageControl): Promise<StageEnd> => {
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

const egressStage = async (options: PipelineOptions, each: EgressSink, control: StageControl): Promise<StageEnd> => {
  const { config, logs, sinks, untilCaughtUp, logger, now, onPublished } = options
  const { sink, filter, cadence } = each
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
      logger,
      now,
      onProgress: (written) => onPublished?.(egressName(each, sinks), written),
    })
  } finally {
    await sink.close()
  }
}
