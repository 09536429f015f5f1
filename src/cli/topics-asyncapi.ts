import type { Command } from 'commander'
import { stringify } from 'yaml'
import { markersIn, namesTopicIn, topicsIn, type KafkaSettings } from '../app/config/sinks/egress-schema.js'
import { kafkaSinks } from '../app/config/sinks/egress-sinks.js'
import type { Config } from '../app/config/schema.js'
import { contractSchema } from '../contract/schema/contract-schemas.js'
import { asyncApi } from '../egress/kafka/asyncapi.js'
import { command, type CommonFlags } from './command/command.js'
import type { RowFilter } from '../egress/sink.js'
import { configOf } from './command/context.js'
import { UsageError } from './command/exit.js'

export const asyncApiCommand = (): Command =>
  command('asyncapi', 'print an AsyncAPI 3.0 document of the topics: keys, headers, schemas', [
    'streamvane topics asyncapi --config streamvane.yaml > asyncapi.yaml',
    'streamvane topics asyncapi --json',
  ])
    .option('--sink <name>', 'of this sink, where egress.sinks names several Kafka sinks')
    .option('--json', 'as JSON (default: YAML)')
    .action(async (flags: CommonFlags & Readonly<{ sink?: string; json?: boolean }>) => {
      const config = await configOf(flags)
      const { settings: kafka, filter } = described(config, flags.sink)
      const document = asyncApi({
        topics: topicsIn(kafka),
        families: config.profile.families.filter((family) => filter.families?.includes(family) ?? true),
        format: kafka.format,
        subjects: kafka.registry?.subjects,
        brokers: kafka.brokers,
        markers: markersIn(kafka),
        namesTopic: namesTopicIn(kafka),
        registryUrl: kafka.registry === undefined ? undefined : withoutUser(kafka.registry.url),
        schemaOf: (name) => contractSchema(name).published,
      })
      console.log(
        flags.json === true
          ? JSON.stringify(document, null, 2)
          : stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd(),
      )
    })

/** The Kafka sink whose topics are described; without a list `egress.kafka`, which need not be in use yet. */
const described = (
  { egress }: Config,
  name: string | undefined,
): Readonly<{ settings: KafkaSettings; filter: RowFilter }> => {
  const sinks =
    egress.sinks === undefined ? [{ name: 'kafka', settings: egress.kafka, filter: {} }] : kafkaSinks(egress)
  const chosen = name === undefined ? sinks : sinks.filter((sink) => sink.name === name)
  const [only] = chosen
  if (only !== undefined && chosen.length === 1) return only
  throw new UsageError(`--sink: name one of ${sinks.map((sink) => sink.name).join(', ') || 'none: no sink is kafka'}`)
}

/** Credentials may be part of the address. */
const withoutUser = (address: string): string => {
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}
