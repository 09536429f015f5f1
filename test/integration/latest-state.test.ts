import { expect, test } from 'vitest'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { bodies, eventBridge } from '../ingress/envelopes.js'
import { describeKafka } from '../support/kafka.js'
import { kafkaDeployment } from '../support/kafka-deployment.js'

/** A point of a queue, as EventBridge delivers it at that time. */
const answered = (queueId: string, time: string): string => {
  const { template, id, body } = bodies.metrics
  const instant = `2026-01-05T${time}:00.000Z`
  const recordId = `77665544-3322-4110-8099-00000000${time.replace(':', '')}`
  return JSON.stringify(eventBridge(template, id, { ...body, queueId, recordId, metricDate: instant }, instant))
}

/** The audit of a deletion, as Genesys publishes it. */
const deleted = (queueId: string, time: string): string => {
  const instant = `2026-01-05T${time}:00.000Z`
  const body = {
    eventTime: instant,
    serviceName: 'ContactCenter',
    action: 'Delete',
    entityType: 'Queue',
    entity: { id: queueId },
    propertyChanges: [],
  }
  return JSON.stringify(eventBridge('v2.audits.entitytype.Queue.entityid.{id}', queueId, body, instant))
}

const [SALES, SUPPORT] = ['a3e7f915-2c48-4b6d-b0f3-6d1e9c5a7b01', 'a3e7f915-2c48-4b6d-b0f3-6d1e9c5a7b02']

describeKafka('a topic of latest state beside a time series', ({ brokers }) => {
  test('ends with the latest interval of each series, and with a tombstone for a queue that was deleted in Genesys', async () => {
    const { name, done } = await kafkaDeployment({ brokers, registryUrl: undefined }, (prefix) => ({
      format: 'json',
      partitions: 3,
      topics: {
        queue: [`${prefix}.queue`, { name: `${prefix}.queue-latest`, records: 'latest' }],
        agent: `${prefix}.agent`,
        'agent-state': `${prefix}.agent-state`,
      },
    }))
    await done(['topics', 'apply'])
    const publish = async (...lines: readonly string[]): Promise<void> => {
      expect(await done(['import', '-'], lines.join('\n'))).toContain(' 0 dead-lettered')
      await done(['run', '--until-caught-up'])
    }
    /** The series of a queue on a topic: its intervals in order, `gone` for a tombstone. */
    const seriesOf = async (queueId: string, topic: string): Promise<readonly string[]> => {
      const records = (await consumeAll(brokers, [`${name}.${topic}`])).filter(({ recordKey }) =>
        recordKey.includes(queueId),
      )
      // Compaction works by key within a partition: a tombstone elsewhere would delete nothing.
      expect(new Set(records.map(({ partition, recordKey }) => `${partition} ${recordKey}`)).size).toBe(1)
      return records
        .map(({ tombstone, value }) =>
          tombstone ? 'gone' : (JSON.parse(value.toString()) as { intervalStart: string }).intervalStart.slice(11, 16),
        )
        .filter((said, index, all) => said !== all[index - 1]) // restatements of an interval count as one
    }

    await publish(answered(SALES, '10:01'), answered(SUPPORT, '10:02'), deleted(SALES, '10:05'))
    expect(await seriesOf(SALES, 'queue-latest')).toEqual(['10:00'])

    await publish(answered(SUPPORT, '10:31'))
    expect(await seriesOf(SALES, 'queue-latest')).toEqual(['10:00', 'gone'])
    expect(await seriesOf(SUPPORT, 'queue-latest')).toEqual(['10:00', '10:30'])

    // A correction of ten o'clock, by another process: only the time series has it.
    await publish(answered(SUPPORT, '10:03'))
    expect(await seriesOf(SUPPORT, 'queue-latest')).toEqual(['10:00', '10:30'])
    expect(await seriesOf(SUPPORT, 'queue')).toEqual(['10:00', '10:30', '10:00'])
    expect(await seriesOf(SALES, 'queue')).toEqual(['10:00'])
  })
})
