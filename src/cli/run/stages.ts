import { sinkSettings, type SinkSettings } from '../../app/config/sinks/egress-sinks.js'
import type { Config } from '../../app/config/schema.js'
import { keepSecrets, staleSecrets } from '../../app/config/secrets/keep-secrets.js'
import { sourceSettings } from '../../app/config/sources/sources-schema.js'
import { filterText } from '../../app/pipeline/egress/selection.js'
import { sinksOf, type EgressSink } from '../../app/pipeline/egress/sinks.js'
import { hasTroubles, healthOf, type HealthReport } from '../../app/pipeline/health.js'
import { sourcesOf } from '../../app/pipeline/ingress/sources.js'
import type { StageKind } from '../../app/pipeline/pipeline-options.js'
import type { StageEnd, StageHandle } from '../../app/pipeline/stage.js'
import { startPipeline } from '../../app/pipeline/supervisor.js'
import { kindOf } from '../../app/sinks/kinds.js'
import { sourceKindOf } from '../../app/sources/kinds.js'
import { meteredLogs } from '../../app/telemetry/metered-logs.js'
import { meteredSink } from '../../app/telemetry/metered-sink.js'
import { openMetrics, type OpenMetrics } from '../../app/telemetry/open-metrics.js'
import { certificatesOf, type Certificates } from '../../app/tls/certificates.js'
import type { MetricsPage } from '../../http/metrics.js'
import { httpSource } from '../../http/server.js'
import type { Source } from '../../ingress/source.js'
import { pause } from '../../log/backoff.js'
import { openTracing } from '../../telemetry/traces/open-tracing.js'
import type { Tracing } from '../../telemetry/traces/tracing.js'
import { logsOf, type Context } from '../command/context.js'
import { EXIT, isExpected, outcomeOf } from '../command/exit.js'
import { version } from '../version.js'
import { adminServer, feedServer, healthServer, metricsPage } from './servers.js'

/** The command's own flags. */
export type RunFlags = Readonly<{
  only?: string[]
  untilCaughtUp?: boolean
  host?: string
  port?: string
  clock?: string
  acceptProgress?: string[]
  takeOver?: boolean
  acceptCheckpoint?: string[]
  admin?: boolean
  console?: boolean
}>

/** Stages that run in this process, and what they work with. */
export type Run = Context & Readonly<{ flags: RunFlags; only: readonly StageKind[] }>

/** Runs the stages to their end, and closes what was opened for them. Resolves with the exit code. */
export const runStages = async (run: Run): Promise<number> => {
  const { config, flags, logger } = run
  const opened = new Opened()
  const progress = new Progress(run, opened.keep(certificatesOf(config, logger, Date.now)))
  tellEnds(run)
  const end = await stagesEnded(run, progress, opened).finally(() => opened.close())
  const { code, message } =
    flags.untilCaughtUp === true && end.kind === 'stopped' ? stoppedEarly(progress.done) : outcomeOf(end)
  if (code === 0) logger.info({ end: end.kind }, message)
  else
    logger.error(
      { end: end.kind, ...(end.kind === 'failed' && !isExpected(end.cause) ? { err: end.cause } : {}) },
      message,
    )
  return code
}

type Closable = Readonly<{ close: () => Promise<void> }>

/** What listens or ticks beside the stages: it would keep a process whose start fails from ending. */
class Opened {
  private readonly all: (Closable | undefined)[] = []

  keep<A extends Closable | undefined>(one: A): A {
    this.all.push(one)
    return one
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(async (each) => await each?.close()))
  }
}

/** How the stages are. */
class Progress {
  stages: readonly StageHandle[] = []
  /** How far each stage has come, for a run that is stopped before it has worked off everything. */
  readonly done = new Map<string, string>()
  readonly certificates: Certificates
  private readonly run: Run

  constructor(run: Run, certificates: Certificates) {
    this.run = run
    this.certificates = certificates
  }

  readonly health = (): HealthReport => ({
    ...healthOf(this.stages, this.run.logs.health(), Date.now(), this.certificates.states()),
    staleSecrets: staleSecrets(this.run.config),
  })
}

const takesEvents = ({ only, flags }: Run): boolean => only.includes('ingress') && flags.untilCaughtUp !== true
const publishes = ({ only }: Run): boolean => only.includes('egress')

/** Says where events come from and rows go to. */
const tellEnds = (run: Run): void => {
  const { config, logger } = run
  for (const settings of publishes(run) ? sinkSettings(config.egress) : [])
    logger.info(whatGoesWhere(settings, config), 'egress: rows go there')
  for (const source of takesEvents(run) ? sourceSettings(config.sources) : [])
    logger.info(
      { source: source.name, use: source.use, from: sourceKindOf(source.use).place(source) },
      'ingress: events come from there',
    )
}

