import type { Logger } from 'pino'
import type { Source } from '../../../ingress/source.js'
import type { Config } from '../../config/schema.js'
import { sourceSettings } from '../../config/sources-schema.js'
import { sourceKindOf } from '../../sources/kinds.js'

/** The sources of the configuration, beside the HTTP ingress. */
export const sourcesOf = ({ tenant, data, sources }: Config, logger: Logger, now: () => number): readonly Source[] =>
  sourceSettings(sources).map((source) => sourceKindOf(source.use).open(source, { tenant, data, logger, now }))
