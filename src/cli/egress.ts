import * as E from 'fp-ts/lib/Either.js'
import { Argument, type Command } from 'commander'
import type { Json } from '../app/operations/journal/operation.js'
import { acceptProgress, type Accepted } from '../app/operations/accept-progress.js'
import { sinksOf } from '../app/pipeline/egress/sinks.js'
import { progressMismatchCodes, type ProgressMismatchCode } from '../egress/progress-mismatch.js'
import { failureText } from '../egress/sink.js'
import { command, commandGroup, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { BY, recorded, type OperatorFlags } from './command/operator.js'
import { summaries } from './command/summaries.js'
import { refusedCommand } from './egress-refused.js'

type Flags = CommonFlags &
  OperatorFlags &
  Readonly<{ why: string; sink?: string; dryRun?: boolean; takeOver?: boolean; json?: boolean }>

export const egressCommand = (): Command => {
  const group = commandGroup('egress', summaries.egress)
  group.addCommand(
    command(
      'accept',
      'accept, once, a progress at the destination that does not match; says what is then published. The egress must be stopped',
      [
        'streamvane egress accept topic-recreated --why "retention was set wrong, topic made again" --dry-run',
        'streamvane egress accept other-log --why "restored to a new host"',
      ],
    )
      .addArgument(new Argument('<mismatch...>', 'what the refusal names').choices(progressMismatchCodes))
      .requiredOption('--why <text>', 'the reason, for the journal (`streamvane audit log`)')
      .option(...BY)
      .option('--sink <name>', 'which sink, where there are several')
      .option('--dry-run', 'change nothing; only say what would be published')
      .option('--take-over', 'also where another instance is seen to publish under the same name; that one ends')
      .option('--json', 'one JSON object')
      .action(async (codes: ProgressMismatchCode[], flags: Flags) => {
        const { why, dryRun = false } = flags
        const config = await configOf(flags, {
          egress: { acceptProgress: codes, takeOver: flags.takeOver === true ? 'always' : undefined },
        })
        const operation = { operation: 'egress accept', details: { accepted: codes, sink: flags.sink } }
        await withContext('egress accept', config, (context) =>
          recorded(context, flags, operation, async (note) => {
            const { logs, logger, signal } = context
            const sinks = await sinksOf(config, logs, logger)
            const names = sinks.map(({ sink }) => sink.name)
            const named = sinks.filter(({ sink: { name } }) => name === (flags.sink ?? name))
            const [chosen] = named
            if (chosen === undefined || named.length > 1)
              throw new UsageError(names.length === 0 ? 'egress.sink is none' : `--sink: one of ${names.join(', ')}`)
            const { sink, filter } = chosen
            try {
              const { tenant } = config
              const accepted = await acceptProgress({ tenant, logs, sink, filter, codes, dryRun, signal })
              if (E.isLeft(accepted)) {
                console.error(`${sink.name}: ${failureText(accepted.left)}`)
                return accepted.left.tag === 'Refused' ? EXIT.refused : EXIT.failed
              }
              note({ summary: summaryOf(accepted.right) })
              if (!dryRun) logger.info({ ...accepted.right, accepted: codes, why }, 'egress: a progress was accepted')
              console.log(flags.json === true ? JSON.stringify(accepted.right) : sentenceOf(accepted.right, dryRun))
              return EXIT.ok
            } finally {
              await sink.close()
            }
          }),
        )
      }),
  )
  return group.addCommand(refusedCommand())
}

const summaryOf = ({ found, ...accepted }: Accepted): Json => ({
  ...accepted,
  found: found === undefined ? null : { generation: found.generation, revision: found.revision },
})

const sentenceOf = ({ sink, found, generation, revision, rows }: Accepted, dryRun: boolean): string => {
  const before = found === undefined ? 'no progress' : `revision ${found.revision} of ${found.generation}`
  const passed = revision === 0 ? 'all' : `those behind revision ${revision - 1}`
  return (
    `${sink}: the destination said ${before}. The egress ${dryRun ? 'would publish' : 'will publish'} ${rows} rows of ` +
    `${generation}: ${passed}. ${dryRun ? 'Nothing was changed' : 'Start it with `streamvane run`'}`
  )
}
