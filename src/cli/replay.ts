import { Option, type Command } from 'commander'
import { familyNames, type FamilyName } from '../domain/family.js'
import { replay } from '../app/operations/generations/replay.js'
import type { Sink } from '../egress/sink.js'
import { sinksOf } from '../app/pipeline/egress/sinks.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { rangeOf } from './command/option-values.js'
import { EXIT, UsageError } from './command/exit.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags & WaitFlags & Readonly<{ from: string; to: string; family?: FamilyName; dryRun?: boolean }>

export const replayCommand = (): Command =>
  command('replay', summaries.replay, [
    'streamvane replay --from 2026-01-05T08:00:00Z --to 2026-01-05T12:00:00Z --dry-run',
    'streamvane replay --from 2026-01-05 --to 2026-01-06 --family queue',
  ])
    .requiredOption('--from <instant>', 'intervals that start then or later')
    .requiredOption('--to <instant>', 'intervals that start before')
    .addOption(new Option('--family <name>', 'only this family').choices(familyNames))
    .option(...WAIT)
    .option('--dry-run', 'only say how many records would be published')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const { from, to } = rangeOf(flags)
      await withContext(waiting('replay', flags), config, async ({ logs, logger, signal }) => {
        const publish = async (sink?: Sink, published?: Sink): Promise<void> => {
          let bar: ReturnType<typeof progressBar> | undefined
          try {
            const count = await replay({
              tenant: config.tenant,
              logs,
              data: config.data,
              sink,
              published,
              family: flags.family,
              from,
              to,
              batchMax: config.egress.batchMax,
              signal,
              onProgress: (written, of) =>
                (bar ??= progressBar('replay', of)).update(written, `${written} of ${of} records`),
            })
            bar?.stop()
            console.log(
              `${count} records ${sink === undefined ? 'would be published' : `published to ${sink.name}`}, marked as replay`,
            )
          } finally {
            await sink?.close()
            await published?.close()
          }
        }
        if (flags.dryRun === true) await publish()
        else {
          const sinks = sinksOf(config, logger, 'replay')
          const running = sinksOf(config, logger)
          if (sinks.length === 0) throw new UsageError('egress.sink is none: there is nowhere to publish to')
          for (const [index, sink] of sinks.entries()) await publish(sink, running[index])
        }
        if (!signal.aborted) return EXIT.ok
        console.error('stopped before the end; run it again to publish all of the range')
        return EXIT.differences
      })
    })
