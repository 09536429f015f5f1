import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { StatusReport } from '../app/operations/status/report.js'
import { statusOf } from '../app/operations/status/status.js'
import { command, type CommonFlags } from './command/command.js'
import { quietConfigOf, withContext } from './command/context.js'
import { EXIT } from './command/exit.js'
import { wholeNumber } from './command/option-values.js'
import { summaries } from './command/summaries.js'
import { stdoutNow } from './command/table.js'
import { statusLines } from './status-lines.js'
import { version } from './version.js'

type Flags = CommonFlags & Readonly<{ json?: boolean; watch?: boolean; every?: number }>

const EVERY_SECONDS = 5

export const statusCommand = (): Command =>
  command('status', summaries.status, [
    'streamvane status',
    'streamvane status --watch',
    "streamvane status --json | jq '.stages[] | {stage, state, lagEvents, lagMs}'",
    'streamvane status > /dev/null || streamvane doctor',
  ])
    .option('--json', 'as JSON')
    .option('--watch', 'again and again until stopped; in a pipe one JSON object a line')
    .option('--every <seconds>', `with --watch: how often (default: ${EVERY_SECONDS})`, wholeNumber('--every', 1))
    .addHelpText(
      'after',
      '\nExit code 5: a stage is stalled or refused, a destination does not answer, or the log cannot be read.',
    )
    .action(async (flags: Flags) => {
      const config = await quietConfigOf(flags)
      await withContext('status', config, async ({ logs, logger, signal }) => {
        const look = (): Promise<StatusReport> => statusOf({ config, logs, logger, version: version(), now: Date.now })
        let report = await look()
        print(report, flags)
        while (flags.watch === true && !signal.aborted) {
          await sleep((flags.every ?? EVERY_SECONDS) * 1_000, undefined, { signal }).catch(() => undefined)
          if (signal.aborted) break
          report = await look()
          print(report, flags)
        }
        return report.well ? EXIT.ok : EXIT.differences
      })
    })

const TO_TOP = '\u001b[H'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

const print = (report: StatusReport, { json, watch }: Flags): void => {
  const out = stdoutNow()
  const isScreen = out.width !== undefined
  if (json === true || (watch === true && !isScreen)) console.log(JSON.stringify(report, null, watch === true ? 0 : 2))
  else if (watch === true)
    process.stdout.write(
      `${TO_TOP}${statusLines(report, out)
        .map((line) => `${line}${CLEAR_LINE}\n`)
        .join('')}${CLEAR_BELOW}`,
    )
  else for (const line of statusLines(report, out)) console.log(line)
}
