import { Option, type Command } from 'commander'
import { zoneOf } from '../app/config/profile/zones.js'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { ifThere } from '../log/if-there.js'
import type { AsWhat, RowsThen } from '../app/operations/as-of/as-of.js'
import { latestRowsInOrder } from '../app/operations/rows.js'
import { rowStatuses } from '../contract/schema/row-schema.js'
import { granularities, type Granularity } from '../domain/granularity.js'
import type { Scope } from '../app/scoped/scope.js'
import type { Row, RowStatus } from '../domain/row.js'
import type { EventLog } from '../log/event-log.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import type { Dimension } from '../domain/dimensions.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { rangeOf } from './command/option-values.js'
import { DimensionFilter, wantedDimensions, type KnownNames, type WantedDimension } from './command/row-dimensions.js'
import { EXIT, UsageError } from './command/exit.js'
import { summaries } from './command/summaries.js'
import { otherStateOf, stateOf, stateOptions, stateText, thenJson, type StateFlags } from './rows/as-it-was.js'
import { printJson } from './rows/print-json.js'

type Flags = CommonFlags &
  StateFlags &
  Readonly<{
    family: FamilyName
    from?: string
    to?: string
    granularity?: Granularity
    status?: RowStatus
    queue?: string
    agent?: string
    where?: readonly string[]
    generation?: string
    columns?: string
    wide?: boolean
    zone?: string
    csv?: boolean
    json?: boolean
  }>

export const rowsCommand = (): Command =>
  withStates(
    command('rows', summaries.rows, [
      'streamvane rows --family queue --from 2026-01-05T08:00:00Z --to 2026-01-05T12:00:00Z',
      'streamvane rows --family agent --agent 5f1c… --json | jq .kpis',
      'streamvane rows --family skill --where mediaType=voice --granularity P1D',
      'streamvane rows --family queue --status corrected',
      'streamvane rows --family queue --columns interval,queueName,offered,serviceLevel,tAnswered.max',
      'streamvane rows --family queue --columns help',
      'streamvane rows --family queue --from 2026-01-05 --as first --diff latest',
      'streamvane rows --family queue --as-of 2026-01-05T09:10:00Z --known',
      'streamvane rows --family agent --from 2026-01-01 --to 2026-02-01 --csv > agents.csv',
    ])
      .addOption(new Option('--family <name>', 'which family').choices(familyNames).makeOptionMandatory())
      .option('--from <instant>', 'intervals that start then or later')
      .option('--to <instant>', 'intervals that start before')
      .addOption(
        new Option('--granularity <period>', 'only intervals of this length (default: all there are)').choices(
          granularities,
        ),
      )
      .addOption(new Option('--status <status>', 'only rows of this status').choices(rowStatuses))
      .option('--queue <id or name>', 'only this queue, by id or by the name in its settings')
      .option('--agent <id>', 'only this agent')
      .option('--where <dimension=value...>', 'only rows with this value of a dimension')
      .option('--generation <name>', 'of this generation (default: the live one)')
      .option('--columns <names>', 'these columns, separated by commas; help lists them')
      .option('--wide', 'every figure that the rows hold')
      .option('--zone <name>', 'local time of this zone in the table (default: the zone of the profile)')
      .addOption(new Option('--csv', 'as CSV: terms of ratios, ms, instants in UTC; the header is always the same'))
      .addOption(new Option('--json', 'one JSON object a line').conflicts(['csv', 'columns', 'wide'])),
  ).action(async (flags: Flags) => {
    const config = await configOf(flags)
    const { from, to } = rangeOf(flags)
    const wanted = valuesOf(flags)
    const { family, granularity, status } = flags
    // Wrong usage is reported before anything is opened.
    wantedDimensions(family, wanted, new Map())
    // Loaded where it is used: JSON, which programs wait for, needs no table and no names.
    const loadTable = () => import('./rows/print-table.js')
    if (flags.columns === 'help') return (await loadTable()).printColumns(family, config.profile.kpis)
    const asked = flags.columns?.split(',').map((name) => name.trim())
    const zone = flags.zone === undefined ? undefined : zoneOf(flags.zone)
    const [state, other] = [stateOf(flags), otherStateOf(flags)]
    await withContext('rows', config, async (context) => {
      const { logs, signal } = context
      const { tenant, data } = config
      const generations = await computedGenerations(logs, tenant)
      const chosen = chosenGeneration(generations, flags.generation, tenant)
      const { name: generation, profile } = chosen
      const table = flags.json === true ? undefined : (await loadTable()).rowPrinter(family, profile, asked)
      // Without a raw log, in an archived copy, nothing has a name. JSON has no names.
      const needsRaw = flags.json !== true || wanted.length > 0 || state !== undefined
      const raw = needsRaw ? await ifThere(() => logs.raw('reader')) : undefined
      const known = await namesIn(raw, tenant, wanted)
      const dimensions = wantedDimensions(family, wanted, known)
      const filter = new DimensionFilter(dimensions)
      const kpi = await logs.kpi(generation, 'reader')
      const then = async (what: AsWhat): Promise<RowsThen> => {
        const { rowsAs } = await import('../app/operations/as-of/as-of.js')
        const { withFacts } = await import('../app/pipeline/facts/open-feed.js')
        const { logger } = context
        return withFacts(config, logger, (facts) => {
          if (raw === undefined) throw new UsageError(`there is no raw log in ${data}, which tells what was when`)
          const scope = scopeOf({ family, granularity, from, to }, dimensions)
          return rowsAs({ tenant, generation: chosen, scope, raw, kpi, data, facts, signal, logger }, what)
        })
      }
      if (state !== undefined && other !== undefined) {
        const [before, after] = [await then(state), await then(other)]
        for (const [found, what] of [[before, state] as const, [after, other] as const]) tell(stateText(found, what))
        const of = { family, profile, zone: zone ?? profile.zone, json: flags.json === true }
        const { printDiff } = await import('./rows/diff.js')
        return printDiff(of, before, after) > 0 ? EXIT.differences : EXIT.ok
      }
      const found = state === undefined ? undefined : await then(state)
      if (found !== undefined && state !== undefined) tell(stateText(found, state))
      if (found !== undefined && flags.json === true) {
        for (const each of found.rows) if (isOfStatus(each.row, status)) console.log(JSON.stringify(thenJson(each)))
        return EXIT.ok
      }
      const rows =
        found !== undefined
          ? ofStatus(found, status)
          : latestRowsInOrder(
              { kpi, tenant, generation, data },
              { family, granularity, from, to, status, signal, matches: (row) => filter.matches(row) },
            )
      const count =
        table === undefined
          ? await printJson(rows)
          : flags.csv === true
            ? await table.asCsv(rows, { raw, tenant })
            : await table.asTable(rows, { raw, tenant }, { zone: zone ?? profile.zone, isWide: flags.wide === true })
      if (count === 0) {
        if (found === undefined) filter.assertKnown(known)
        console.error(
          profile.families.includes(family)
            ? `no rows of family ${family}${isNarrowed(flags) ? ' match' : ''}; \`streamvane intervals\` lists what is complete`
            : `no rows of family ${family}: the profile of generation ${generation} computes ${profile.families.join(', ')} (profile.families)`,
        )
      }
      if (!signal.aborted) return EXIT.ok
      console.error('stopped before the end')
      return EXIT.differences
    })
  })

