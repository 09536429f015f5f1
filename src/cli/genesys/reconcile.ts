import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { genesysSettings } from '../../app/operations/genesys/genesys-settings.js'
import { genesysClientOf } from '../../app/operations/genesys/open-client.js'
import { chosenGeneration, computedGenerations } from '../../app/operations/computed.js'
import { genesysError } from '../../app/operations/genesys/failed.js'
import { dayBefore, reconcileRange } from '../../app/operations/genesys/reconcile-range.js'
import { parseTolerance } from '../../app/reconcile/reasons/finding.js'
import { reconcileHtml } from '../../app/reconcile/report/html.js'
import { isEqual } from '../../app/reconcile/report/report.js'
import { reconcileText } from '../../app/reconcile/report/text.js'
import { printableLines } from '../../domain/printable.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT, UsageError } from '../command/exit.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'
import { rangeOf, wholeNumber } from '../command/option-values.js'
import { progressBar } from '../command/progress.js'

type Flags = CommonFlags &
  OperatorFlags &
  Readonly<{
    from?: string
    to?: string
    generation?: string
    tolerance: readonly string[]
    json?: boolean
    html?: string
    limit: number
    exitZero?: boolean
  }>

export const reconcileCommand = (): Command =>
  withOperator(
    command(
      'reconcile',
      'fetch the aggregates of queues and of the states of agents from Genesys, and compare our rows with them',
      [
        'streamvane genesys reconcile',
        'streamvane genesys reconcile --from 2026-03-01 --to 2026-03-08 --html week.html',
        "streamvane genesys reconcile --tolerance '*=sum:0.1%' --json | jq .totals",
      ],
    ),
  )
    .option('--from <instant>', 'from then (default: yesterday, in the zone of the profile)')
    .option('--to <instant>', 'to then')
    .option('--generation <name>', 'rows of this generation (default: the live one)')
    .option(
      '--tolerance <metric=statistic:limit,…>',
      'what is no difference: tHandle=count:0,sum:500 or *=sum:0.1%; may be repeated',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option('--json', 'the whole report as JSON on stdout')
    .option('--html <file>', 'also write the report as a page that needs nothing else')
    .option('--limit <rows>', 'differences printed', wholeNumber('--limit', 0), 50)
    .option('--exit-zero', 'end with code 0 also where there are differences')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const settings = genesysSettings(config)
      const { tenant, data } = config
      const { from, to } = rangeOf(flags)
      if ((from === undefined) !== (to === undefined)) throw new UsageError('--from and --to go together')
      const tolerance = parseTolerance(flags.tolerance)
      if (E.isLeft(tolerance)) throw new UsageError(`--tolerance ${tolerance.left}`)
      await withContext('genesys reconcile', config, async (context) => {
        const { logs, signal } = context
        const generation = chosenGeneration(await computedGenerations(logs, tenant), flags.generation, tenant)
        const range =
          from === undefined || to === undefined
            ? dayBefore(generation.profile.zone, Date.now(), 1)
            : { start: from, end: to }
        const details = { from: new Date(range.start).toISOString(), to: new Date(range.end).toISOString() }
        return recorded(context, flags, { operation: 'genesys reconcile', details }, async (note) => {
          const client = genesysClientOf(settings)
          let bar: ReturnType<typeof progressBar> | undefined
          try {
            const outcome = await reconcileRange({
              ...{ client, logs, data, tenant, generation, range, tolerance: tolerance.right, signal },
              keepFor: operatorOf(flags).by,
              now: Date.now,
              onAnswer: (answered, of) => (bar ??= progressBar('queries', of)).update(answered),
            })
            bar?.stop()
            if (E.isLeft(outcome)) throw genesysError(outcome.left)
            const report = outcome.right
            note({ summary: { generation: generation.name, ...report.figures } })
            if (flags.html !== undefined) await writeFile(flags.html, reconcileHtml(report))
            if (flags.json === true) console.log(JSON.stringify(report, null, 2))
            else console.log(printableLines(reconcileText(report, flags.limit)))
            if (report.isEmpty) console.error('equal: neither side has anything in this range')
            return report.isEmpty || isEqual(report) || flags.exitZero === true ? EXIT.ok : EXIT.differences
          } finally {
            bar?.stop()
            await client.close()
          }
        })
      })
    })
