import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeRegistry, freshName } from '../support/kafka.js'
import { jsonLines, scratchFolder, streamvane } from '../support/streamvane.js'
import { NEW_METRIC, nextVersion } from '../support/next-version.js'

const FIXTURE = join(import.meta.dirname, '../fixtures/data-folder-of-0.1.0.tar.gz')
type Decoded = Readonly<{ key: string; revision: number; measures: Readonly<Record<string, unknown>> }>

describeRegistry('an upgrade, on Kafka', ({ brokers, registryUrl }) => {
  test('the next version publishes rows of the version before under their own schema, and its own under the new one', async () => {
    const folder = await scratchFolder()
    execFileSync('tar', ['-xzf', FIXTURE, '-C', folder])
    const data = join(folder, 'data')
    const prefix = freshName('upgrade')
    const env = {
      STREAMVANE_EGRESS__KAFKA__TOPICS__QUEUE: `${prefix}-queue`,
      STREAMVANE_EGRESS__KAFKA__TOPICS__AGENT: `${prefix}-agent`,
      'STREAMVANE_EGRESS__KAFKA__TOPICS__AGENT-STATE': `${prefix}-agent-state`,
      STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}-progress`,
      STREAMVANE_EGRESS__KAFKA__TRANSACTIONAL_ID: prefix,
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      STREAMVANE_EGRESS__KAFKA__REGISTRY__AUTO_REGISTER: 'true',
    }
    const succeed = async (args: readonly string[], main?: string): Promise<string> => {
      const { code, stdout, stderr } = await streamvane([...args, '--data', data], { env, main })
      expect(code, `${args.join(' ')}: ${stderr}`).toBe(0)
      return stdout
    }
    await succeed(['topics', 'apply'])
    await succeed(['rebuild', '--promote'])
    const next = await nextVersion(join(folder, 'next'), { isNewProjection: false })
    await succeed(['import', join(folder, 'later.ndjson')], next)
    await succeed(['run', '--until-caught-up'], next)

    const registry = new SchemaRegistry({ host: registryUrl })
    const records = await consumeAll(brokers, [`${prefix}-queue`])
    const rows = await Promise.all(
      records.map(async ({ value }) => ({
        schema: value.readInt32BE(1),
        row: (await registry.decode(value)) as Decoded,
      })),
    )
    const bySchema = new Map<number, typeof rows>()
    for (const each of rows) bySchema.set(each.schema, [...(bySchema.get(each.schema) ?? []), each])
    expect(bySchema.size).toBe(2)
    expect([...bySchema.values()].map(([one]) => NEW_METRIC in (one?.row.measures ?? {})).sort()).toEqual([false, true])
    const last = new Map<string, number>()
    for (const { row } of rows) {
      expect(row.revision).toBeGreaterThan(last.get(row.key) ?? 0)
      last.set(row.key, row.revision)
    }
    const latest = jsonLines<Decoded>(await succeed(['rows', '--family', 'queue', '--json'], next))
    expect(Object.fromEntries(last)).toEqual(Object.fromEntries(latest.map(({ key, revision }) => [key, revision])))
  })
})
