import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { judgeContract } from '../../app/operations/acceptance/evaluate.js'
import { acceptanceHtml } from '../../app/operations/acceptance/report-html.js'
import { acceptanceText } from '../../app/operations/acceptance/report-text.js'
import { printableLines } from '../../domain/printable.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { rangeOf, wholeNumber } from '../command/option-values.js'

type Flags = CommonFlags &
  Readonly<{ contract: string; from?: string; to?: string; json?: boolean; html?: string; limit: number }>

export const reportCommand = (): Command =>
  command(
    'report',
    'say per queue and interval whether a contract held, by the reconciliations in the log. Exit code 5: it did not hold',
    [
      'streamvane acceptance report --contract go-live',
      'streamvane acceptance report --contract go-live --from 2026-01-05 --to 2026-01-06 --html monday.html',
    ],
  )
    .requiredOption('--contract <name>', 'which contract')
    .option('--from <instant>', 'only intervals of its period that start then or later')
    .option('--to <instant>', 'only intervals that start before')
    .option('--limit <n>', 'intervals that did not hold, printed', wholeNumber('--limit', 0), 50)
    .option('--json', 'the whole report as JSON')
    .option('--html <file>', 'also write it as a page that needs nothing else')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const range = rangeOf(flags)
      await withContext('acceptance report', config, async ({ logs }) => {
        const { tenant } = config
        const report = await judgeContract(await logs.control('reader'), { tenant, name: flags.contract, ...range })
        if (flags.html !== undefined) await writeFile(flags.html, acceptanceHtml(report))
        if (flags.json === true) console.log(JSON.stringify(report, null, 2))
        else console.log(printableLines(acceptanceText(report, flags.limit)))
        return report.holds ? EXIT.ok : EXIT.differences
      })
    })
