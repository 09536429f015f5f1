import type { Command } from 'commander'
import { assertRunnable } from '../../app/config/runnable.js'
import type { Config } from '../../app/config/schema.js'
import { assertSecretsRead } from '../../app/config/secrets/read-secrets.js'
import { allInOne, stageKinds, type StageKind } from '../../app/pipeline/pipeline-options.js'
import { checkpointMismatchCodes } from '../../app/pipeline/projector/checkpoint-check.js'
import { assertPackages } from '../../app/plugins/package-problems.js'
import { progressMismatchCodes } from '../../egress/progress-mismatch.js'
import { pause } from '../../log/backoff.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { UsageError } from '../command/exit.js'
import { summaries } from '../command/summaries.js'
import { runStages, type RunFlags } from './stages.js'

type Flags = CommonFlags & RunFlags

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
      await withContext('run', config, (context) => runStages({ ...context, flags, only }))
    })

/** The stages that run beside those of `allInOne` because the configuration asks for them. */
const configuredStages = (config: Config): readonly StageKind[] => [
  ...(config.audit.key === undefined ? [] : (['audit'] as const)),
  ...(config.feeds.server !== undefined || config.feeds.list.some(({ push }) => push !== undefined)
    ? (['feeds'] as const)
    : []),
]

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
