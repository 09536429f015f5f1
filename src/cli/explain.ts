import { writeFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { explain } from '../app/operations/explain/explain.js'
import { NotExplained } from '../app/operations/explain/not-explained.js'
import { explanationHtml } from '../app/operations/explain/report/html.js'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { withFacts } from '../app/pipeline/facts/open-feed.js'
import { families, familyNames, type FamilyName } from '../domain/family.js'
import type { Dimension } from '../domain/dimensions.js'
import { granularities, type Granularity } from '../domain/granularity.js'
import type { EpochMs } from '../domain/interval.js'
import { offsetAt, type Zone } from '../domain/zone.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { instantOf, wholeNumber } from './command/option-values.js'
import { summaries } from './command/summaries.js'
import { stdoutNow } from './command/table.js'
import { explanationText } from './explain-text.js'

type Flags = CommonFlags &
  Readonly<{
    family: FamilyName
    interval: string
    queue?: string
    agent?: string
    where?: readonly string[]
    granularity?: Granularity
    kpi?: string
    revision?: number
    generation?: string
    limit: number
    raw?: boolean
    json?: boolean
    html?: string
  }>

export const explainCommand = (): Command =>
  command('explain', summaries.explain, [
    'streamvane explain --family queue --queue Sales --interval 2026-01-05T10:00:00Z --kpi serviceLevel',
    'streamvane explain --family agent-state --agent 5f1c… --interval 2026-01-05T10:00 --json | jq .rows[0].contributions',
    'streamvane explain --family queue --queue Sales --where mediaType=voice --interval 2026-01-05 --granularity P1D --html day.html',
    'streamvane explain --family queue --queue Sales --interval 2026-01-05T10:00Z --revision 12 --raw',
  ])
    .addOption(new Option('--family <name>', 'which family').choices(familyNames).makeOptionMandatory())
    .requiredOption(
      '--interval <instant>',
      'the interval that begins then, or holds the instant; without Z or an offset in the zone of the profile',
    )
    .option('--queue <id or name>', 'of this queue')
    .option('--agent <id>', 'of this agent')
    .option('--where <dimension=value...>', 'with this value of a dimension, such as mediaType=voice; - is none')
    .addOption(
      new Option('--granularity <period>', 'length of the interval (default: the shortest of the profile)').choices(
        granularities,
      ),
    )
    .option('--kpi <name>', 'this figure alone: serviceLevel, tAnswered, tHandle.p90 (default: all KPIs of the row)')
    .option('--revision <n>', 'the row as this revision of it said (default: the latest)', wholeNumber('--revision', 1))
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--limit <rows>', 'contributions printed; 0 prints all', wholeNumber('--limit', 0), 25)
    .option('--raw', 'print the raw events behind the row as they were received')
    .option('--json', 'the whole explanation as JSON on stdout')
    .option('--html <file>', 'also write it as a page that needs nothing else')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const dimensions = dimensionsOf(flags)
      await withContext('explain', config, ({ logs, signal, logger }) =>
        withFacts(config, logger, async (facts) => {
          const { tenant, data } = config
          const generation = chosenGeneration(await computedGenerations(logs, tenant), flags.generation, tenant)
          const { zone } = generation.profile
          const { family, granularity, kpi, revision } = flags
          const explanation = await explain({
            ...{ logs, data, tenant, generation, kpi, revision, facts, signal, logger },
            wanted: { family, at: instantIn(zone, flags.interval), granularity, dimensions },
            withRaw: flags.raw === true,
          }).catch((cause: unknown) => {
            if (signal.aborted) return undefined
            throw cause instanceof NotExplained ? new UsageError(cause.message, { cause }) : cause
          })
          if (explanation === undefined) {
            console.error('stopped before the end: nothing is explained')
            return EXIT.differences
          }
          if (flags.html !== undefined) await writeFile(flags.html, explanationHtml(explanation, zone))
          if (flags.json === true) console.log(JSON.stringify(explanation, null, 2))
          else console.log(explanationText(explanation, { output: stdoutNow(), zone, limit: flags.limit }))
          return explanation.addsUp ? EXIT.ok : EXIT.differences
        }),
      )
    })

/** The dimensions that the flags name. Wrong usage is reported before anything is opened. */
const dimensionsOf = ({ family, queue, agent, where = [] }: Flags): readonly (readonly [Dimension, string])[] => {
  const named: readonly (readonly [string, string])[] = [
    ...(queue === undefined ? [] : [['queueId', queue] as const]),
    ...(agent === undefined ? [] : [['userId', agent] as const]),
    ...where.map((one) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(one) ?? []
      if (name === undefined || value === undefined) throw new UsageError(`--where takes dimension=value, not ${one}`)
      return [name, value] as const
    }),
  ]
  const { dimensions } = families[family]
  return named.map(([name, value]) => {
    if (!(dimensions as readonly string[]).includes(name))
      throw new UsageError(`rows of family ${family} have no ${name}; they have ${dimensions.join(', ')}`)
    return [name as Dimension, value]
  })
}

/** An instant with its zone, or local time of a zone. Of a time that clocks repeat, the second. */
const instantIn = (zone: Zone, text: string): EpochMs => {
  const at = instantOf('--interval', text) as EpochMs
  if (/T.*(Z|[+-]\d{2}:?\d{2})$/.test(text)) return at
  return at - offsetAt(zone, at - offsetAt(zone, at))
}
