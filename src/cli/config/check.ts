import type { Command } from 'commander'
import { stringify } from 'yaml'
import { configLayers, loadConfig, loadForComparison, openConfig, redacted } from '../../app/config/load.js'
import { originAt } from '../../app/config/layers/layer.js'
import { assertRunnable } from '../../app/config/runnable.js'
import type { Config } from '../../app/config/schema.js'
import { secretsOf } from '../../app/config/secrets/secrets.js'
import { sinkSettings } from '../../app/config/sinks/egress-sinks.js'
import { assertPackages } from '../../app/plugins/package-problems.js'
import { sharedBy } from '../../app/tenants/shared.js'
import { printable } from '../../domain/printable.js'
import { command, type CommonFlags } from '../command/command.js'
import { configSources } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { originsOf, withOrigins, type OriginAt } from './origins.js'

type CheckFlags = CommonFlags &
  Readonly<{ origin?: boolean; json?: boolean; resolve?: boolean; beside?: readonly string[] }>

export const checkCommand = (): Command =>
  command('check', 'check the configuration from files, environment and flags, and print what is in force', [
    'streamvane config check --config streamvane.yaml',
    'streamvane config check --config base.yaml --config prod.yaml --origin',
    'STREAMVANE_INGRESS__PORT=9000 streamvane config check --json',
    'streamvane config check --config appconfig:https://acme.azconfig.io?label=prod --resolve',
    'streamvane config check --config acme.yaml --beside acme-eu.yaml',
  ])
    .option('--origin', 'say of each value where it comes from: a file, a variable, a flag, or the default')
    .option(
      '--resolve',
      'read the secrets in vaults too, and say of each which version it has; exit code 4 if one cannot',
    )
    .option('--json', 'as JSON; with --origin an object of configuration and origins, by path')
    .option(
      '--beside <file...>',
      'configurations of other tenants of this deployment, the files of one separated by commas. ' +
        'Exit code 4: something that one of them writes belongs to another too',
    )
    .action(async (flags: CheckFlags) => {
      const sources = await configSources(flags)
      const config = flags.resolve === true ? await openConfig(sources) : loadConfig(sources)
      assertRunnable(config, ['ingress', ...(config.audit.key === undefined ? [] : ['audit'])])
      await assertPackages(config, ['ingress', 'egress'])
      const layers = configLayers(sources)
      console.log(textOf(redacted(config), flags, (path) => originAt(layers, path) ?? 'default'))
      console.error(
        `the configuration is valid; rows go to ${
          sinkSettings(config.egress)
            .map(({ name }) => name)
            .join(', ') || 'none'
        }`,
      )
      sayVaults(config, flags.resolve === true)
      const shared = (flags.beside ?? []).flatMap((files) =>
        sharedBy(config, loadForComparison(files.split(','))).map((what) => `shared with ${files}: ${what}`),
      )
      for (const line of shared) console.error(printable(line))
      if (shared.length > 0) process.exitCode = EXIT.refused
    })

/** What is in vaults. Throws `SecretUnreadable` where a secret was asked for and could not be read. */
const sayVaults = (config: Config, isResolved: boolean): void => {
  for (const { path, secret } of secretsOf(config)) {
    const state = secret.held?.state()
    if (state === undefined) continue
    if (isResolved) secret.read()
    const found = state.kind === 'unread' ? 'not asked for; --resolve reads it' : `version ${state.version}`
    console.error(`${path}: ${printable(secret.from)}: ${printable(found)}`)
  }
}

const textOf = (configuration: unknown, { json, origin }: CheckFlags, originOf: OriginAt): string => {
  if (json !== true) return origin === true ? withOrigins(configuration, originOf) : stringify(configuration)
  const shown = origin === true ? { configuration, origins: originsOf(configuration, originOf) } : configuration
  return JSON.stringify(shown, null, 2)
}
