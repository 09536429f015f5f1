import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../../src/app/config/load.js'
import { rabbitmqSinkSchema } from '../../../../src/app/config/sinks/rabbitmq-schema.js'
import { rabbitmqSourceSchema } from '../../../../src/app/config/sources/rabbitmq-schema.js'
import { eventHubsSchema } from '../../../../src/app/sinks/event-hubs.js'
import { scratchFolder } from '../../../support/streamvane.js'

const SECRET = 'Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=planted'

const loaded = async (text: string) => {
  const file = join(await scratchFolder(), 'streamvane.yaml')
  writeFileSync(file, text.replace(/\{ file: [^}]+ \}/g, '{ env: SECRET }').replace(/ssl: .*/, 'ssl: true'))
  return loadConfig({ file, env: { SECRET } })
}

type Page = Readonly<{
  page: string
  schema: Readonly<{ shape: object }>
  /** What is replaced in the example, by what, and what is said then. */
  wrong: readonly (readonly [RegExp, string, RegExp])[]
}>

describe.each<Page>([
  {
    page: 'sinks/rabbitmq.md',
    schema: rabbitmqSinkSchema,
    wrong: [
      [/password: .*/, '', /name without a password/],
      [/ {6}username: .*\n.*\n/, '', /RabbitMQ wants credentials/],
      [/rabbit-1:5671/, 'amqp://rabbit-1', /host:port, without amqp/],
    ],
  },
  {
    page: 'sources/rabbitmq.md',
    schema: rabbitmqSourceSchema,
    wrong: [
      [/password: .*/, '', /name without a password/],
      [/queue: .*/, '', /queue/],
    ],
  },
  {
    page: 'sinks/event-hubs.md',
    schema: eventHubsSchema,
    wrong: [
      [/eventHub: .*/, '', /name of the event hub/],
      [/eventHubsConnectionString: .*/, 'host: acme.servicebus.windows.net', /entraId/],
    ],
  },
])('docs/$page', ({ page, schema, wrong }) => {
  const doc = readFileSync(join(import.meta.dirname, '../../../../docs', page), 'utf8')
  const [, example = ''] = /```yaml\n([^`]*)```/.exec(doc) ?? []

  test('has an example that is a valid configuration, whose secrets are never shown', async () => {
    const config = await loaded(example)
    expect([...(config.egress.sinks ?? []), ...config.sources]).toHaveLength(1)
    expect(JSON.stringify(config)).not.toContain('planted')
  })

  test('says what each setting is for', () => {
    const rows = doc.split('\n').filter((line) => line.startsWith('|'))
    for (const key of Object.keys(schema.shape)) expect(rows.join('\n')).toContain(`\`${key}\``)
  })

  test.each(wrong)('describes settings that are refused without %s', async (part, instead, message) => {
    await expect(loaded(example.replace(part, instead))).rejects.toThrow(message)
  })
})
