import type { Command } from 'commander'
import { stringify } from 'yaml'
import { configLayers, redacted } from '../../app/config/load.js'
import { originAt } from '../../app/config/layers/layer.js'
import { assertRunnable } from '../../app/config/runnable.js'
import { sinkSettings } from '../../app/config/sinks/egress-sinks.js'
import { assertPackages } from '../../app/plugins/package-problems.js'
import { command, type CommonFlags } from '../command/command.js'
import { configOf, configSources } from '../command/context.js'
import { originsOf, withOrigins, type OriginAt } from './origins.js'

type CheckFlags = CommonFlags & Readonly<{ origin?: boolean; json?: boolean }>

export const checkCommand = (): Command =>
  command('check', 'check the configuration from files, environment and flags, and print what is in force', [
    'streamvane config check --config streamvane.yaml',
    'streamvane config check --config base.yaml --config prod.yaml --origin',
    'STREAMVANE_INGRESS__PORT=9000 streamvane config check --json',
  ])
    .option('--origin', 'say of each value where it comes from: a file, a variable, a flag, or the default')
    .option('--json', 'as JSON; with --origin an object of configuration and origins, by path')
    .action(async (flags: CheckFlags) => {
      const config = await configOf(flags)
      assertRunnable(config, ['ingress', ...(config.audit.key === undefined ? [] : ['audit'])])
      await assertPackages(config, ['ingress', 'egress'])
      const layers = configLayers(configSources(flags))
      console.log(textOf(redacted(config), flags, (path) => originAt(layers, path) ?? 'default'))
      console.error(
        `the configuration is valid; rows go to ${
          sinkSettings(config.egress)
            .map(({ name }) => name)
            .join(', ') || 'none'
        }`,
      )
    })

const textOf = (configuration: unknown, { json, origin }: CheckFlags, originOf: OriginAt): string => {
  if (json !== true) return origin === true ? withOrigins(configuration, originOf) : stringify(configuration)
  const shown = origin === true ? { configuration, origins: originsOf(configuration, originOf) } : configuration
  return JSON.stringify(shown, null, 2)
}
