import { createRequire } from 'node:module'
import type * as Pino from 'pino'
import type { Logger } from 'pino'
import { openConfig, withStores, type ConfigSources } from '../../app/config/load.js'
import { logEncryptionIn } from '../../app/config/log-encryption.js'
import type { Config } from '../../app/config/schema.js'
import type { Logs } from '../../app/pipeline/logs/logs.js'
import type { CommonFlags } from './command.js'

/**
 * What a command works with: configuration, log, a logger on stderr, and a signal that SIGINT and SIGTERM abort. The
 * logger is loaded when it is first asked for: many commands need none.
 */
export type Context = Readonly<{ config: Config; logs: Logs; logger: Logger; signal: AbortSignal }>

/** The configuration from files, environment and flags. `more` has the command's own flags as settings. */
export const configOf = async (flags: CommonFlags, more: Readonly<Record<string, unknown>> = {}): Promise<Config> =>
  openConfig(await configSources(flags, more))

/** Where the configuration of a command comes from. Throws `ConfigError` where a store of settings cannot be read. */
export const configSources = (
  flags: CommonFlags,
  more: Readonly<Record<string, unknown>> = {},
): Promise<ConfigSources> =>
  withStores({
    file: configFiles(flags),
    env: process.env,
    flags: { data: flags.data, tenant: flags.tenant, log: { kind: flags.log }, logLevel: flags.logLevel, ...more },
  })

/** The files of the configuration, and stores of settings: each `--config`, else those of `STREAMVANE_CONFIG`, separated by commas. */
export const configFiles = ({ config }: CommonFlags): readonly string[] =>
  config ?? (process.env['STREAMVANE_CONFIG'] ?? '').split(',').flatMap((file) => file.trim() || [])

/**
 * The same for commands that tell what stands in the way themselves: clients of broker and log say nothing beside them,
 * unless `--log-level` asks for it.
 */
export const quietConfigOf = async (flags: CommonFlags): Promise<Config> => {
  const config = await configOf(flags)
  return flags.logLevel === undefined ? { ...config, logLevel: 'silent' } : config
}

/** A command whose work waits so long for an EventStoreDB that is away. */
type Waiting = Readonly<{ name: string; waitSeconds: number }>

/** Runs a command's work and closes its log afterwards. A second signal ends the process at once. */
export const withContext = async (
  command: string | Waiting,
  config: Config,
  work: (context: Context) => Promise<number>,
): Promise<void> => {
  let made: Logger | undefined
  const logger = (): Logger => (made ??= stderrLogger(config.logLevel))
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130)
      logger().info({ signal }, 'finishing what was begun; once more to end at once')
      stop.abort()
    })
  const { name, waitSeconds } = typeof command === 'string' ? { name: command, waitSeconds: undefined } : command
  const patience = waitSeconds === undefined ? undefined : { waitMs: waitSeconds * 1_000, signal: stop.signal }
  const logs = await logsOf(config, name, logger, patience)
  try {
    process.exitCode = await work({
      ...{ config, logs, signal: stop.signal },
      get logger() {
        return logger()
      },
    })
  } finally {
    await logs.close()
  }
}

const require = createRequire(import.meta.url)

const stderrLogger = (level: string): Logger => {
  const { pino, destination } = require('pino') as typeof Pino
  return pino({ level, base: null }, destination({ dest: 2, sync: true }))
}

/** The configured log. Its adapter is loaded here, because the client of EventStoreDB takes long to load. */
export const logsOf = async (
  config: Config,
  name: string,
  logger: () => Logger,
  patience?: Readonly<{ waitMs: number; signal: AbortSignal }>,
): Promise<Logs> =>
  config.log.kind === 'eventstoredb'
    ? (await import('../../app/pipeline/logs/eventstoredb-logs.js')).eventStoreDbLogs(
        config,
        `streamvane ${name}`,
        logger(),
        patience,
      )
    : (await import('../../app/pipeline/logs/logs.js')).embeddedLogs(
        config.data,
        `streamvane ${name}`,
        config.tenant,
        logEncryptionIn(config.log, config.data),
      )
