import type { Logger } from 'pino'
import { checkOpenTransactions } from '../../egress/kafka/check/check-open-transactions.js'
import { registryClient } from '../../egress/kafka/registry/registry-client.js'
import type { Gauge } from '../../telemetry/metrics/meters.js'
import type { Config } from '../config/schema.js'
import { kafkaSinks, type KafkaSinkSettings } from '../config/sinks/egress-sinks.js'
import { connectionCheckOf } from '../pipeline/egress/connection-check.js'

/** Asks cluster and registry of each Kafka sink, over connections of their own. */
export const kafkaGauges = async (config: Config, logger: Logger, now: number): Promise<readonly Gauge[]> =>
  (await Promise.all(kafkaSinks(config.egress).map((sink) => gaugesOf(sink, config, logger, now)))).flat()

type Schemas = NonNullable<ReturnType<typeof connectionCheckOf>['schemas']>

/** Whether the registry answers when it is asked for a schema of ours, registered or not. */
const registryAnswers = async ({ registry, wanted: [first] }: Schemas): Promise<boolean | undefined> =>
  first === undefined
    ? undefined
    : registryClient(registry)
        .lookUp(first.subject, first.schema)
        .then(
          () => true,
          () => false,
        )

const gaugesOf = async (
  sink: KafkaSinkSettings,
  config: Config,
  logger: Logger,
  now: number,
): Promise<readonly Gauge[]> => {
  const labels = [sink.name]
  const { schemas, ...check } = connectionCheckOf(sink, config, logger)
  const [hanging, registry] = await Promise.all([
    checkOpenTransactions(check, now).then(
      (findings) => findings.filter(({ what, state }) => what.startsWith('hanging transaction') && state === 'lacks'),
      () => undefined,
    ),
    schemas === undefined ? undefined : registryAnswers(schemas),
  ])
  return [
    { id: 'brokerUp', labels, value: hanging === undefined ? 0 : 1 },
    ...(hanging === undefined ? [] : ([{ id: 'hangingTransactions', labels, value: hanging.length }] as const)),
    ...(registry === undefined ? [] : ([{ id: 'registryUp', labels, value: registry ? 1 : 0 }] as const)),
  ]
}