/** Starts the stages and what is served beside them. Resolves when the stages have ended. */
const stagesEnded = async (run: Run, progress: Progress, opened: Opened): Promise<StageEnd> => {
  const { config, flags, only, logs, logger, signal } = run
  const { certificates, health } = progress
  const keeping = new AbortController()
  opened.keep({ close: async () => keeping.abort() })
  void keepSecrets(config, {
    isTroubled: () => hasTroubles(health()),
    ...{ logger, signal: AbortSignal.any([signal, keeping.signal]), pause },
  })
  const tracing = opened.keep(await tracingOf(config, only))
  const metrics = opened.keep(
    await openMetrics({
      ...{ config, logs, health, publishes: publishes(run), logger, version: version(), now: Date.now },
      stages: () => progress.stages,
      isDraining: () => signal.aborted,
      certificates: () => certificates.states(),
    }),
  )
  const page = metricsPage(config, metrics)
  const sources = sourcesIn(run, progress, tracing, page)
  await serve(run, progress, page, opened)
  const pipeline = startPipeline({
    config,
    logs: metrics === undefined ? logs : meteredLogs(logs, metrics.meters),
    only,
    untilCaughtUp: flags.untilCaughtUp === true,
    sources,
    sinks: publishes(run) ? metered(await sinksOf(config, logs, logger), metrics) : [],
    signal,
    logger,
    now: Date.now,
    tracing,
    meters: metrics?.stages,
    onState: (stage, state) => {
      logger.info({ stage, state: state.kind }, 'stage')
      metrics?.meters.add('fences', [stage], state.kind === 'ended' && state.end.kind === 'superseded' ? 1 : 0)
    },
    onProjected: ({ events, rows }) => {
      progress.done.set('projector', `${events} events folded, ${rows} rows appended`)
      logger.debug({ events, rows }, 'projector: rows appended')
    },
    onPublished: (stage, records) => {
      progress.done.set(stage, `${records} records published`)
      logger.debug({ stage, records }, 'egress: records published')
    },
  })
  progress.stages = pipeline.stages
  return pipeline.ended
}

/** HTTP, where it is on, and the sources of the configuration. */
const sourcesIn = (
  run: Run,
  { health, certificates }: Progress,
  tracing: Tracing | undefined,
  metrics: MetricsPage | undefined,
): readonly Source[] => {
  const { config, logs, logger } = run
  const { enabled, host, port, token, tokenHeader, bodyMaxBytes, batchMax } = config.ingress
  const http = httpSource({
    ...{ host, port, bodyMaxBytes, batchMax },
    ...(token === undefined ? {} : { token }),
    ...(tokenHeader === undefined ? {} : { tokenHeader }),
    certificate: takesEvents(run) && enabled ? certificates.of('ingress') : undefined,
    ...{ health, tracing, metrics, logger },
  })
  return [...(enabled ? [http] : []), ...(takesEvents(run) ? sourcesOf(config, logs, logger, Date.now) : [])]
}

/** Health, the admin API and feeds, as far as this process has them. */
const serve = async (
  { flags, config, only, logs, logger, signal }: Run,
  progress: Progress,
  metrics: MetricsPage | undefined,
  opened: Opened,
): Promise<void> => {
  const { health, certificates } = progress
  if (flags.untilCaughtUp !== true)
    opened.keep(await healthServer(config, only, { health, signal, logger, metrics, certificates }))
  opened.keep(
    await adminServer(
      flags,
      {
        ...{ config, logs, logger, now: Date.now, stages: () => progress.stages, metrics },
        logsApart: () => logsOf(config, 'admin', () => logger),
      },
      only,
      certificates,
    ),
  )
  opened.keep(await feedServer(flags, { config, logs, logger, now: Date.now }, only, certificates))
}

const metered = (sinks: readonly EgressSink[], metrics: OpenMetrics | undefined): readonly EgressSink[] =>
  metrics === undefined ? sinks : sinks.map((each) => ({ ...each, sink: meteredSink(each.sink, metrics.meters) }))

/** Traces of sampled events, where they are configured. */
const tracingOf = async (
  { tenant, telemetry: { traces, otlp, applicationInsights } }: Config,
  stages: readonly StageKind[],
): Promise<Tracing | undefined> => {
  if (traces === undefined) return undefined
  const headers = Object.fromEntries(Object.entries(otlp?.headers ?? {}).map(([name, value]) => [name, value.read()]))
  const to = {
    sampleRatio: traces.sampleRatio,
    otlp: otlp && { endpoint: otlp.endpoint, headers, timeoutMs: otlp.timeoutMs },
    applicationInsights: applicationInsights?.connectionString.read(),
  }
  return openTracing(to, { version: version(), tenant, stages })
}

const stoppedEarly = (done: ReadonlyMap<string, string>): ReturnType<typeof outcomeOf> => ({
  code: EXIT.differences,
  message: `stopped before everything was worked off (${
    [...done].map(([stage, text]) => `${stage}: ${text}`).join('; ') || 'nothing was done yet'
  }); run it again, it goes on from there`,
})

const whatGoesWhere = (settings: SinkSettings, config: Config): Readonly<Record<string, unknown>> => ({
  sink: settings.name,
  use: settings.use,
  to: kindOf(settings.use).place(settings, config),
  rows: filterText(settings.filter),
  ...(settings.cadence.kind === 'every' ? { everyMs: settings.cadence.ms } : {}),
})
