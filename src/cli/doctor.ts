import { Option, type Command } from 'commander'
import { ConfigError, type Config } from '../app/config/schema.js'
import { areas, failure, type Area, type Check } from '../app/operations/doctor/check.js'
import type { Finding } from '../app/operations/hardening/finding.js'
import { examine } from '../app/operations/doctor/doctor.js'
import { printable } from '../domain/printable.js'
import { styled, type Style } from './command/color.js'
import { command, type CommonFlags } from './command/command.js'
import { quietConfigOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { summaries } from './command/summaries.js'
import { stdoutNow } from './command/table.js'
import { wrap } from './command/text-width.js'
import { hardeningOf, type HardeningFlags } from './hardening.js'
import { version } from './version.js'

type Flags = CommonFlags & HardeningFlags & Readonly<{ json?: boolean; only?: readonly Area[] }>

export const doctorCommand = (): Command =>
  command('doctor', summaries.doctor, [
    'streamvane doctor',
    'streamvane doctor --only broker registry --config streamvane.yaml',
    'streamvane doctor --hardening --ca ca.crt --config streamvane.yaml',
    'streamvane doctor --json | jq -r \'select(.state != "ok") | .mend\'',
  ])
    .addOption(new Option('--only <area...>', 'only these areas (default: all)').choices(areas))
    .option('--hardening', 'look at the running process instead, as somebody would who wants to get in')
    .option('--ca <file>', 'with --hardening: PEM file with the authorities of our own certificates')
    .option('--pid <n>', 'with --hardening: the process (default: the one that writes the raw log of this data folder)')
    .option('--json', 'one JSON object a finding')
    .addHelpText('after', '\nExit code 5: there is a failure. Warnings alone end with 0.')
    .action(async (flags: Flags) => {
      if (flags.hardening === true && flags.only !== undefined)
        throw new UsageError('--only names areas of the data folder: leave it out with --hardening')
      if (flags.hardening !== true && (flags.ca !== undefined || flags.pid !== undefined))
        throw new UsageError('--ca and --pid go with --hardening')
      const say = flags.json === true ? (check: Check | Finding) => console.log(JSON.stringify(check)) : print
      let config: Config
      try {
        config = await quietConfigOf(flags)
      } catch (cause) {
        if (!(cause instanceof ConfigError)) throw cause
        say(
          failure('configuration', 'configuration', cause.message.replaceAll(/\n\s*/g, ' '), 'streamvane config check'),
        )
        process.exitCode = EXIT.differences
        return
      }
      const report = async (checks: AsyncIterable<Check | Finding>, signal?: AbortSignal): Promise<number> => {
        const count = { ok: 0, warning: 0, failure: 0 }
        for await (const check of checks) {
          if (signal?.aborted === true) break
          count[check.state] += 1
          say(check)
        }
        if (flags.json !== true)
          console.log(`\nfailures: ${count.failure}, warnings: ${count.warning}, ok: ${count.ok}`)
        return count.failure > 0 || signal?.aborted === true ? EXIT.differences : EXIT.ok
      }
      if (flags.hardening === true) {
        process.exitCode = await report(await hardeningOf(config, flags))
        return
      }
      await withContext('doctor', config, ({ logs, logger, signal }) =>
        report(examine({ config, logs, logger, version: version(), now: Date.now }, flags.only), signal),
      )
    })

const marks: Readonly<Record<Check['state'], readonly [string, Style]>> = {
  ok: ['ok', 'green'],
  warning: ['warning', 'yellow'],
  failure: ['FAILURE', 'red'],
}

const STATE_WIDTH = 9
const WIDTH_OF_A_PIPE = 10_000

/** A line for each finding, and below it, whole, the command that mends it: it is there to be copied. */
const print = ({ area, what, state, says, mend }: Check | Finding): void => {
  const { width = WIDTH_OF_A_PIPE, color } = stdoutNow()
  const [text, style] = marks[state]
  const name = what === area ? area : `${area}: ${what}`
  const lines = wrap(`${printable(name)}: ${printable(says)}`, width - STATE_WIDTH)
  lines.forEach((line, place) =>
    console.log(
      place === 0
        ? `${styled(text, style, color)}${' '.repeat(STATE_WIDTH - text.length)}${line}`
        : `${' '.repeat(STATE_WIDTH)}${line}`,
    ),
  )
  if (mend !== undefined) console.log(`${' '.repeat(STATE_WIDTH)}→ ${printable(mend)}`)
}