const withStates = (rows: Command): Command => stateOptions.reduce((with_, option) => with_.addOption(option), rows)

const scopeOf = (
  {
    family,
    granularity,
    from,
    to,
  }: Readonly<{ family: FamilyName; granularity?: Granularity | undefined }> & Pick<Scope, 'from' | 'to'>,
  dimensions: readonly WantedDimension[],
): Scope => ({
  families: new Set([family]),
  ...(granularity !== undefined && { granularities: new Set([granularity]) }),
  ...{ from, to },
  dimensions: Object.fromEntries(dimensions.map(({ name, values }) => [name, new Set(values)])),
})

const isOfStatus = (row: Row, status: RowStatus | undefined): boolean => status === undefined || row.status === status

async function* ofStatus({ rows }: RowsThen, status: RowStatus | undefined): AsyncGenerator<readonly Row[]> {
  yield rows.flatMap(({ row }) => (isOfStatus(row, status) ? [row] : []))
}

/** Goes to stderr: it is no row. */
const tell = (text: string | undefined): void => {
  if (text !== undefined) console.error(text)
}

const isNarrowed = ({ from, to, granularity, status, queue, agent, where }: Flags): boolean =>
  [from, to, granularity, status, queue, agent, where].some((each) => each !== undefined)

/** The dimensions that the flags name, with their values. */
const valuesOf = ({ queue, agent, where = [] }: Flags): readonly (readonly [name: string, value: string])[] => [
  ...(queue === undefined ? [] : [['queueId', queue] as const]),
  ...(agent === undefined ? [] : [['userId', agent] as const]),
  ...where.map((one) => {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(one) ?? []
    if (name === undefined || value === undefined) throw new UsageError(`--where takes dimension=value, not ${one}`)
    return [name, value] as const
  }),
]

/** The names of what may be said by its name instead of its id. */
const namesIn = async (
  raw: EventLog | undefined,
  tenant: string,
  wanted: readonly (readonly [name: string, value: string])[],
): Promise<KnownNames> => {
  const known = new Map<Dimension, ReadonlyMap<string, string>>()
  if (wanted.length === 0) return known
  const { namesOfAll } = await import('../app/names.js')
  for (const [name] of wanted) known.set(name as Dimension, await namesOfAll(raw, tenant, name as Dimension))
  return known
}
