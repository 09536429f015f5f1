import type { Logger } from 'pino'
import type { Source } from '../../../ingress/source.js'
import type { Config } from '../../config/schema.js'
import { sourceSettings } from '../../config/sources/sources-schema.js'
import { sourceKindOf } from '../../sources/kinds.js'
import type { Logs } from '../logs/logs.js'

/** The sources of the configuration, beside the HTTP ingress. */
export const sourcesOf = (config: Config, logs: Logs, logger: Logger, now: () => number): readonly Source[] => {
  const { tenant, data, sources, genesys } = config
  return sourceSettings(sources).map((source) =>
    sourceKindOf(source.use).open(source, { tenant, data, genesys, logs, logger, now }),
  )
}
