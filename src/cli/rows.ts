import Table from 'cli-table3'
import { Option, type Command } from 'commander'
import { families, familyNames, type FamilyName } from '../domain/family.js'
import { metricKind, metricNames } from '../domain/metric.js'
import type { Row } from '../domain/row.js'
import { readGenerations } from '../app/generations.js'
import { latestRows } from '../app/kpi-log.js'
import { NoGeneration } from '../app/replay.js'
import { rowJson } from '../egress/row-json.js'
import type { PublishedRow } from '../egress/row-codec.js'
import { command, configOf, instantOf, withContext, type CommonFlags } from './common.js'
import { EXIT, UsageError } from './exit.js'

type Flags = CommonFlags &
  Readonly<{ family: FamilyName; from?: string; to?: string; queue?: string; agent?: string; generation?: string; json?: boolean }>

export const rowsCommand = (): Command =>
  command('rows', 'print the latest rows of a family', [
    'streamvane rows --family queue --from 2026-01-05T08:00:00Z --to 2026-01-05T12:00:00Z',
    'streamvane rows --family agent --agent 5f1c… --json | jq .kpis',
    'streamvane rows --family agent-state',
  ])
    .addOption(new Option('--family <name>', 'which family').choices(familyNames).makeOptionMandatory())
    .option('--from <instant>', 'intervals that start then or later')
    .option('--to <instant>', 'intervals that start before')
    .option('--queue <id>', 'only this queue')
    .option('--agent <id>', 'only this agent')
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--json', 'one JSON object a line')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const row = filterOf(flags)
      await withContext('rows', config, async ({ logs }) => {
        const { live, all } = await readGenerations(await logs.control('reader'), config.tenant)
        const generation = flags.generation ?? live
        if (generation === undefined) throw new NoGeneration(config.tenant)
        if (all[generation] === undefined)
          throw new UsageError(`there is no generation ${generation}; there are ${Object.keys(all).join(', ')}`)
        const rows = await latestRows(await logs.kpi(generation, 'reader'), config.tenant, generation, {
          family: flags.family,
          row,
        })
        const sorted = [...rows.values()].map(({ published }) => published).sort(byStartAndKey)
        if (flags.json === true) for (const published of sorted) console.log(JSON.stringify(rowJson(published)))
        else printTable(flags.family, sorted)
        return EXIT.ok
      })
    })

const filterOf = (flags: Flags): ((row: Row) => boolean) => {
  const from = instantOf('--from', flags.from)
  const to = instantOf('--to', flags.to)
  const wanted = { queueId: flags.queue, userId: flags.agent } as const
  const { dimensions } = families[flags.family]
  for (const [dimension, value] of Object.entries(wanted))
    if (value !== undefined && !(dimensions as readonly string[]).includes(dimension))
      throw new UsageError(`rows of family ${flags.family} have no ${dimension}`)
  return (row) =>
    (from === undefined || row.start >= from) &&
    (to === undefined || row.start < to) &&
    dimensions.every((dimension, index) => {
      const value = dimension === 'queueId' || dimension === 'userId' ? wanted[dimension] : undefined
      return value === undefined || row.dimensions[index] === value
    })
}

const byStartAndKey = (a: PublishedRow, b: PublishedRow): number =>
  a.row.start - b.row.start || (a.row.dimensions.join('/') < b.row.dimensions.join('/') ? -1 : 1)

const printTable = (family: FamilyName, rows: readonly PublishedRow[]): void => {
  const present = metricNames.filter((_, index) => rows.some(({ row }) => row.measures[index] !== undefined))
  const kpiNames = [...new Set(rows.flatMap(({ kpis }) => Object.keys(kpis)))]
  const table = new Table({
    head: ['interval (UTC)', ...families[family].dimensions, 'status', 'rev', ...present, ...kpiNames],
    style: { head: [], border: [] },
  })
  for (const { row, kpis } of rows)
    table.push([
      new Date(row.start).toISOString().slice(0, 16).replace('T', ' '),
      ...row.dimensions.map((value) => value ?? '-'),
      row.status,
      row.revision,
      ...present.map((metric) => measureText(row, metric)),
      ...kpiNames.map((name) => {
        const ratio = kpis[name as keyof typeof kpis]
        return ratio === undefined ? '' : `${ratio.numerator}/${ratio.denominator}`
      }),
    ])
  console.log(table.toString())
  console.log(`${rows.length} rows; durations as count/sum in ms, ratios as numerator/denominator`)
}

const measureText = (row: Row, metric: (typeof metricNames)[number]): string => {
  const measure = row.measures[metricNames.indexOf(metric)]
  if (measure === undefined) return ''
  const kind = metricKind(metric)
  return kind === 'count' ? String(measure.count) : kind === 'state' ? String(measure.sum) : `${measure.count}/${measure.sum}`
}
