import type { Logger } from 'pino'
import { logProgress } from '../../../egress/at-least-once/progress-store.js'
import { logRefusedRecords } from '../../../egress/refused-records.js'
import type { NamesSink } from '../../../egress/kafka/names-sink.js'
import type { RowFilter, Sink } from '../../../egress/sink.js'
import { topicsIn } from '../../config/sinks/egress-schema.js'
import { sinkSettings, type SinkSettings } from '../../config/sinks/egress-sinks.js'
import type { Config } from '../../config/schema.js'
import { secretsOf } from '../../config/secrets/secrets.js'
import { kindOf } from '../../sinks/kinds.js'
import type { REPLAY, SinkContext } from '../../sinks/sink-kind.js'
import type { Logs } from '../logs/logs.js'
import { withFreshSecrets } from './fresh-secrets.js'
import { intervalRowsOf } from './interval-rows.js'
import type { Cadence } from './periods.js'

/**
 * A sink of a kind (`use`), with what it publishes (default everything) and when (default as rows come), and where names
 * go (default nowhere).
 */
export type EgressSink = Readonly<{
  sink: Sink
  use?: string
  filter?: RowFilter
  cadence?: Cadence
  names?: NamesSink | undefined
}>

/** Where sinks keep a progress that their destination cannot hold, and read intervals as a whole. */
type SinkLogs = Pick<Logs, 'control' | 'changingControl' | 'kpi'>

/** The sinks in use. */
export const sinksOf = (config: Config, logs: SinkLogs, logger: Logger): Promise<readonly EgressSink[]> =>
  Promise.all(
    sinkSettings(config.egress).map(async (settings) => ({
      sink: await sinkOf(settings, config, logs, logger),
      use: settings.use,
      filter: settings.filter,
      cadence: settings.cadence,
      names: await kindOf(settings.use).openNames?.(settings, { ...contextOf(config, logs, logger), isReplay: false }),
    })),
  )

/** The running sink with these settings, or the one of a replay, which does not fence it out. */
export const sinkOf = async (
  settings: SinkSettings,
  config: Config,
  logs: SinkLogs,
  logger: Logger,
  replay?: typeof REPLAY,
): Promise<Sink> =>
  withFreshSecrets(
    await kindOf(settings.use).open(settings, { ...contextOf(config, logs, logger), isReplay: replay !== undefined }),
    secretsOf(settings).map(({ secret }) => secret),
  )

const contextOf = (config: Config, logs: SinkLogs, logger: Logger): Omit<SinkContext, 'isReplay'> => {
  const { tenant, data, profile, egress } = config
  return {
    ...{ tenant, data, families: profile.families, logger, topics: topicsIn(egress.kafka) },
    ...{ takeOver: egress.takeOver, acceptProgress: egress.acceptProgress },
    progressOf: (sink) =>
      logProgress({ tenant, sink, reading: () => logs.control('reader'), changing: logs.changingControl }),
    intervalRows: intervalRowsOf({ tenant, logs, data }),
    refusedOf: (sink) => logRefusedRecords({ tenant, sink, changing: logs.changingControl, now: Date.now }),
  }
}
