import { Option, type Command } from 'commander'
import Table from 'cli-table3'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import type { Difference, Value } from '../app/operations/verify/findings.js'
import { verify, type Verification } from '../app/operations/verify/verify.js'
import { withFacts, type FactMeans } from '../app/pipeline/facts/open-feed.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { command, waiting, WAIT, type CommonFlags, type WaitFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { rangeOf } from './command/option-values.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  WaitFlags &
  Readonly<{
    family?: FamilyName
    from?: string
    to?: string
    generation?: string
    quick?: boolean
    json?: boolean
  }>

export const verifyCommand = (): Command =>
  command('verify', summaries.verify, [
    'streamvane verify',
    'streamvane verify --family queue --from 2026-01-05 --to 2026-01-06',
    'streamvane verify --json | jq .first',
  ])
    .option(...WAIT)
    .addOption(new Option('--family <name>', 'compare only this family').choices(familyNames))
    .option('--from <instant>', 'compare only intervals that start then or later')
    .option('--to <instant>', 'compare only intervals that start before')
    .option('--generation <name>', 'of this generation (default: the live one)')
    .option('--quick', 'fold the facts that are kept beside the log, not the raw events')
    .option('--json', 'one JSON object')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const range = rangeOf(flags)
      await withContext(waiting('verify', flags), config, async ({ logs, logger, signal }) => {
        const { tenant, data } = config
        const generation = chosenGeneration(await computedGenerations(logs, tenant), flags.generation, tenant)
        const [raw, kpi] = [await logs.raw('reader'), await logs.kpi(generation.name, 'reader')]
        const head = await raw.head()
        const bar = progressBar('verify', head === undefined ? undefined : Number(head))
        const verification = await withFacts(config, logger, ({ pool, store }) => {
          const facts: FactMeans = flags.quick === true && store !== undefined ? { pool, store } : { pool }
          return verify({
            ...{ tenant, generation, raw, kpi, data, facts, signal, logger },
            compared: { family: flags.family, ...range },
            onProgress: ({ position, differences }) => bar.update(Number(position), differencesText(differences)),
          })
        }).finally(() => bar.stop())
        if (flags.json === true) console.log(JSON.stringify(verification))
        else print(verification)
        return verification.differences > 0 || verification.isStopped ? EXIT.differences : EXIT.ok
      })
    })

const print = (found: Verification): void => {
  const { generation, through, events, rows, intervals, differences, waiting: waits, erased, first } = found
  if (through === null) return console.log(`generation ${generation} holds nothing yet`)
  const different = intervals.filter((each) => each.differences > 0 || each.stored !== each.computed)
  if (different.length > 0) console.log(tableOf(different))
  if (first !== null) console.log(firstText(first))
  const counts = Object.entries(found.counts).flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind}`]))
  const lines = [
    `generation ${generation}: ${rows} row revisions of ${intervals.length} intervals compared with ${events} raw events folded again, through position ${found.lookedAt ?? through.position}`,
    differences === 0 ? 'no difference' : `${differencesText(differences)}: ${counts.join(', ')}`,
    ...(waits === 0
      ? []
      : [`${waits} rows are still to be published: the projector has not come to the end of the raw log`]),
    ...(erased.streams === 0
      ? []
      : [
          `${erased.rows} row revisions cannot be computed again: ${erased.streams} streams that they counted were erased`,
        ]),
    ...(found.isStopped ? ['stopped before the end'] : []),
  ]
  console.log(lines.join('\n'))
}

const differencesText = (differences: number): string =>
  `${differences} ${differences === 1 ? 'difference' : 'differences'}`

const tableOf = (intervals: Verification['intervals']): string => {
  const table = new Table({
    head: ['interval (UTC)', 'length', 'rows', 'KPI log', 'computed again', 'differences'],
    colAligns: ['left', 'left', 'right', 'left', 'left', 'right'],
    style: { head: [], border: [] },
  })
  for (const { intervalStart, granularity, rows, stored, computed, differences } of intervals.slice(0, LINES_MAX))
    table.push([intervalStart, granularity, rows, stored, computed, differences])
  const more = intervals.length - LINES_MAX
  return `${table.toString()}${more > 0 ? `\nand ${more} more intervals (--json tells all)` : ''}`
}

const LINES_MAX = 20

const firstText = (first: Difference): string => {
  const { kind, what, key, kpiRevision, raw, topic, fields, expected, found } = first
  const place = [
    ...(kpiRevision === null ? [] : [`KPI stream revision ${kpiRevision}`]),
    ...(raw === null ? [] : [`raw log behind ${raw.after ?? 'the beginning'} through ${raw.through}`]),
    ...(topic === null ? [] : [`${topic.topic} partition ${topic.partition} offset ${topic.offset}`]),
  ]
  return [
    `first difference: ${what} ${key} is ${kind} (${place.join(', ')})`,
    ...fields
      .slice(0, LINES_MAX)
      .map((field) => `  ${field}: ${at(found, field)}, computed again: ${at(expected, field)}`),
    ...(expected !== null && found === null ? [`  computed again: ${JSON.stringify(expected)}`] : []),
    ...(expected === null && found !== null ? [`  found: ${JSON.stringify(found)}`] : []),
  ].join('\n')
}

const at = (value: Value | null, path: string): string =>
  JSON.stringify(
    path
      .split('.')
      .reduce<unknown>((of, name) => (of as Record<string, unknown> | undefined)?.[name], value ?? undefined),
  ) ?? 'nothing'
