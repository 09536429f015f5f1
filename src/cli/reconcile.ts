import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { Option, type Command } from 'commander'
import { reconcileGeneration } from '../app/operations/acceptance/reconcile-generation.js'
import { ReconciliationRecord, storeReconciliation } from '../app/operations/acceptance/reconciliation.js'
import { journaled } from '../app/operations/journal/journaled.js'
import type { AskedFor } from '../app/reconcile/query.js'
import { reconcileHtml } from '../app/reconcile/report/html.js'
import { dimensionOfWire } from '../domain/dimensions.js'
import { isEqual, type ReconcileReport } from '../app/reconcile/report/report.js'
import { sourceBytes, SourceUnreadable } from '../app/reconcile/source.js'
import { reconcileText } from '../app/reconcile/report/text.js'
import { parseTolerance } from '../app/reconcile/reasons/finding.js'
import { readAggregates, type ReconcileOptions } from '../app/reconcile/reconcile.js'
import { chosenGeneration, computedGenerations } from '../app/operations/computed.js'
import { familyNames, type FamilyName } from '../domain/family.js'
import { kpiStream } from '../domain/stream-name.js'
import { printableLines } from '../domain/printable.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext, type Context } from './command/context.js'
import { operatorOf, withOperator, type OperatorFlags } from './command/operator.js'
import { rangeOf, wholeNumber } from './command/option-values.js'
import { EXIT, UsageError } from './command/exit.js'
import { progressBar } from './command/progress.js'
import { summaries } from './command/summaries.js'

type Flags = CommonFlags &
  OperatorFlags &
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
    record: boolean
  }>

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

export const reconcileCommand = (): Command =>
  withOperator(
    command('reconcile', summaries.reconcile, [
      'streamvane reconcile --aggregates monday.json',
      "streamvane reconcile --aggregates week.ndjson.gz --tolerance '*=sum:0.1%' --html week.html",
      'streamvane reconcile --aggregates sales.json --where mediaType=voice --json | jq .totals',
    ]),
  )
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
    .option('--no-record', 'do not keep the outcome in the log, where `streamvane acceptance report` finds it')
    .option('--exit-zero', 'end with code 0 also where there are differences')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const asked = askedOf(flags)
      await withContext('reconcile', config, async (context) => {
        const record = new ReconciliationRecord()
        const sha256 = await digestOfFile(flags.aggregates)
        const report = await run(context, flags, asked, record).catch((cause: unknown) => {
          throw cause instanceof SourceUnreadable ? new UsageError(cause.message, { cause }) : cause
        })
        if (flags.record && !context.signal.aborted) await keep(context, flags, record, report, sha256)
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
  record: ReconciliationRecord,
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
    return await reconcileGeneration({
      ...more,
      asked,
      responses: responses(),
      logs,
      data,
      tenant,
      generation,
      family: flags.family,
      isComplete: flags.complete === true,
      signal,
      onProgress: (read) => rows?.update(read),
      record,
    })
  } finally {
    reading.stop()
    rows?.stop()
  }
}

/** SHA-256 of the answers as they lie in the file; null for standard input, which can be read once. */
const digestOfFile = async (file: string): Promise<string | null> => {
  if (file === '-') return null
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  } catch {
    return null // the comparison says why it cannot be read
  }
  return hash.digest('hex')
}

/**
 * Keeps the outcome in the log and records it in the journal. An archived copy of a log may not be writable: the
 * comparison stands all the same, and that it is not kept is told.
 */
const keep = async (
  { config: { tenant }, logs, logger }: Context,
  flags: Flags,
  record: ReconciliationRecord,
  report: ReconcileReport,
  sha256: string | null,
): Promise<void> => {
  const { aggregates: file, where, groupBy, metrics, from, to, complete, tolerance } = flags
  const operator = operatorOf(flags)
  const query = { where, groupBy, metrics, from, to, complete, tolerance }
  const about = { by: operator.by, at: new Date().toISOString(), source: { file, sha256 }, query }
  const details = { file, sha256, ...query }
  try {
    await journaled(logs, { tenant, operation: 'reconcile', ...operator, via: 'cli', details }, async (note) => {
      await storeReconciliation(logs, tenant, record.of(report, about))
      note({ summary: { generation: report.generation, ...report.figures } })
    })
  } catch (cause) {
    logger.warn({ err: cause }, 'the outcome could not be kept in the log (--no-record does without)')
  }
}
