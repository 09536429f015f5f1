import type { Command } from 'commander'
import { sinkKind, type Config } from '../app/config/schema.js'
import { run, stages, type Stage, type StageState } from '../app/pipeline/supervisor.js'
import { progressMismatchCodes } from '../egress/progress-mismatch.js'
import { filesFolderOf, sinkOf } from '../app/pipeline/sinks.js'
import { httpSource } from '../http/server.js'
import { command, configOf, withContext, type CommonFlags } from './common.js'
import { isExpected, outcomeOf, UsageError } from './exit.js'

type Flags = CommonFlags &
  Readonly<{
    only?: string[]
    untilCaughtUp?: boolean
    host?: string
    port?: string
    clock?: string
    acceptProgress?: string[]
  }>

export const runCommand = (): Command =>
  command('run', 'take events in, compute rows and publish them, until told to stop (SIGTERM, Ctrl-C)', [
    'streamvane run',
    'KAFKA_BROKERS=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8081 streamvane run --config streamvane.yaml',
    'streamvane run --until-caught-up',
    'streamvane run --only ingress &  streamvane run --only projector &  streamvane run --only egress',
  ])
    .option('--only <stage...>', `only these of ${stages.join(', ')}; the others may run in processes of their own`)
    .option('--until-caught-up', 'work off what the log holds and end; takes nothing in, and the clock stands still')
    .option('--host <address>', 'address of the ingress (default: 127.0.0.1); any but loopback needs a token')
    .option('--port <n>', 'port of the ingress (default: 8080); 0 takes a free one')
    .option('--clock <mode>', 'wall, event-time (simulations, backfills) or off (default: wall)')
    .option(
      '--accept-progress <code...>',
      `publish although the progress at the destination does not match: ${progressMismatchCodes.join(', ')}`,
    )
    .action(async (flags: Flags) => {
      const only = onlyOf(flags)
      const config = configOf(flags, {
        ingress: { host: flags.host, port: flags.port === undefined ? undefined : Number(flags.port) },
        clock: { mode: flags.clock },
        egress: { acceptProgress: flags.acceptProgress },
      })
      await withContext('run', config, async ({ logs, logger, signal }) => {
        const states: Partial<Record<Stage, StageState>> = {}
        const sink = only.includes('egress') ? sinkOf(config, logger) : undefined
        if (only.includes('egress'))
          logger.info(
            { sink: sinkKind(config), to: sink === undefined ? undefined : destinationOf(config) },
            'egress: rows go there',
          )
        const { host, port, token, bodyMaxBytes, batchMax } = config.ingress
        const ingress = httpSource({
          host,
          port,
          bodyMaxBytes,
          batchMax,
          ...(token === undefined ? {} : { token }),
          health: () => {
            const health = logs.health()
            return {
              ready: health.kind === 'well' && Object.values(states).every((state) => state.kind === 'running'),
              stages: states,
              log: health,
            }
          },
          logger,
        })
        const end = await run({
          config,
          logs,
          only,
          untilCaughtUp: flags.untilCaughtUp === true,
          ingress,
          sink,
          signal,
          logger,
          now: Date.now,
          onState: (stage, state) => {
            states[stage] = state
            logger.info({ stage, state: state.kind }, 'stage')
          },
          onProjected: ({ events, rows }) => logger.debug({ events, rows }, 'projector: rows appended'),
          onPublished: (records) => logger.debug({ records }, 'egress: records published'),
        })
        const { code, message } = outcomeOf(end)
        if (code === 0) logger.info({ end: end.kind }, message)
        else
          logger.error(
            { end: end.kind, ...(end.kind === 'failed' && !isExpected(end.cause) ? { err: end.cause } : {}) },
            message,
          )
        return code
      })
    })

const onlyOf = ({ only, untilCaughtUp }: Flags): readonly Stage[] => {
  const named = (only ?? stages).flatMap((names) => names.split(','))
  const unknown = named.find((name) => !stages.includes(name as Stage))
  if (unknown !== undefined)
    throw new UsageError(`--only ${unknown}: there is no such stage; there are ${stages.join(', ')}`)
  if (untilCaughtUp === true && only !== undefined && named.includes('ingress'))
    throw new UsageError('--until-caught-up takes nothing in; leave ingress out of --only')
  return named as Stage[]
}

const destinationOf = (config: Config): unknown =>
  sinkKind(config) === 'kafka'
    ? { brokers: config.egress.kafka.brokers, format: config.egress.kafka.format }
    : filesFolderOf(config)
