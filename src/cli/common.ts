import { Command } from 'commander'
import { pino, destination, type Logger } from 'pino'
import { loadConfig } from '../app/config/load.js'
import type { Config } from '../app/config/schema.js'
import { embeddedLogs, type Logs } from '../app/pipeline/logs.js'
import { eventStoreDbLogs } from '../app/pipeline/eventstoredb-logs.js'
import { isoInstantOf } from '../domain/iso-instant.js'
import { UsageError } from './exit.js'

/**
 * What every command is given: configuration, the log, a logger on stderr, and a signal that aborts on SIGINT and
 * SIGTERM.
 */
export type Context = Readonly<{ config: Config; logs: Logs; logger: Logger; signal: AbortSignal }>

export type CommonFlags = Readonly<{ config?: string; data?: string; tenant?: string; log?: string; logLevel?: string }>

/** A command with the options that all of them have. `examples` are printed after the help. */
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

/** Configuration from the file, the environment and the flags. `more` are the command's own flags as configuration. */
export const configOf = (flags: CommonFlags, more: Readonly<Record<string, unknown>> = {}): Config =>
  loadConfig({
    file: flags.config ?? process.env['STREAMVANE_CONFIG'],
    env: process.env,
    flags: { data: flags.data, tenant: flags.tenant, log: { kind: flags.log }, logLevel: flags.logLevel, ...more },
  })

/** Runs a command's work with its context and closes what was opened. A second signal ends the process at once. */
export const withContext = async (
  name: string,
  config: Config,
  work: (context: Context) => Promise<number>,
): Promise<void> => {
  const logger = pino({ level: config.logLevel, base: null }, destination({ dest: 2, sync: true }))
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130)
      logger.info({ signal }, 'finishing what was begun; once more to end at once')
      stop.abort()
    })
  const logs = logsOf(config, name, logger)
  try {
    process.exitCode = await work({ config, logs, logger, signal: stop.signal })
  } finally {
    await logs.close()
  }
}

/** The log that is configured. */
const logsOf = (config: Config, name: string, logger: Logger): Logs =>
  config.log.kind === 'eventstoredb'
    ? eventStoreDbLogs(config, `streamvane ${name}`, logger)
    : embeddedLogs(config.data, `streamvane ${name}`)

/**
 * An instant as people write it: ISO 8601; without a zone it is UTC, without a time midnight. In epoch milliseconds.
 */
export const instantOf = (flag: string, value: string | undefined): number | undefined => {
  if (value === undefined) return undefined
  const withTime = /^\d{4}-\d{2}-\d{2}$/.test(value)
    ? `${value}T00:00:00Z`
    : /(Z|[+-]\d{2}:?\d{2})$/.test(value)
      ? value
      : `${value}Z`
  const instant = isoInstantOf(withTime)
  const at = instant === 'malformed' ? Date.parse(withTime) : instant
  if (at === 'impossible' || Number.isNaN(at))
    throw new UsageError(`${flag} ${value} is not an instant; write it as 2026-01-05T08:00:00Z or 2026-01-05`)
  return at
}

export const wholeNumber =
  (flag: string, least: number) =>
  (value: string): number => {
    const number = Number(value)
    if (!Number.isSafeInteger(number) || number < least)
      throw new UsageError(`${flag} ${value} is not a whole number of at least ${least}`)
    return number
  }

export const share =
  (flag: string) =>
  (value: string): number => {
    const number = Number(value)
    if (!(number >= 0 && number <= 1)) throw new UsageError(`${flag} ${value} is not a share between 0 and 1`)
    return number
  }
