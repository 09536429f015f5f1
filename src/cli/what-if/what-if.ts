import { writeFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { Option, type Command } from 'commander'
import { loadProfile } from '../../app/config/load.js'
import { ConfigError } from '../../app/config/schema.js'
import { zoneOf } from '../../app/config/profile/zones.js'
import { chosenGeneration, computedGenerations } from '../../app/operations/computed.js'
import { readAssignment, type Assignment } from '../../app/operations/what-if/assignment.js'
import type { Supposition } from '../../app/operations/what-if/hypothesis.js'
import { lastClosedDay } from '../../app/operations/what-if/recent-range.js'
import { whatIfJson } from '../../app/operations/what-if/what-if-json.js'
import { NothingPublished, whatIf, type WhatIf } from '../../app/operations/what-if/what-if.js'
import { withFacts } from '../../app/pipeline/facts/open-feed.js'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { granularities, type Granularity } from '../../domain/granularity.js'
import { printable } from '../../domain/printable.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext, type Context } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { rangeOf, wholeNumber } from '../command/option-values.js'
import { progressBar } from '../command/progress.js'
import { summaries } from '../command/summaries.js'
import { stdoutNow } from '../command/table.js'
import { settingsIn } from '../config/settings-files.js'
import { whatIfHtml } from './html.js'
import { scopeOf, wantedIn, type ScopeFlags } from './scope-flags.js'
import { whatIfText } from './text.js'

type Flags = CommonFlags &
  ScopeFlags &
  Readonly<{
    profile?: string
    set?: readonly string[]
    queueSettings?: readonly string[]
    from?: string
    to?: string
    generation?: string
    zone?: string
    limit: number
    json?: boolean
    html?: string
  }>

const collect = <T>(value: T, before: readonly T[] = []): readonly T[] => [...before, value]

export const whatIfCommand = (): Command =>
  command('what-if', summaries['what-if'], [
    'streamvane what-if --set serviceLevel.durationMs=30s --from 2026-01-05 --to 2026-01-06',
    'streamvane what-if --set queue.Sales.serviceLevel.voice.durationMs=10s --queue Sales',
    'streamvane what-if --profile next.yaml --family queue --html next.html',
  ])
    .option('--profile <file>', 'suppose that this profile is in force throughout')
    .option(
      '--set <path=value>',
      'suppose another value: a key of the profile, queue.<id or name>.…, organisation.…; may be repeated',
      collect<string>,
    )
    .option(
      '--queue-settings <file>',
      'suppose these settings of queues or of the organisation, written as for `config import`; may be repeated',
      collect<string>,
    )
    .option('--from <instant>', 'intervals that start then or later (default, without --to too: the last closed day)')
    .option('--to <instant>', 'intervals that start before')
    .addOption(
      new Option('--family <name>', 'only rows of this family; may be repeated')
        .choices(familyNames)
        .argParser((value: string, before?: readonly FamilyName[]) => collect(familyNamed(value), before)),
    )
    .option('--queue <id or name>', 'only rows of this queue')
    .option('--agent <id>', 'only rows of this agent')
    .option('--where <dimension=value>', 'only rows with this value of a dimension; may be repeated', collect<string>)
    .addOption(
      new Option('--granularity <period>', 'only intervals of this length; may be repeated')
        .choices(granularities)
        .argParser((value: string, before?: readonly Granularity[]) => collect(granularityNamed(value), before)),
    )
    .option('--generation <name>', 'against the rows of this generation (default: the live one)')
    .option('--zone <name>', 'local time of this zone (default: that of the profile)')
    .option('--limit <rows>', 'changes printed', wholeNumber('--limit', 0), 20)
    .option('--json', 'the whole answer as JSON on stdout')
    .option('--html <file>', 'also write the answer as a page that needs nothing else')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const supposition = suppositionOf(flags)
      wantedIn(flags)
      const range = rangeOf(flags)
      const zone = flags.zone === undefined ? undefined : zoneNamed(flags.zone)
      await withContext('what-if', config, async (context) => {
        const { answer, profileZone } = await asked(context, flags, supposition, range)
        const shown = zone ?? profileZone
        if (flags.html !== undefined) await writeFile(flags.html, whatIfHtml(answer, shown))
        if (flags.json === true) console.log(JSON.stringify(whatIfJson(answer), null, 2))
        else
          for (const line of whatIfText(answer, { limit: flags.limit, more: MORE, zone: shown, output: stdoutNow() }))
            console.log(line)
        return answer.changes.length === 0 ? EXIT.ok : EXIT.differences
      })
    })

const MORE = '--limit shows them, --json has all'

const familyNamed = (value: string): FamilyName => {
  const family = familyNames.find((each) => each === value)
  if (family === undefined) throw new UsageError(`--family ${value} is none of ${familyNames.join(', ')}`)
  return family
}

const granularityNamed = (value: string): Granularity => {
  const granularity = granularities.find((each) => each === value)
  if (granularity === undefined) throw new UsageError(`--granularity ${value} is none of ${granularities.join(', ')}`)
  return granularity
}

const zoneNamed = (name: string) => {
  try {
    return zoneOf(name)
  } catch (cause) {
    throw new UsageError(`--zone: ${(cause as Error).message}`)
  }
}

/** Reads what is supposed, and reports all that is wrong with it before the log is opened. */
const suppositionOf = ({ profile, set = [], queueSettings = [] }: Flags): Supposition => {
  if (profile === undefined && set.length + queueSettings.length === 0)
    throw new UsageError(
      'nothing is supposed: give --profile FILE, --set path=value (such as serviceLevel.durationMs=30s) or --queue-settings FILE',
    )
  const problems: string[] = []
  const assignments: Assignment[] = []
  for (const text of set) {
    const read = readAssignment(text)
    if (E.isLeft(read)) problems.push(`--set ${printable(text)}: ${printable(read.left)}`)
    else assignments.push(read.right)
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return {
    assignments,
    profile: profile === undefined ? undefined : loadProfile(profile),
    settings: queueSettings.length === 0 ? [] : settingsIn(queueSettings, { effectiveAt: 0, now: 0 }),
  }
}

const asked = async (
  { config, logs, logger, signal }: Context,
  flags: Flags,
  supposition: Supposition,
  range: ReturnType<typeof rangeOf>,
): Promise<Readonly<{ answer: WhatIf; profileZone: ReturnType<typeof zoneOf> }>> => {
  const { tenant, data } = config
  const generation = chosenGeneration(await computedGenerations(logs, tenant), flags.generation, tenant)
  const [raw, kpi] = [await logs.raw('reader'), await logs.kpi(generation.name, 'reader')]
  const isOpen = range.from === undefined && range.to === undefined
  const day = isOpen ? await lastClosedDay(raw, kpi, tenant, generation) : undefined
  const scope = await scopeOf(flags, day ?? range, logs, tenant)
  const head = await raw.head()
  const bar = progressBar('what-if', head === undefined ? undefined : 2 * Number(head), { unit: 'events', logger })
  try {
    const answer = await withFacts(config, logger, (facts) =>
      whatIf({
        ...{ tenant, generation, scope, supposition, raw, kpi, data, facts, now: Date.now, signal, logger },
        onProgress: (step, position) => bar.update(Number(position) + (step === 'supposed' ? Number(head ?? 0) : 0)),
      }),
    )
    return { answer, profileZone: generation.profile.zone }
  } catch (cause) {
    throw cause instanceof NothingPublished ? new UsageError(cause.message, { cause }) : cause
  } finally {
    bar.stop()
  }
}
