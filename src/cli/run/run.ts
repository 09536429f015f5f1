import type { Command } from 'commander'
import { assertRunnable } from '../../app/config/runnable.js'
import { assertPackages } from '../../app/plugins/package-problems.js'
import { sinkSettings, type SinkSettings } from '../../app/config/sinks/egress-sinks.js'
import type { Config } from '../../app/config/schema.js'
import { keepSecrets, staleSecrets } from '../../app/config/secrets/keep-secrets.js'
import { assertSecretsRead } from '../../app/config/secrets/read-secrets.js'
import { hasTroubles, healthOf, type HealthReport } from '../../app/pipeline/health.js'
import type { StageEnd, StageHandle } from '../../app/pipeline/stage.js'
import { allInOne, stageKinds, type StageKind } from '../../app/pipeline/pipeline-options.js'
import { startPipeline } from '../../app/pipeline/supervisor.js'
import { filterText } from '../../app/pipeline/egress/selection.js'
import { sourcesOf } from '../../app/pipeline/ingress/sources.js'
import { sourceKindOf } from '../../app/sources/kinds.js'
import { sourceSettings } from '../../app/config/sources/sources-schema.js'
import { sinksOf, type EgressSink } from '../../app/pipeline/egress/sinks.js'
import { kindOf } from '../../app/sinks/kinds.js'
import { checkpointMismatchCodes } from '../../app/pipeline/projector/checkpoint-check.js'
import { progressMismatchCodes } from '../../egress/progress-mismatch.js'
import { meteredLogs } from '../../app/telemetry/metered-logs.js'
import { meteredSink } from '../../app/telemetry/metered-sink.js'
import { openMetrics, type OpenMetrics } from '../../app/telemetry/open-metrics.js'
import { openTracing } from '../../telemetry/traces/open-tracing.js'
import type { Tracing } from '../../telemetry/traces/tracing.js'
import { certificatesOf } from '../../app/tls/certificates.js'
import { pause } from '../../log/backoff.js'
import { httpSource } from '../../http/server.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, logsOf, withContext } from '../command/context.js'
import { EXIT, isExpected, outcomeOf, UsageError } from '../command/exit.js'
import { summaries } from '../command/summaries.js'
import { version } from '../version.js'
import { adminServer, feedServer, healthServer, metricsPage } from './servers.js'

