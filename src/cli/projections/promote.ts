import { Argument, Option, type Command } from 'commander'
import { publishModes, type PublishMode } from '../../app/pipeline/generations.js'
import {
  planPromotion,
  promoteGeneration,
  rollbackTarget,
  type PromotionPlan,
} from '../../app/operations/generations/promotion.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { confirm } from '../command/confirm.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { printDifferences } from './differences-table.js'
import { warming } from './warming.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{ publish: PublishMode; dryRun?: boolean; yes?: boolean; json?: boolean }>

/** Options of the commands that make another generation live. */
export const withPublish = (of: Command): Command =>
  withOperator(of)
    .addOption(
      new Option(
        '--publish <what>',
        'publish all rows of the generation, or those that differ from what was published before',
      )
        .choices(publishModes)
        .default('differences'),
    )
    .option(...WAIT)
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'one JSON object')

export const promoteCommand = (): Command =>
  withPublish(
    command('promote', 'make a generation live as it was computed and compared; the stream goes on meanwhile', [
      'streamvane projections promote g2 --dry-run',
      "streamvane projections promote g2 --why 'service level by the new target' --yes",
      'streamvane projections promote g2 --publish all',
    ]),
  )
    .addArgument(new Argument('<generation>', 'its name'))
    .option('--dry-run', 'only say how many rows would be published')
    .action((name: string, flags: Flags) => switching('promote', flags, () => Promise.resolve(name)))

export const rollbackCommand = (): Command =>
  withPublish(
    command('rollback', 'make the generation live again that was live before', [
      'streamvane projections rollback --dry-run',
      "streamvane projections rollback --why 'the new target was wrong' --yes",
    ]),
  )
    .addArgument(new Argument('[generation]', 'its name (default: the one that was live before)'))
    .option('--dry-run', 'only say how many rows would be published')
    .action((name: string | undefined, flags: Flags) =>
      switching('rollback', flags, ({ config, logs }) => rollbackTarget({ logs, tenant: config.tenant }, name)),
    )

const switching = async (
  verb: 'promote' | 'rollback',
  flags: Flags,
  target: (context: Context) => Promise<string>,
): Promise<void> => {
  const config = await configOf(flags)
  const operation = `projections ${verb}`
  const patient = waiting(operation, flags)
  await withContext(patient, config, async (context) => {
    const { logs } = context
    const name = await target(context)
    const plan = await planPromotion({ logs, tenant: config.tenant }, name)
    const { publish } = flags
    if (flags.json !== true) tell(plan)
    if (flags.dryRun === true) {
      if (flags.json === true) console.log(JSON.stringify(jsonOf(plan, publish)))
      return EXIT.ok
    }
    await confirm([willHappen(plan, publish)], flags.yes)
    return recorded(context, flags, { operation, details: { generation: name, publish } }, async (note) => {
      const told = operatorOf(flags)
      const { promotion, from } = await warming(`catch up ${name}`, context, patient.waitSeconds, (options) =>
        promoteGeneration({ ...options, name, publish, told }),
      )
      note({ summary: { from: from ?? null, to: name, promotion } })
      if (flags.json === true) console.log(JSON.stringify({ ...jsonOf(plan, publish), promotion }))
      else console.log(`${name} is live now (promotion ${promotion}); a running egress publishes it`)
      return EXIT.ok
    })
  })
}

const jsonOf = ({ from, to, differences }: PromotionPlan, publish: PublishMode) => ({
  from: from ?? null,
  to: to.name,
  publish,
  differences,
})

const tell = ({ from, to, differences }: PromotionPlan): void => {
  console.log(`Rows of ${to.name} against those of ${from ?? 'none'}:`)
  printDifferences(differences)
}

const willHappen = ({ from, to }: PromotionPlan, publish: PublishMode): string =>
  `${to.name} becomes live in place of ${from ?? 'none'}: every egress publishes ${
    publish === 'all' ? `all rows of ${to.name}` : 'the rows that differ'
  } and withdraws those that ${to.name} does not have.`
