import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { runNames } from '../../../../src/app/pipeline/names/names-stage.js'
import { PauseGate } from '../../../../src/app/pipeline/pause-gate.js'
import { namesSink } from '../../../../src/egress/kafka/names-sink.js'
import type { ProgressMismatchCode } from '../../../../src/egress/progress-mismatch.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { ModelBroker } from '../../../support/kafka-model/broker.js'
import { calmNetwork, ConnectionLost, modelCluster, type Network } from '../../../support/kafka-model/client.js'
import { committedEntries } from '../../../support/kafka-model/observer.js'
import { lawRuns } from '../../../support/law-runs.js'
import { anyNameSteps, namesAfter, take, TENANT } from '../../../support/name-log.js'

const TOPIC = 'names'

const newBroker = (): ModelBroker => {
  const broker = new ModelBroker()
  broker.createTopic(TOPIC, 2)
  broker.createTopic('streamvane.progress', 1)
  return broker
}

/** Publishes until nothing is left, as one process. `cut`: after so many requests the process is dead to the broker. */
const publish = async (
  raw: EventLog,
  broker: ModelBroker,
  { cut = Infinity, accepted = [] }: Readonly<{ cut?: number; accepted?: readonly ProgressMismatchCode[] }> = {},
) => {
  const stop = new AbortController()
  let calls = 0
  const calm = calmNetwork(broker)
  const network: Network = {
    ...calm,
    connect: () => {
      const connection = calm.connect()
      return {
        call: async (name, request) => {
          if (calls++ < cut) return connection.call(name, request)
          stop.abort()
          throw new ConnectionLost('the process is dead')
        },
      }
    },
  }
  const sink = namesSink(
    { brokers: [], tenant: TENANT, topic: TOPIC, values: { format: 'json' }, takeOver: 'always' },
    modelCluster(broker, network),
  )
  const end = await runNames({
    ...{ tenant: TENANT, raw, sink, accepted, retry: { firstMs: 1, maxMs: 1 }, untilCaughtUp: true },
    ...{ signal: stop.signal, gate: new PauseGate(), logger: pino({ level: 'silent' }), now: () => broker.now },
  })
  return end
}

const recordsOn = (broker: ModelBroker) =>
  Array.from({ length: broker.partitionsOf(TOPIC) }, (_, partition) =>
    committedEntries(broker.partition(TOPIC, partition)),
  ).flat()

const latestOn = (broker: ModelBroker): Readonly<Record<string, string>> => {
  const names = new Map<string, string>()
  for (const { key, value } of recordsOn(broker)) {
    if (value === null) names.delete(String(key))
    else names.set(String(key), (JSON.parse(String(value)) as { name: string }).name)
  }
  return Object.fromEntries(names)
}

test('law: however often the process dies, a committed consumer gets each change once and the names of the log', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyNameSteps,
      fc.array(fc.record({ steps: fc.nat(8), cut: fc.nat(40) }), { maxLength: 5 }),
      async (steps, lives) => {
        const [raw, broker] = [memoryLog(), newBroker()]
        let at = 0
        for (const life of lives) {
          for (const step of steps.slice(at, at + life.steps)) await take(raw, step, at++)
          await publish(raw, broker, { cut: life.cut })
        }
        for (const step of steps.slice(at)) await take(raw, step, at++)
        expect(await publish(raw, broker)).toEqual({ kind: 'caught-up' })
        expect(latestOn(broker)).toEqual(namesAfter(steps))
        const ids = recordsOn(broker).map(({ headers }) => headers['ce_id'])
        expect(new Set(ids).size).toBe(ids.length)
      },
    ),
    lawRuns(100),
  )
})

describe('names on a topic', () => {
  const published = async () => {
    const [raw, broker] = [memoryLog(), newBroker()]
    await take(raw, { what: 'named', kind: 'user', id: '1', name: 'Ana' }, 1)
    await take(raw, { what: 'named', kind: 'queue', id: '2', name: 'Sales' }, 2)
    expect(await publish(raw, broker)).toEqual({ kind: 'caught-up' })
    return { raw, broker }
  }

  test('have a key of kind and id, CloudEvents headers, and a tombstone once erased', async () => {
    const { raw, broker } = await published()
    await take(raw, { what: 'erased', kind: 'user', id: '1', name: '' }, 3)
    await publish(raw, broker)
    const records = recordsOn(broker).map(({ key, value, headers }) => [
      String(key),
      value === null ? null : (JSON.parse(String(value)) as object),
      headers['ce_id'],
    ])
    expect(records).toHaveLength(3)
    expect(records).toContainEqual([
      'user/1',
      { tenant: TENANT, kind: 'user', id: '1', name: 'Ana', since: '2026-01-05T00:00:00.001Z', revision: 0 },
      'name/user/1/0',
    ])
    expect(records).toContainEqual(['user/1', null, 'name/user/1/erased'])
  })

  test('are published again where the topic was deleted and created anew', async () => {
    const { raw, broker } = await published()
    broker.deleteTopic(TOPIC)
    broker.createTopic(TOPIC, 2)
    expect(await publish(raw, broker)).toEqual({ kind: 'caught-up' })
    expect(latestOn(broker)).toEqual({ 'user/1': 'Ana', 'queue/2': 'Sales' })
  })

  test('of another log are not overwritten unless the operator accepts it', async () => {
    const { broker } = await published()
    const other = memoryLog()
    await take(other, { what: 'named', kind: 'user', id: '1', name: 'Bea' }, 1)
    expect(await publish(other, broker)).toEqual({
      kind: 'refused',
      reason: expect.stringContaining('--accept-progress other-log') as string,
    })
    expect(latestOn(broker)['user/1']).toBe('Ana')
    expect(await publish(other, broker, { accepted: ['other-log'] })).toEqual({ kind: 'caught-up' })
    expect(latestOn(broker)['user/1']).toBe('Bea')
  })

  test('are refused where their topic does not exist, with the command that creates it', async () => {
    const [raw, broker] = [memoryLog(), newBroker()]
    broker.deleteTopic(TOPIC)
    expect(await publish(raw, broker)).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(/names.*streamvane topics apply/) as string,
    })
  })
})
