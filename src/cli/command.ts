import { Command } from 'commander'

/** Options that every command has. */
export type CommonFlags = Readonly<{ config?: string; data?: string; tenant?: string; log?: string; logLevel?: string }>

/** A command with the options that all commands have. `examples` are printed after the help. */
export const command = (name: string, description: string, examples: readonly string[]): Command =>
  new Command(name)
    .description(description)
    .exitOverride()
    .option('--config <file>', 'configuration file, YAML or JSON (default: $STREAMVANE_CONFIG)')
    .option('--data <dir>', 'folder of the embedded log and local state (default: ./data)')
    .option('--tenant <name>', 'whose data (default: default)')
    .option(
      '--log <kind>',
      'embedded (default) or eventstoredb, which $EVENTSTOREDB_URL or the configuration says where to find',
    )
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent; the log goes to stderr')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)

/** A command that only holds others. */
export const commandGroup = (name: string, description: string): Command =>
  new Command(name).description(description).exitOverride()
