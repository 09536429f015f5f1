/**
 * Writes `docs/asyncapi.yaml`, the AsyncAPI document of the default topics, from the same catalogue as the schemas, to
 * which it refers: `tsx dev/write-asyncapi.ts`. `streamvane topics asyncapi` prints that of a configuration, with the
 * schemas in it.
 */
import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { NAME_RECORD } from '../src/contract/schema/name-schema.js'
import { isStatementName } from '../src/contract/schema/completeness-schema.js'
import { contractName } from '../src/contract/schema/row-schema.js'
import { asyncApi } from '../src/egress/kafka/asyncapi.js'
import { defaultMarkersTopic, defaultNamesTopic, defaultTopics } from '../src/egress/topics.js'

const document = asyncApi({
  topics: defaultTopics,
  format: 'avro',
  brokers: ['broker.example:9092'],
  markers: { kind: 'topic', name: defaultMarkersTopic },
  namesTopic: defaultNamesTopic,
  schemaOf: (name) => ({
    $ref: `../schemas/avro/${isStatementName(name) || name === NAME_RECORD ? name : contractName(name)}.avsc`,
  }),
})
const text = stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })
writeFileSync(
  new URL('../docs/asyncapi.yaml', import.meta.url),
  `# Written by dev/write-asyncapi.ts; do not edit.\n${text}`,
)
