import Table from 'cli-table3'
import { Option, type Command } from 'commander'
import { families, familyNames, type FamilyName } from '../domain/family.js'
import { granularities, type Granularity } from '../domain/granularity.js'
import type { Measure } from '../domain/measure.js'
import { metricKind, metricNames, type MetricKind } from '../domain/metric.js'
import type { Row, RowStatus } from '../domain/row.js'
import { quantile } from '../domain/sketch.js'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { allSettings, ifThere } from '../app/operations/imports/import-configuration.js'
import type { Logs } from '../app/pipeline/logs/logs.js'
import { rowEvents } from '../app/row-index/row-events.js'
import { latestRows } from '../contract/kpi-stream.js'
import { rowJson } from '../contract/row-json.js'
import { rowStatuses } from '../contract/schema/row-schema.js'
import { printable } from '../domain/printable.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { rangeOf } from './command/option-values.js'
import { DimensionFilter, queueNamesOf, wantedDimensions, type QueueNames } from './command/row-dimensions.js'
import { EXIT, UsageError } from './command/exit.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
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
    json?: boolean
  }>

export const rowsCommand = (): Command =>
  command('rows', summaries.rows, [
    'streamvane rows --family queue --from 2026-01-05T08:00:00Z --to 2026-01-05T12:00:00Z',
    'streamvane rows --family agent --agent 5f1c… --json | jq .kpis',
    'streamvane rows --family skill --where mediaType=voice --granularity P1D',
    'streamvane rows --family queue --status corrected',
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
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const { from, to } = rangeOf(flags)
      const wanted = valuesOf(flags)
      wantedDimensions(flags.family, wanted, new Map()) // wrong usage is reported before anything is opened
      await withContext('rows', config, async ({ logs }) => {
        const { tenant } = config
        const generations = await computedGenerations(logs, tenant)
        const { name: generation } = chosenGeneration(generations, flags.generation, tenant)
        const queues = wanted.some(([name]) => name === 'queueId') ? await queueNamesIn(logs, tenant) : new Map()
        const filter = new DimensionFilter(wantedDimensions(flags.family, wanted, queues))
        const { family, granularity } = flags
        const kpi = await logs.kpi(generation, 'reader')
        const range = { families: new Set([family]), granularity, from, to }
        const stored = await latestRows(kpi, tenant, generation, {
          family,
          events: rowEvents({ kpi, tenant, generation, data: config.data }, range),
          row: (row) =>
            filter.matches(row) &&
            (from === undefined || row.start >= from) &&
            (to === undefined || row.start < to) &&
            (granularity === undefined || row.granularity === granularity),
        })
        if (stored.size === 0) filter.assertKnown(queues)
        // Only latest revisions are filtered by status, so that a corrected row is not shown by its final revision.
        const rows = [...stored.values()]
          .map((one) => one.row)
          .filter(({ status }) => flags.status === undefined || status === flags.status)
          .sort(byStartAndKey)
        if (flags.json === true) for (const one of rows) console.log(JSON.stringify(rowJson(one)))
        else printTable(flags.family, rows)
        return EXIT.ok
      })
    })

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

/** Without a raw log, in an archived copy, queues have no names. */
const queueNamesIn = async (logs: Logs, tenant: string): Promise<QueueNames> => {
  const raw = await ifThere(() => logs.raw('reader'))
  return raw === undefined ? new Map() : queueNamesOf((await allSettings(raw, tenant)).values())
}

const byStartAndKey = (a: Row, b: Row): number => a.start - b.start || (a.key < b.key ? -1 : 1)

const printTable = (family: FamilyName, rows: readonly Row[]): void => {
  const present = metricNames.flatMap((name, place) =>
    rows.some((row) => row.measures[place] !== undefined) ? [{ name, place }] : [],
  )
  // A dimension that the profile does not split by is null in every row.
  const dimensions = families[family].dimensions.flatMap((name, place) =>
    rows.some((row) => row.dimensions[place] !== null) ? [{ name, place }] : [],
  )
  const kpiNames = [...new Set(rows.flatMap(({ kpis }) => Object.keys(kpis)))]
  const hasTarget = rows.some(({ serviceTarget }) => serviceTarget !== null)
  const table = new Table({
    head: [
      ...['interval (UTC)', 'length', ...dimensions.map(({ name }) => name), 'status', 'rev'],
      ...[...present.map(({ name }) => name), ...kpiNames, ...(hasTarget ? ['target'] : [])],
    ],
    style: { head: [], border: [] },
  })
  for (const row of rows)
    table.push([
      new Date(row.start).toISOString().slice(0, 16).replace('T', ' '),
      row.granularity,
      ...dimensions.map(({ place }) => printable(row.dimensions[place] ?? '-')),
      row.correction === null ? row.status : `${row.status} (${row.correction})`,
      row.revision,
      ...present.map(({ name, place }) => measureText(metricKind(name), row.measures[place])),
      ...kpiNames.map((name) => {
        const ratio = row.kpis[name]
        return ratio === undefined
          ? ''
          : ratio.denominator === null
            ? String(ratio.numerator)
            : `${ratio.numerator}/${ratio.denominator}`
      }),
      ...(hasTarget ? [row.serviceTarget ?? ''] : []),
    ])
  console.log(table.toString())
  console.log(`${rows.length} rows; durations as count/sum in ms, ratios as numerator/denominator`)
}

const measureText = (kind: MetricKind, measure: Measure | undefined): string => {
  if (measure === undefined) return ''
  const { count, sum, min, max, sketch } = measure
  if (kind === 'count') return String(count)
  if (kind === 'state') return String(sum)
  const p95 = quantile(sketch, 0.95, min, max)
  return p95 === undefined ? `${count}/${sum}` : `${count}/${sum}, p95 ${p95}`
}
