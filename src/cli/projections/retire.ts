import { Argument, type Command } from 'commander'
import { planRetirement, retireGeneration } from '../../app/operations/generations/retire.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { confirm } from '../command/confirm.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { bytesText } from '../command/figures.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{ force?: boolean; dryRun?: boolean; yes?: boolean; json?: boolean }>

export const retireCommand = (): Command =>
  withOperator(
    command(
      'retire',
      'give up a generation that is not live, also one whose rebuild was cut short, and free its disk',
      [
        'streamvane projections retire g1 --dry-run',
        "streamvane projections retire g2 --why 'the profile was wrong' --yes",
      ],
    ),
  )
    .addArgument(new Argument('<generation>', 'its name'))
    .option('--force', 'also the generation that a rollback would need')
    .option(...WAIT)
    .option('--dry-run', 'only say how many bytes would be freed')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'one JSON object')
    .action(async (name: string, flags: Flags) => {
      const config = await configOf(flags)
      const { tenant, data } = config
      const operation = 'projections retire'
      await withContext(waiting(operation, flags), config, async (context) => {
        const options = { logs: context.logs, tenant, data, name, force: flags.force === true }
        const plan = await planRetirement(options)
        if (flags.dryRun === true) {
          if (flags.json === true) console.log(JSON.stringify({ ...plan, retired: false }))
          else console.log(`${bytesText(plan.bytes)} of ${name} would be freed`)
          return EXIT.ok
        }
        await confirm([`All rows of generation ${name} are deleted for ever (${bytesText(plan.bytes)}).`], flags.yes)
        return recorded(context, flags, { operation, details: { generation: name } }, async (note) => {
          const { bytes } = await retireGeneration({ ...options, told: operatorOf(flags), now: Date.now })
          note({ summary: { bytes } })
          if (flags.json === true) console.log(JSON.stringify({ ...plan, retired: true }))
          else console.log(`generation ${name} is retired; ${bytesText(bytes)} are free`)
          return EXIT.ok
        })
      })
    })
