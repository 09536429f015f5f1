import { writeFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { Option, type Command } from 'commander'
import type { Generation } from '../app/pipeline/generations.js'
import type { AskedFor } from '../app/reconcile/query.js'
import { reconcileHtml } from '../app/reconcile/report/html.js'
import { dimensionOfWire } from '../domain/dimensions.js'
import { isEqual, type ReconcileReport } from '../app/reconcile/report/report.js'
import { sourceBytes, SourceUnreadable } from '../app/reconcile/source.js'
import { reconcileText } from '../app/reconcile/report/text.js'
import { parseTolerance } from '../app/reconcile/reasons/finding.js'
import { readAggregates, reconcile, type ReconcileOptions } from '../app/reconcile/reconcile.js'
import { closedThroughOf } from '../app/reconcile/our-rows.js'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { kpiStream } from '../domain/stream-name.js'
import { NoLog } from '../log/event-log.js'
import { printableLines } from '../domain/printable.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext, type Context } from './command/context.js'
import { rangeOf, wholeNumber } from './command/option-values.js'
import { EXIT, UsageError } from './command/exit.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  Readonly<{
    aggregates: string
    generation?: string
    family?: FamilyName
    tolerance: readonly string[]
    where: readonly string[]
    groupBy?: string
    metrics?: string
    from?: string
    to?: string
    complete?: boolean
    json?: boolean
    html?: string
    limit: number
    exitZero?: boolean
  }>

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

export const reconcileCommand = (): Command =>
  command('reconcile', summaries.reconcile, [
    'streamvane reconcile --aggregates monday.json',
    "streamvane reconcile --aggregates week.ndjson.gz --tolerance '*=sum:0.1%' --html week.html",
    'streamvane reconcile --aggregates sales.json --where mediaType=voice --json | jq .totals',
  ])
    .requiredOption(
      '--aggregates <file>',
      'answers of conversations/, users/ or flows/aggregates/query: one, an array, or NDJSON; - is standard input',
    )
    .option('--generation <name>', 'rows of this generation (default: the live one)')
    .addOption(
      new Option('--family <name>', 'compare with rows of this family (default: the one that fits the groups)').choices(
        familyNames,
      ),
    )
    .option(
      '--tolerance <metric=statistic:limit,…>',
      'what is no difference: tHandle=count:0,sum:500 or *=sum:0.1%; may be repeated',
      collect,
      [],
    )
    .option('--where <dimension=value>', 'the query was filtered so; may be repeated', collect, [])
    .option('--group-by <dimensions>', 'the query was grouped so, separated by commas (default: what the groups have)')
    .option('--metrics <names>', 'the query asked for these, separated by commas (default: what stands in the answers)')
    .option('--from <instant>', 'only intervals that start then or later; those that the answers leave out were zero')
    .option('--to <instant>', 'only intervals that end then or before; those that the answers leave out were zero')
    .option('--complete', 'the answers are of everything: groups of ours that they leave out are differences')
    .option('--json', 'the whole report as JSON on stdout')
    .option('--html <file>', 'also write the report as a page that needs nothing else')
    .option('--limit <rows>', 'differences printed', wholeNumber('--limit', 0), 50)
    .option('--exit-zero', 'end with code 0 also where there are differences')
    .action(async (flags: Flags) => {
      const config = configOf(flags)
      const asked = askedOf(flags)
      await withContext('reconcile', config, async (context) => {
        const report = await run(context, flags, asked).catch((cause: unknown) => {
          throw cause instanceof SourceUnreadable ? new UsageError(cause.message, { cause }) : cause
        })
        if (flags.html !== undefined) await writeFile(flags.html, reconcileHtml(report))
        if (flags.json === true) console.log(JSON.stringify(report, null, 2))
        else console.log(printableLines(reconcileText(report, flags.limit)))
        if (context.signal.aborted) {
          console.error('stopped before the end: what is not read yet is not compared')
          return EXIT.differences
        }
        return isEqual(report) || flags.exitZero === true ? EXIT.ok : EXIT.differences
      })
    })

type Asked = Pick<ReconcileOptions, 'tolerance' | 'where'> & Readonly<{ asked: AskedFor }>

/** Reads and checks the flags about the query before anything is opened. */
const askedOf = (flags: Flags): Asked => {
  const tolerance = parseTolerance(flags.tolerance)
  if (E.isLeft(tolerance)) throw new UsageError(`--tolerance ${tolerance.left}`)
  const { from, to } = rangeOf(flags)
  return {
    tolerance: tolerance.right,
    where: Object.fromEntries(flags.where.map(filterOf)),
    asked: { from, to, groupBy: listOf(flags.groupBy), metrics: listOf(flags.metrics) },
  }
}

const filterOf = (text: string): readonly [string, string] => {
  const [name = '', ...value] = text.split('=')
  if (value.length === 0) throw new UsageError(`--where ${text} is not dimension=value, such as mediaType=voice`)
  if (dimensionOfWire(name) === undefined) throw new UsageError(`--where ${text}: rows have no ${name}`)
  return [name, value.join('=')]
}

const listOf = (text: string | undefined): readonly string[] | undefined =>
  text
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')

const run = async (
  { config: { tenant, data }, logs, signal }: Context,
  flags: Flags,
  { asked, ...more }: Asked,
): Promise<ReconcileReport> => {
  const bytes = await sourceBytes(flags.aggregates)
  const generation = chosenGeneration(await computedGenerations(logs, tenant), flags.generation, tenant)
  const kpi = await logs.kpi(generation.name, 'reader')
  const events = await kpi.streamRevision(kpiStream(tenant, generation.name))
  const reading = progressBar(flags.aggregates, bytes)
  let rows: ReturnType<typeof progressBar> | undefined
  const responses = async function* () {
    yield* readAggregates({ file: flags.aggregates, signal, onProgress: (read) => reading.update(read) })
    reading.stop()
    rows = progressBar(`rows of ${generation.name}`, events === undefined ? undefined : events + 1)
  }
  try {
    return await reconcile({
      ...more,
      asked,
      responses: responses(),
      kpi,
      data,
      tenant,
      generation,
      family: flags.family,
      isComplete: flags.complete === true,
      closedThrough: await closedThrough(logs, kpi, tenant, generation),
      signal,
      onProgress: (read) => rows?.update(read),
    })
  } finally {
    reading.stop()
    rows?.stop()
  }
}

/** Without a raw log, in an archived copy, the rows alone show which intervals are closed. */
const closedThrough = async (
  logs: Context['logs'],
  kpi: Awaited<ReturnType<Context['logs']['kpi']>>,
  tenant: string,
  generation: Generation,
) => {
  try {
    return await closedThroughOf(await logs.raw('reader'), kpi, tenant, generation)
  } catch (cause) {
    if (cause instanceof NoLog) return undefined
    throw cause
  }
}
