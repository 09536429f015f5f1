import { Option, type Command } from 'commander'
import { chosenGeneration, computedGenerations } from '../../app/operations/computed.js'
import { derivedKinds, throwAwayDerived, type DerivedKind } from '../../app/operations/generations/derived-state.js'
import { rebuild } from '../../app/operations/generations/rebuild.js'
import type { PublishMode } from '../../app/pipeline/generations.js'
import { command, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { confirm } from '../command/confirm.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { bytesText } from '../command/figures.js'
import { operatorOf, recorded, type OperatorFlags } from '../command/operator.js'
import { withPublish } from './promote.js'
import { warming } from './warming.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{ derived?: DerivedKind[]; publish: PublishMode; dryRun?: boolean; yes?: boolean; json?: boolean }>

export const resetCommand = (): Command =>
  withPublish(
    command(
      'reset',
      'compute the live projection anew from the first event, by its own profile, and promote it when it has caught up; or throw away what is kept beside the log',
      [
        'streamvane projections reset --dry-run',
        "streamvane projections reset --why 'a decoder was mended' --yes",
        'streamvane projections reset --derived snapshots row-index facts --dry-run',
      ],
    ),
  )
    .addOption(
      new Option(
        '--derived <what...>',
        'throw away only this of the live generation; the next start makes it again, and no row changes',
      ).choices(derivedKinds),
    )
    .option('--dry-run', 'only say what would be done')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const patient = waiting('projections reset', flags)
      await withContext(patient, config, (context) =>
        flags.derived === undefined
          ? anew(context, flags, patient.waitSeconds)
          : derived(context, flags, flags.derived),
      )
    })

const anew = async (context: Context, flags: Flags, waitSeconds: number): Promise<number> => {
  const { config, logs } = context
  const live = chosenGeneration(await computedGenerations(logs, config.tenant), undefined, config.tenant)
  const will = `All of the raw log is computed anew by ${live.profile.id} v${live.profile.version}, the profile of ${live.name}, as a new generation. When it has caught up it becomes live, and every egress publishes ${flags.publish === 'all' ? 'all of its rows' : 'the rows that differ'}. ${live.name} stays until it is retired.`
  if (flags.dryRun === true) {
    if (flags.json === true) console.log(JSON.stringify({ from: live.name, profile: live.profile.id, reset: false }))
    else console.log(will)
    return EXIT.ok
  }
  await confirm([will], flags.yes)
  const details = { generation: live.name, publish: flags.publish }
  return recorded(context, flags, { operation: 'projections reset', details }, async (note) => {
    const { publish } = flags
    const told = operatorOf(flags)
    const { generation, intervals } = await warming('reset', context, waitSeconds, (options) =>
      rebuild({ ...options, profile: live.profile, promote: true, publish, told }),
    )
    const different = intervals.filter(({ same }) => !same).length
    note({ summary: { from: live.name, to: generation.name, intervals: intervals.length, different } })
    if (flags.json === true)
      console.log(JSON.stringify({ from: live.name, to: generation.name, intervals: intervals.length, different }))
    else
      console.log(
        `${generation.name} is live now in place of ${live.name}; ${different} of ${intervals.length} intervals have other values`,
      )
    return EXIT.ok
  })
}

const derived = async (context: Context, flags: Flags, kinds: readonly DerivedKind[]): Promise<number> => {
  const { config, logs } = context
  const options = { logs, tenant: config.tenant, data: config.data, name: undefined, kinds }
  const plan = await throwAwayDerived({ ...options, dryRun: true })
  const text = plan.thrownAway.map(({ kind, bytes }) => `${kind} ${bytesText(bytes)}`).join(', ')
  const tell = (isDone: boolean): void =>
    flags.json === true
      ? console.log(JSON.stringify({ ...plan, reset: isDone }))
      : console.log(`${isDone ? 'thrown away' : 'would be thrown away'} of ${plan.generation}: ${text}`)
  if (flags.dryRun === true) {
    tell(false)
    return EXIT.ok
  }
  await confirm(
    [`Derived state of ${plan.generation} is thrown away: ${text}. It is made again from the log.`],
    flags.yes,
  )
  return recorded(context, flags, { operation: 'projections reset', details: { derived: kinds } }, async () => {
    await throwAwayDerived({ ...options, dryRun: false })
    tell(true)
    return EXIT.ok
  })
}
