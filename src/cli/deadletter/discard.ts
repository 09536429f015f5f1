import type { Command } from 'commander'
import { discardDeadLetters } from '../../app/operations/dead-letters/discard.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { BY, operatorOf, recorded, type OperatorFlags } from '../command/operator.js'
import { choiceDetails, filterOf, withChoice, type ChoiceFlags } from './choice.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  ChoiceFlags &
  Readonly<{ why: string; all?: boolean; dryRun?: boolean; json?: boolean }>

export const discardCommand = (): Command =>
  withChoice(
    command(
      'discard',
      'mark open dead letters as not needed; nothing is deleted, and one can still be retried by its id',
      [
        'streamvane deadletter discard 6f1c… --why "a test of the vendor"',
        'streamvane deadletter discard --reason not-an-envelope --to 2026-01-05 --why "the probe of the load balancer"',
      ],
    ),
  )
    .argument('[id...]', 'only these, by id or the beginning of it')
    .requiredOption('--why <text>', 'the reason, for the journal and for those who list them')
    .option(...BY)
    .option('--all', 'all that are open, if neither ids nor a reason, stage, topic or range is given')
    .option(...WAIT)
    .option('--dry-run', 'only say how many would be discarded')
    .option('--json', 'the outcome as JSON')
    .action(async (ids: string[], flags: Flags) => {
      const { why, dryRun = false, reason, stage, topic, from, to } = flags
      if (why.trim() === '') throw new UsageError('--why: say why they are not needed')
      const isChosen = ids.length > 0 || [reason, stage, topic, from, to].some((each) => each !== undefined)
      if (!isChosen && flags.all !== true)
        throw new UsageError('say which: ids, --reason, --stage, --topic, --from and --to, or --all')
      const config = await configOf(flags)
      const filter = filterOf(flags, ids)
      const operation = { operation: 'deadletter discard', details: choiceDetails(flags, ids) }
      await withContext(waiting('deadletter discard', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          const { by } = operatorOf(flags)
          const { logs } = context
          const outcome = await discardDeadLetters({
            ...{ logs, tenant: config.tenant, filter, by, why: why.trim(), dryRun, now: Date.now },
          })
          note({ summary: outcome })
          const { discarded, retried, byReason } = outcome
          if (flags.json === true) console.log(JSON.stringify(outcome))
          else {
            const reasons = Object.entries(byReason).map(([code, count]) => `${count} ${code}`)
            console.log(
              `${discarded} dead letters ${dryRun ? 'would be' : 'are'} discarded${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`,
            )
            if (retried > 0) console.error(`${retried} were retried before: the log holds them, and they stay so`)
          }
          return EXIT.ok
        }),
      )
    })
