import type { Command } from 'commander'
import { deliverRange, manualDelivery } from '../../app/operations/feeds/deliver.js'
import { feedNamed } from '../../app/feeds/plans.js'
import { pushedLayout } from '../../app/feeds/deliveries/begin.js'
import { receiverOf } from '../../app/pipeline/feeds/receivers.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { rangeOf } from '../command/option-values.js'

type Flags = CommonFlags & OperatorFlags & Readonly<{ from?: string; to?: string; dryRun?: boolean; json?: boolean }>

export const deliverCommand = (): Command =>
  withOperator(
    command('deliver', 'deliver a range of a feed again, as one file under a number of its own', [
      'streamvane feeds deliver bpo-daily --from 2026-01-05T00:00+01:00 --to 2026-01-06T00:00+01:00 --why "lost by the BPO"',
      'streamvane feeds deliver wfm-intraday --from 2026-01-05 --to 2026-01-06 --dry-run',
    ]),
  )
    .argument('<feed>', 'a feed that is delivered somewhere')
    .requiredOption('--from <instant>', 'intervals that start then or later')
    .requiredOption('--to <instant>', 'intervals that start before')
    .option('--dry-run', 'say what would be delivered; sends and notes nothing')
    .option('--json', 'as JSON')
    .action(async (name: string, flags: Flags) => {
      const config = await configOf(flags)
      const plan = feedNamed(config, name)
      const { version } = pushedLayout(plan).settings
      const { from, to } = rangeOf(flags)
      if (from === undefined || to === undefined) throw new UsageError('say the range: --from and --to')
      await withContext('feeds deliver', config, (context) => {
        const { by, why } = operatorOf(flags)
        const { tenant, data } = config
        const options = { ...{ tenant, data, plan, from, to, by, why }, logs: context.logs }
        if (flags.dryRun === true) return dryRun(options, flags)
        const details = { feed: name, from: new Date(from).toISOString(), to: new Date(to).toISOString(), version }
        return recorded(context, flags, { operation: 'feeds deliver', details }, () => deliver(context, options, flags))
      })
    })

type Options = Parameters<typeof manualDelivery>[0]

const dryRun = async (options: Options, { json }: Flags): Promise<number> => {
  const { intervals, ranges, through, generation } = await manualDelivery(options)
  const records = intervals.reduce((sum, each) => sum + each.records.length, 0)
  const incomplete = intervals.filter(({ isComplete }) => !isComplete).length
  const [range] = ranges.map(({ start, end }) => ({
    from: new Date(start).toISOString(),
    to: new Date(end).toISOString(),
  }))
  if (json === true)
    console.log(JSON.stringify({ ...range, intervals: intervals.length, records, incomplete, generation, through }))
  else
    console.log(
      `${intervals.length} intervals from ${range?.from} to ${range?.to} would be delivered: ${records} records, ${incomplete} intervals incomplete`,
    )
  return EXIT.ok
}

const deliver = async ({ signal }: Context, options: Options, { json }: Flags): Promise<number> => {
  const { plan } = options
  const { push } = plan.settings
  if (push === undefined) return EXIT.usage
  const receiver = receiverOf(push)
  const attempt = await deliverRange({ ...options, receiver, now: Date.now, signal })
  const { number, file, records, sha256 } = attempt.began
  const said = { number, file, records, sha256, result: attempt.kind === 'lost' ? 'open' : attempt.result }
  if (json === true) console.log(JSON.stringify(said))
  if (attempt.kind === 'lost') {
    console.error(
      `delivery ${number} could not be sent: ${receiver.place}: ${attempt.why}. It stays open: \`streamvane run\`, or this command again, goes on with it`,
    )
    return EXIT.failed
  }
  if (json !== true) console.log(`delivery ${number}, ${file}: ${attempt.result} (${attempt.answer.status})`)
  if (attempt.result === 'accepted') return EXIT.ok
  console.error(attempt.answer.words ?? '')
  return EXIT.refused
}
