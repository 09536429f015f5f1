import { Option, type Command } from 'commander'
import { loadProfile } from '../../app/config/load.js'
import type { IntervalComparison, PublishedField } from '../../app/operations/generations/compare-generations.js'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { savedScope } from '../../app/pipeline/projector/generation-projection.js'
import { rangeOf } from '../command/option-values.js'
import { scopeOf } from '../what-if/scope-flags.js'
import { projectionStatus } from '../../app/operations/generations/generation-status.js'
import { rebuild, type RebuildOutcome } from '../../app/operations/generations/rebuild.js'
import { publishModes, type Generation, type PublishMode } from '../../app/pipeline/generations.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { bytesText } from '../command/figures.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { summaries } from '../command/summaries.js'
import { printTable } from '../command/table.js'
import { warming } from './warming.js'

type Flags = CommonFlags &
  WaitFlags &
  OperatorFlags &
  Readonly<{
    from?: string
    to?: string
    family?: FamilyName[]
    queue?: string
    agent?: string
    where?: string[]
    profile?: string
    resume?: string | true
    promote?: boolean
    publish: PublishMode
    json?: boolean
  }>

/** `streamvane projections rebuild`, which is `streamvane rebuild` as well. */
export const rebuildCommand = (): Command =>
  withOperator(
    command('rebuild', summaries.rebuild, [
      'streamvane rebuild',
      'streamvane rebuild --profile new-profile.yaml --promote',
      'streamvane rebuild --from 2026-01-05 --to 2026-01-12 --queue Sales --profile new-profile.yaml',
      'streamvane projections rebuild --resume g3',
      'streamvane rebuild --json | jq "select(.same | not)"',
    ]),
  )
    .option(...WAIT)
    .option('--profile <file>', 'compute by this profile (default: the configured one)')
    .option(
      '--from <instant>',
      'recompute only rows of intervals that start then or later; the others stay as they are',
    )
    .option('--to <instant>', 'and only of intervals that start before')
    .addOption(new Option('--family <name...>', 'and only of these families').choices(familyNames))
    .option('--queue <id or name>', 'and only of this queue')
    .option('--agent <id>', 'and only of this agent')
    .option(
      '--where <dimension=value...>',
      'and only with this value of a dimension, such as mediaType=voice; - is none',
    )
    .option('--resume [generation]', 'go on with a rebuild that was cut short (default: the last one)')
    .option('--promote', 'publish the new generation from now on; a running egress switches to it')
    .addOption(
      new Option('--publish <what>', 'with --promote: publish all its rows, or those that differ')
        .choices(publishModes)
        .default('differences'),
    )
    .option('--json', 'one JSON object an interval')
    .action(async (flags: Flags) => {
      if (flags.resume !== undefined && (flags.profile !== undefined || isScoped(flags)))
        throw new UsageError(
          '--resume goes on with the profile and the rows that the generation began with: leave --profile and the scope out',
        )
      const range = rangeOf(flags)
      const config = await configOf(flags)
      const profile = flags.profile === undefined ? config.profile : loadProfile(flags.profile)
      const patient = waiting('rebuild', flags)
      await withContext(patient, config, async (context) => {
        const { resume, promote = false, publish } = flags
        const { logs } = context
        const scope = isScoped(flags) ? savedScope(await scopeOf(flags, range, logs, config.tenant)) : undefined
        await tellCutShort(context, resume)
        const details = {
          ...{ profile: `${profile.id} v${profile.version}`, resume: resume ?? null, promote, publish },
          ...(scope && { scope }),
        }
        return recorded(context, flags, { operation: 'rebuild', details }, async (note) => {
          const told = operatorOf(flags)
          const onGeneration = ({ name }: Generation): void => note({ summary: { generation: name } })
          const outcome = await warming('rebuild', context, patient.waitSeconds, (options) =>
            rebuild({ ...options, profile, scope, resume, promote, publish, told, onGeneration }),
          )
          if (flags.json === true) for (const each of outcome.intervals) console.log(JSON.stringify(jsonOf(each)))
          else if (outcome.notCompared === undefined) printIntervals(outcome)
          console.error(summaryOf(outcome))
          const different = outcome.intervals.filter((each) => !each.same || each.published.serviceTarget !== undefined)
          note({
            summary: {
              ...{ from: outcome.before ?? null, generation: outcome.generation.name, promoted: outcome.promoted },
              ...{ intervals: outcome.intervals.length, different: different.length },
            },
          })
          return different.length > 0 && outcome.before !== undefined && !outcome.promoted ? EXIT.differences : EXIT.ok
        })
      })
    })

