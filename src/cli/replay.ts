import { Option, type Command } from 'commander'
import type { Logger } from 'pino'
import { REPLAY, sinkSettings, type SinkSettings } from '../app/config/egress-sinks.js'
import type { Config } from '../app/config/schema.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { replay } from '../app/operations/generations/replay.js'
import type { Logs } from '../app/pipeline/logs/logs.js'
import { sinkOf } from '../app/pipeline/egress/sinks.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { rangeOf } from './command/option-values.js'
import { EXIT, exitCodeOf, isExpected, UsageError } from './command/exit.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  WaitFlags &
  Readonly<{ from: string; to: string; family?: FamilyName; sink?: readonly string[]; dryRun?: boolean }>

export const replayCommand = (): Command =>
  command('replay', summaries.replay, [
    'streamvane replay --from 2026-01-05T08:00:00Z --to 2026-01-05T12:00:00Z --dry-run',
    'streamvane replay --from 2026-01-05 --to 2026-01-06 --family queue',
    'streamvane replay --from 2026-01-05 --to 2026-01-06 --sink warehouse',
  ])
    .requiredOption('--from <instant>', 'intervals that start then or later')
    .requiredOption('--to <instant>', 'intervals that start before')
    .addOption(new Option('--family <name>', 'only this family').choices(familyNames))
    .option('--sink <name...>', 'only to these sinks (default: all); each gets what its filter lets pass')
    .option(...WAIT)
    .option('--dry-run', 'only say how many records would be published')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const sinks = chosen(sinkSettings(config.egress), flags.sink)
      const { from, to } = rangeOf(flags)
      const { family, dryRun = false } = flags
      await withContext(waiting('replay', flags), config, async ({ logs, logger, signal }) => {
        let code: number = EXIT.ok
        for (const settings of sinks) {
          const range = { family, from, to, dryRun, signal }
          try {
            await replayTo(settings, range, config, logs, logger)
          } catch (cause) {
            // A destination that is away does not keep the others from their rows.
            if (settings === sinks.at(-1) || !isExpected(cause)) throw cause
            console.error(cause.message)
            code = exitCodeOf(cause)
          }
        }
        if (!signal.aborted) return code
        console.error('stopped before the end; run it again to publish all of the range')
        return EXIT.differences
      })
    })

/** The sinks with these names, all if none is named. */
const chosen = (sinks: readonly SinkSettings[], names: readonly string[] | undefined): readonly SinkSettings[] => {
  if (sinks.length === 0) throw new UsageError('egress.sink is none: there is nowhere to publish to')
  const unknown = names?.find((name) => !sinks.some((sink) => sink.name === name))
  if (unknown !== undefined)
    throw new UsageError(
      `--sink ${unknown}: there is no such sink; there are ${sinks.map(({ name }) => name).join(', ')}`,
    )
  return names === undefined ? sinks : sinks.filter(({ name }) => names.includes(name))
}

type Range = Readonly<{
  family: FamilyName | undefined
  from: number | undefined
  to: number | undefined
  dryRun: boolean
  signal: AbortSignal
}>

const replayTo = async (
  settings: SinkSettings,
  { dryRun, ...range }: Range,
  config: Config,
  logs: Logs,
  logger: Logger,
): Promise<void> => {
  const sink = dryRun ? undefined : sinkOf(settings, config, logger, REPLAY)
  const published = dryRun ? undefined : sinkOf(settings, config, logger)
  let bar: ReturnType<typeof progressBar> | undefined
  try {
    const count = await replay({
      ...range,
      tenant: config.tenant,
      logs,
      data: config.data,
      sink,
      published,
      filter: settings.filter,
      batchMax: config.egress.batchMax,
      onProgress: (written, of) => (bar ??= progressBar('replay', of)).update(written, `${written} of ${of} records`),
    })
    console.log(`${count} records ${dryRun ? 'would be published' : 'published'} to ${settings.name}, marked as replay`)
  } finally {
    bar?.stop()
    await sink?.close()
    await published?.close()
  }
}
