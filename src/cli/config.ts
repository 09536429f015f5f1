import type { Command } from 'commander'
import { stringify } from 'yaml'
import { redacted, sinkKind } from '../app/config.js'
import { command, commandGroup, configOf, type CommonFlags } from './common.js'

export const configCommand = (): Command => {
  const group = commandGroup('config', 'look at the configuration')
  group.addCommand(
    command('check', 'check the configuration from file, environment and flags, and print what is in force', [
      'streamvane config check --config streamvane.yaml',
      'STREAMVANE_INGRESS__PORT=9000 streamvane config check --json',
    ])
      .option('--json', 'as JSON')
      .action((flags: CommonFlags & Readonly<{ json?: boolean }>) => {
        const config = configOf(flags)
        console.log(flags.json === true ? JSON.stringify(redacted(config), null, 2) : stringify(redacted(config)))
        console.error(`the configuration is valid; rows go to ${sinkKind(config)}`)
      }),
  )
  return group
}
