import type { Logger } from 'pino'
import type { Config } from '../../app/config/schema.js'
import type { Logs } from '../../app/pipeline/logs/logs.js'

/** The process that serves feeds. */
export type FeedProcess = Readonly<{
  config: Config
  logs: Logs
  logger: Logger
  version: string
  now: () => number
}>
