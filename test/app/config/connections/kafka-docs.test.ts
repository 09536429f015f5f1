import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadConfig } from '../../../../src/app/config/load.js'

const DOC = readFileSync(join(import.meta.dirname, '../../../../docs/kafka.md'), 'utf8')
const EXAMPLES = [...DOC.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = '']) => text)

/** A connection string of Event Hubs is good enough for a secret of any kind. */
const SECRET = 'Endpoint=sb://namespace.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=planted'
const env = { SECRET, AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_FEDERATED_TOKEN_FILE: '/token' }

/** Examples below `egress.kafka` leave out what is beside them. */
const whole = (example: string): object => {
  const tree = parse(example.replace(/\{ file: [^}]+ \}/g, '{ env: SECRET }')) as Record<string, unknown>
  const { egress = { kafka: { brokers: ['broker.example:9093'], ...tree } } } = tree
  const { kafka, ...rest } = egress as { kafka: Record<string, unknown> }
  return {
    egress: { sink: 'kafka', ...rest, kafka: kafka['registry'] === undefined ? { format: 'json', ...kafka } : kafka },
  }
}

test.each(EXAMPLES)('the example of docs/kafka.md is a valid configuration: %s', (example) => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-docs-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'streamvane.yaml')
  writeFileSync(file, stringify(whole(example)))
  expect(loadConfig({ file, env }).egress.kafka.brokers.length).toBeGreaterThan(0)
})

test('docs/kafka.md has an example for each preset and mechanism', () => {
  for (const wanted of [
    'confluent-cloud',
    'event-hubs',
    'scram-sha-512',
    'oauthbearer',
    'aws-msk-iam',
    'google',
    'entra-id',
  ])
    expect(EXAMPLES.join('\n')).toContain(wanted)
})