const isScoped = ({ from, to, family, queue, agent, where }: Flags): boolean =>
  [from, to, family, queue, agent, where].some((each) => each !== undefined)

/** A rebuild that was cut short keeps its disk until it is resumed or retired. */
const tellCutShort = async ({ config, logs, logger }: Context, resume: string | true | undefined): Promise<void> => {
  if (resume !== undefined) return
  const { generations } = await projectionStatus({ ...config, logs }).catch(() => ({ generations: [] }))
  for (const { generation, phase, bytes } of generations)
    if (phase === 'incomplete')
      logger.warn(
        `the rebuild of ${generation.name} is not complete and takes ${bytesText(bytes)}: \`streamvane projections rebuild --resume ${generation.name}\` goes on with it, \`streamvane projections retire ${generation.name}\` gives it up`,
      )
}

const jsonOf = ({ start, before, after, same, published }: IntervalComparison) => ({
  intervalStart: new Date(start).toISOString(),
  same,
  before: before ?? null,
  after: after ?? null,
  published,
})

const printIntervals = ({ before, generation, intervals }: RebuildOutcome): void =>
  printTable({
    columns: [
      { head: 'interval (UTC)' },
      { head: `${before ?? 'none'}: rows`, align: 'right', rank: 1 },
      { head: 'digest', rank: 2 },
      { head: `${generation.name}: rows`, align: 'right', rank: 1 },
      { head: 'digest', rank: 2 },
      { head: 'values' },
      { head: 'rows that differ in', narrow: 'wrap' },
    ],
    rows: intervals.map(({ start, before: old, after, same, published }) => [
      new Date(start).toISOString(),
      String(old?.rows ?? ''),
      old?.digest ?? '',
      String(after?.rows ?? ''),
      after?.digest ?? '',
      same ? 'same' : { text: 'DIFFERENT', style: 'bold' },
      countsText(published),
    ]),
  })

const summaryOf = ({ before, generation, intervals, notCompared, outside, promoted }: RebuildOutcome): string => {
  const live = promoted
    ? `${generation.name} is live now`
    : `the live generation is unchanged (\`streamvane projections promote ${generation.name}\` switches to the new one)`
  if (notCompared !== undefined)
    return `generation ${generation.name} is complete; it could not be compared with ${before}: ${notCompared}; ${live}`
  const same = intervals.filter((each) => each.same).length
  const published: Partial<Record<PublishedField, number>> = {}
  for (const each of intervals)
    for (const [field, count] of Object.entries(each.published) as [PublishedField, number][])
      published[field] = (published[field] ?? 0) + count
  const others = countsText(published)
  const proved =
    outside === undefined
      ? ''
      : `; of ${outside.rows} rows out of the scope ${outside.same} have the bytes that they had (digest ${outside.digest})${outside.moved === 0 ? '' : `, and ${outside.moved} moved on meanwhile`}`
  return `generation ${generation.name} is complete; ${same} of ${intervals.length} intervals have the same values as ${before ?? 'none'}${
    others === '' ? '' : `; rows that differ in what they publish besides: ${others}`
  }${proved}; ${live}`
}

const countsText = (counts: IntervalComparison['published']): string =>
  Object.entries(counts)
    .map(([field, count]) => `${field} ${count}`)
    .join(', ')
