import avro from 'avsc'
import { expect, test } from 'vitest'
import { storeSettings, type Configured } from '../../src/app/operations/imports/import-configuration.js'
import { embeddedLogs } from '../../src/app/pipeline/logs/logs.js'
import { nameSchema } from '../../src/contract/schema/name-schema.js'
import { consumeAll, type Consumed } from '../egress/kafka/topic-reader.js'
import { describeRegistry, freshName } from '../support/kafka.js'
import { running, scratchFolder, streamvane } from '../support/streamvane.js'

const AT = Date.UTC(2026, 0, 5)
const type = avro.Type.forSchema(nameSchema as unknown as avro.Schema)

/** What a consumer keeps of the topic: the last record of each key; a tombstone removes it. */
const latest = (records: readonly Consumed[], read: (value: Buffer) => unknown): Readonly<Record<string, string>> => {
  const names = new Map<string, string>()
  for (const { recordKey, value, tombstone } of records)
    if (tombstone) names.delete(recordKey)
    else names.set(recordKey, (read(value) as { name: string }).name)
  return Object.fromEntries(names)
}

const named = (kind: 'user' | 'skill', objectId: string, name: string, at: number, gone = false): Configured => ({
  ...{ type: 'ObjectNamed', kind, objectId, at: AT + at, name, gone },
})

describeRegistry('names on a real broker', ({ brokers, registryUrl }) => {
  test('come once each although the process is killed, with changes and tombstones', async () => {
    const [prefix, data] = [freshName('names'), await scratchFolder()]
    const topic = `${prefix}.names`
    const env = {
      STREAMVANE_TENANT: prefix,
      STREAMVANE_LOG_LEVEL: 'debug',
      STREAMVANE_EGRESS__KAFKA__FORMAT: 'avro',
      STREAMVANE_EGRESS__KAFKA__NAMES: 'topic',
      STREAMVANE_EGRESS__KAFKA__NAMES_TOPIC: topic,
      STREAMVANE_EGRESS__KAFKA__TOPICS__CONSOLIDATED: `${prefix}.rows`,
      STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${prefix}.progress`,
      KAFKA_BROKERS: brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
    }
    const store = async (facts: readonly Configured[]): Promise<void> => {
      const logs = embeddedLogs(data, prefix)
      await storeSettings(await logs.raw('writer'), facts, { tenant: prefix, source: 'test', now: AT })
      await logs.close()
    }
    const sales: Configured = {
      ...{ type: 'QueueConfigured', queueId: 'q1', at: AT, name: 'Sales', serviceLevel: {}, acw: null },
    }
    await store([sales, named('user', 'u1', 'Ana', 0), named('user', 'u2', 'Bo', 0), named('skill', 's1', 'French', 0)])
    expect(await streamvane(['topics', 'apply', '--data', data], { env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${topic}: created with 1 partitions, cleanup.policy=compact`) as string,
    })
    expect(await streamvane(['schemas', 'register', '--data', data], { env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${topic}-value`) as string,
    })

    const killed = running(['run', '--only', 'egress', '--data', data], env)
    await killed.said('names published')
    killed.kill('SIGKILL')
    await killed.ended
    await store([{ ...sales, at: AT + 1, name: 'Sales EMEA' }, named('skill', 's1', 'French', 2, true)])
    expect(await streamvane(['erase', '--user', 'u2', '--yes', '--data', data], { env })).toMatchObject({ code: 0 })
    for (let time = 0; time < 2; time++)
      expect(await streamvane(['run', '--until-caught-up', '--data', data], { env })).toMatchObject({ code: 0 })

    const records = await consumeAll(brokers, [topic])
    const read = (value: Buffer): unknown => type.fromBuffer(value.subarray(5)) // behind the id of the schema
    expect(latest(records, read)).toEqual({ 'queue/q1': 'Sales EMEA', 'user/u1': 'Ana' })
    expect(records.map(({ headers }) => headers['ce_id']).sort()).toEqual([
      'name/queue/q1/0',
      'name/queue/q1/1',
      'name/skill/s1/0',
      'name/skill/s1/1',
      'name/user/u1/0',
      'name/user/u2/0',
      'name/user/u2/erased',
    ])
  }, 120_000)
})
