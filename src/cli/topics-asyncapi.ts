import type { Command } from 'commander'
import { stringify } from 'yaml'
import { topicsIn } from '../app/config/egress-schema.js'
import { contractSchema } from '../contract/schema/contract-schemas.js'
import { asyncApi } from '../egress/kafka/asyncapi.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf } from './command/context.js'

export const asyncApiCommand = (): Command =>
  command('asyncapi', 'print an AsyncAPI 3.0 document of the topics: keys, headers, schemas', [
    'streamvane topics asyncapi --config streamvane.yaml > asyncapi.yaml',
    'streamvane topics asyncapi --json',
  ])
    .option('--json', 'as JSON (default: YAML)')
    .action((flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = configOf(flags)
      const { kafka } = config.egress
      const document = asyncApi({
        topics: topicsIn(kafka),
        families: config.profile.families,
        format: kafka.format,
        subjects: kafka.registry?.subjects,
        brokers: kafka.brokers,
        registryUrl: kafka.registry === undefined ? undefined : withoutUser(kafka.registry.url),
        schemaOf: (name) => contractSchema(name).published,
      })
      console.log(
        flags.json === true
          ? JSON.stringify(document, null, 2)
          : stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd(),
      )
    })

/** Credentials may be part of the address. */
const withoutUser = (address: string): string => {
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}
