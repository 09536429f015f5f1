import { Command } from 'commander'
import { wholeNumber } from './option-values.js'
import { nearNames } from '../../domain/near-names.js'

/** Options that every command has. */
export type CommonFlags = Readonly<{
  config?: readonly string[]
  data?: string
  tenant?: string
  log?: string
  logLevel?: string
  /** `false` with `--no-color`; who styles asks `hasColor`. */
  color?: boolean
}>

/** Commands that write to the log wait for it; how long is an option of theirs. */
export type WaitFlags = Readonly<{ wait?: number }>

/** A server that is restarted, or a cluster that elects a leader, is back sooner. */
const WAIT_SECONDS = 600

export const WAIT = [
  '--wait <seconds>',
  `how long to wait for an EventStoreDB that is away; 0: not at all (default: ${WAIT_SECONDS})`,
  wholeNumber('--wait', 0),
] as const

/** A command that waits as long as its flags say. */
export const waiting = (name: string, { wait }: WaitFlags): Readonly<{ name: string; waitSeconds: number }> => ({
  name,
  waitSeconds: wait ?? WAIT_SECONDS,
})

/** A command with the options that all commands have. `examples` are printed after the help. */
export const command = (name: string, description: string, examples: readonly string[]): Command =>
  new LeafCommand(name)
    .description(description)
    .exitOverride()
    // Beside a long option commander would not wrap at 80 columns.
    .configureHelp({ minWidthToWrap: 20 })
    .option(
      '--config <file>',
      'configuration file, YAML or JSON; given again, each is laid over those before (default: $STREAMVANE_CONFIG)',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option('--data <dir>', 'folder of the embedded log and local state (default: ./data)')
    .option('--tenant <name>', 'whose data (default: default)')
    .option(
      '--log <kind>',
      'embedded (default) or eventstoredb, which $EVENTSTOREDB_URL or the configuration says where to find',
    )
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent; the log goes to stderr')
    .option('--no-color', 'no colours (as NO_COLOR=1; FORCE_COLOR=1 colours what is not a terminal, too)')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)

/**
 * Reports an unknown option before a missing one: whoever writes `--famly queue` has not forgotten `--family`.
 * Commander checks the mandatory options first.
 */
class LeafCommand extends Command {
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const parsed = super.parseOptions(args)
    if (this.commands.some((below) => below.name() === parsed.operands[0])) return parsed
    const unknown = parsed.unknown.find((each) => each.startsWith('-'))
    if (unknown !== undefined && !parsed.unknown.some((each) => each === '-h' || each === '--help')) {
      const [name = unknown] = unknown.split('=')
      const near = nearNames(
        name,
        this.options.flatMap(({ long }) => long ?? []),
        1,
      )
      const hint = near.length === 0 ? '' : `\n(Did you mean ${near.join()}?)`
      this.error(`error: unknown option '${name}'${hint}`, { code: 'commander.unknownOption' })
    }
    return parsed
  }
}

/** A command that only holds others. */
export const commandGroup = (name: string, description: string): Command =>
  new Command(name).description(description).exitOverride()