type Flags = CommonFlags &
  Readonly<{
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

export const runCommand = (): Command =>
  command('run', summaries.run, [
    'streamvane run',
    'KAFKA_BROKERS=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8081 streamvane run --config streamvane.yaml',
    'streamvane run --console',
    'streamvane run --until-caught-up',
    'streamvane run --only ingress &  streamvane run --only projector &  streamvane run --only egress',
    'streamvane run --only points --config one.yaml &  streamvane run --only points --config two.yaml &  streamvane run --only merge',
  ])
    .option(
      '--only <stage...>',
      `only these of ${stageKinds.join(', ')} (default: ${allInOne.join(', ')}, audit where audit.key is set, and feeds where feeds are delivered); the others may run in processes of their own`,
    )
    .option('--until-caught-up', 'work off what the log holds and end; takes nothing in, and the clock stands still')
    .option('--host <address>', 'address of the ingress (default: 127.0.0.1); any but loopback needs a token')
    .option('--port <n>', 'port of the ingress (default: 8080); 0 takes a free one')
    .option('--admin', 'serve the admin API where admin.host and admin.port say (default: 127.0.0.1, port 8089)')
    .option('--no-admin', 'serve no admin API')
    .option('--console', 'serve the console in the browser too, and print an address that signs in; implies --admin')
    .option('--clock <mode>', 'wall, event-time (simulations, backfills) or off (default: wall)')
    .option('--take-over', 'publish although another instance is seen to publish under the same name; that one ends')
    .option(
      '--accept-progress <code...>',
      `publish although the progress at the destination does not match: ${progressMismatchCodes.join(', ')}`,
    )
    .option(
      '--accept-checkpoint <code...>',
      `compute on although the checkpoint does not match the raw log: ${checkpointMismatchCodes.join(', ')}`,
    )
    .action(async (flags: Flags) => {
      const named = onlyOf(flags)
      if (flags.console === true && flags.admin === false)
        throw new UsageError('--console is part of the admin API: leave out --no-admin')
      const config = await configOf(flags, {
        ingress: { host: flags.host, port: flags.port === undefined ? undefined : Number(flags.port) },
        clock: { mode: flags.clock },
        egress: {
          acceptProgress: flags.acceptProgress,
          takeOver: flags.takeOver === true ? 'always' : undefined,
        },
        projector: { acceptCheckpoint: flags.acceptCheckpoint },
        admin: flags.console === true ? { console: { enabled: true } } : flags.admin === true ? {} : flags.admin,
      })
      const only: readonly StageKind[] = flags.only === undefined ? [...named, ...configuredStages(config)] : named
      assertRunnable(config, only)
      await assertPackages(config, only)
      await assertSecretsRead(config, { signal: new AbortController().signal, pause })
      await withContext('run', config, async ({ logs, logger, signal }) => {
        let stages: readonly StageHandle[] = []
        /** What listens or ticks beside the stages: it would keep a process whose start fails from ending. */
        const open: (Readonly<{ close: () => Promise<void> }> | undefined)[] = []
        const kept = <A extends (typeof open)[number]>(one: A): A => {
          open.push(one)
          return one
        }
        const certificates = kept(certificatesOf(config, logger, Date.now))
        /** How far each stage has come, for a run that is stopped before it has worked off everything. */
        const done = new Map<string, string>()
        const health = (): HealthReport => ({
          ...healthOf(stages, logs.health(), Date.now(), certificates.states()),
          staleSecrets: staleSecrets(config),
        })
        const publishes = only.includes('egress')
        for (const settings of publishes ? sinkSettings(config.egress) : [])
          logger.info(whatGoesWhere(settings, config), 'egress: rows go there')
        const { host, port, token, tokenHeader, bodyMaxBytes, batchMax } = config.ingress
        const takesEvents = only.includes('ingress') && flags.untilCaughtUp !== true
        const beside = takesEvents ? sourcesOf(config, logs, logger, Date.now) : []
        for (const source of takesEvents ? sourceSettings(config.sources) : [])
          logger.info(
            { source: source.name, use: source.use, from: sourceKindOf(source.use).place(source) },
            'ingress: events come from there',
          )
        const ended = async (): Promise<StageEnd> => {
          const keeping = new AbortController()
          kept({ close: async () => keeping.abort() })
          void keepSecrets(config, {
            isTroubled: () => hasTroubles(health()),
            ...{ logger, signal: AbortSignal.any([signal, keeping.signal]), pause },
          })
          const tracing = kept(await tracingOf(config, only))
          const metrics = kept(
            await openMetrics({
              ...{ config, logs, health, publishes, logger, version: version(), now: Date.now },
              stages: () => stages,
              isDraining: () => signal.aborted,
              certificates: () => certificates.states(),
            }),
          )
          const page = metricsPage(config, metrics)
          const http = httpSource({
            host,
            port,
            bodyMaxBytes,
            batchMax,
            ...(token === undefined ? {} : { token }),
            ...(tokenHeader === undefined ? {} : { tokenHeader }),
            certificate: takesEvents && config.ingress.enabled ? certificates.of('ingress') : undefined,
            health,
            tracing,
            metrics: page,
            logger,
          })
          if (flags.untilCaughtUp !== true)
            kept(await healthServer(config, only, { health, signal, logger, metrics: page, certificates }))
          kept(
            await adminServer(
              flags,
              {
                ...{ config, logs, logger, now: Date.now, stages: () => stages, metrics: page },
                logsApart: () => logsOf(config, 'admin', logger),
              },
              only,
              certificates,
            ),
          )
          kept(await feedServer(flags, { config, logs, logger, now: Date.now }, only, certificates))
          const pipeline = startPipeline({
            config,
            logs: metrics === undefined ? logs : meteredLogs(logs, metrics.meters),
            only,
            untilCaughtUp: flags.untilCaughtUp === true,
            sources: [...(config.ingress.enabled ? [http] : []), ...beside],
            sinks: publishes ? metered(await sinksOf(config, logs, logger), metrics) : [],
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
              done.set('projector', `${events} events folded, ${rows} rows appended`)
              logger.debug({ events, rows }, 'projector: rows appended')
            },
            onPublished: (stage, records) => {
              done.set(stage, `${records} records published`)
              logger.debug({ stage, records }, 'egress: records published')
            },
          })
          stages = pipeline.stages
          return pipeline.ended
        }
        const end = await ended().finally(() => Promise.all(open.map(async (each) => await each?.close())))
        const { code, message } =
          flags.untilCaughtUp === true && end.kind === 'stopped' ? stoppedEarly(done) : outcomeOf(end)
        if (code === 0) logger.info({ end: end.kind }, message)
        else
          logger.error(
            { end: end.kind, ...(end.kind === 'failed' && !isExpected(end.cause) ? { err: end.cause } : {}) },
            message,
          )
        return code
      })
    })

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

/** The stages that run beside those of `allInOne` because the configuration asks for them. */
const configuredStages = (config: Config): readonly StageKind[] => [
  ...(config.audit.key === undefined ? [] : (['audit'] as const)),
  ...(config.feeds.server !== undefined || config.feeds.list.some(({ push }) => push !== undefined)
    ? (['feeds'] as const)
    : []),
]

const stoppedEarly = (done: ReadonlyMap<string, string>): ReturnType<typeof outcomeOf> => ({
  code: EXIT.differences,
  message: `stopped before everything was worked off (${
    [...done].map(([stage, text]) => `${stage}: ${text}`).join('; ') || 'nothing was done yet'
  }); run it again, it goes on from there`,
})

const onlyOf = ({ only, untilCaughtUp }: Flags): readonly StageKind[] => {
  const named = (only ?? allInOne).flatMap((names) => names.split(','))
  const unknown = named.find((name) => !stageKinds.includes(name as StageKind))
  if (unknown !== undefined)
    throw new UsageError(`--only ${unknown}: there is no such stage; there are ${stageKinds.join(', ')}`)
  if (untilCaughtUp === true && only !== undefined && named.includes('ingress'))
    throw new UsageError('--until-caught-up takes nothing in; leave ingress out of --only')
  if (untilCaughtUp === true && named.some((name) => name === 'points' || name === 'merge'))
    throw new UsageError('--until-caught-up: points and merge follow the log; the stage projector works it off')
  return named as StageKind[]
}

const whatGoesWhere = (settings: SinkSettings, config: Config): Readonly<Record<string, unknown>> => ({
  sink: settings.name,
  use: settings.use,
  to: kindOf(settings.use).place(settings, config),
  rows: filterText(settings.filter),
  ...(settings.cadence.kind === 'every' ? { everyMs: settings.cadence.ms } : {}),
})
