import type { Command } from 'commander'
import { retryDeadLetters } from '../../app/operations/dead-letters/retry.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { rawWriter } from '../command/raw-writer.js'
import { choiceDetails, filterOf, withChoice, type ChoiceFlags } from './choice.js'
import { TAKEN_IN } from './list.js'

type Flags = CommonFlags & WaitFlags & OperatorFlags & ChoiceFlags & Readonly<{ dryRun?: boolean; json?: boolean }>

export const retryCommand = (): Command =>
  withOperator(
    withChoice(
      command(
        'retry',
        'take open dead letters of the ingress in again, after something was mended that lets them be used',
        [
          'streamvane deadletter retry --dry-run',
          'streamvane deadletter retry --reason unknown-topic --why "version 0.3 knows the topic"',
          'streamvane deadletter retry 6f1c… 77ab…',
        ],
      ),
    ),
  )
    .alias('replay')
    .argument('[id...]', 'only these, by id or the beginning of it; discarded ones too (default: all that are open)')
    .option(...WAIT)
    .option('--dry-run', 'only say how many could be used')
    .option('--json', 'the outcome as JSON')
    .action(async (ids: string[], flags: Flags) => {
      const config = await configOf(flags)
      const filter = filterOf(flags, ids)
      const operation = { operation: 'deadletter retry', details: choiceDetails(flags, ids) }
      await withContext(waiting('deadletter retry', flags), config, (context) =>
        recorded(context, flags, operation, async (note) => {
          const { logs, signal } = context
          const log = flags.dryRun === true ? undefined : await rawWriter(context)
          const { tenant } = config
          const outcome = await retryDeadLetters({
            ...{ logs, tenant, log, filter, ...operatorOf(flags), now: Date.now, signal },
          })
          const { usable, stored, duplicate, deadLettered, late, notRetriable } = outcome
          const summary = { usable, stored, duplicate, deadLettered, late, notRetriable }
          note({ summary })
          if (flags.json === true) {
            console.log(JSON.stringify(summary))
            return EXIT.ok
          }
          if (late > 0) {
            const refused = `${late} events behind the late horizon are not retried: the raw log holds them, and ${TAKEN_IN}`
            if (usable + deadLettered === 0) throw new UsageError(refused)
            console.error(refused)
          }
          if (notRetriable > 0)
            console.error(
              `${notRetriable} dead letters cannot be retried by their reason; streamvane deadletter show <id> says what to do`,
            )
          console.log(
            `${usable} can be used now, ${deadLettered} still cannot${log === undefined ? '' : `; ${stored} stored, ${duplicate} were stored before`}`,
          )
          return EXIT.ok
        }),
      )
    })
