import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { encodeAhead } from '../../../src/egress/kafka/encode-ahead.js'
import type { Sends } from '../../../src/egress/kafka/publish.js'
import { PackedHeaders } from '../../../src/egress/kafka/protocol/packed-headers.js'
import {
  cutIntoSends,
  jsonValues,
  sendCutter,
  type Routes,
  type ValueOf,
} from '../../../src/egress/kafka/records/records.js'
import { defaultTopics } from '../../../src/egress/topics.js'
import { queueRow, sinkRecord } from '../../contract/some-rows.js'
import { ModelBroker } from '../../support/kafka-model/broker.js'
import { createTopics, deliveredBy, modelSink } from '../../support/kafka-model/model-sink.js'
import { right } from '../../support/right.js'

const records = Array.from({ length: 1_700 }, (_, at) =>
  sinkRecord(queueRow({ queueId: `queue ${at % 7}`, revision: at + 1 })),
)

/** A way out whose values are counted as they are made; those of a record for which `isKnown` says false have no schema. */
const counting = (isKnown = (_record: unknown): boolean => true) => {
  let made = 0
  const values: ValueOf = {
    ...jsonValues,
    value: (record, topic) => {
      made++
      return isKnown(record) ? jsonValues.value(record, topic) : undefined
    },
  }
  const routes: Routes = {
    topics: defaultTopics,
    markers: { kind: 'off' },
    partitionOf: (_, key) => key.length % 2,
  }
  return {
    ahead: (of = records) => encodeAhead(sendCutter(routes, values), of),
    way: [routes, values] as const,
    made: () => made,
  }
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await turnOfTheLoop()
}

test('a batch is encoded ahead within a few turns of the event loop, not in one', async () => {
  const { ahead: begin, made } = counting()
  const ahead = begin()
  expect(made()).toBe(0)
  await turns(1)
  expect(made()).toBeGreaterThan(0)
  expect(made()).toBeLessThan(records.length)
  await turns(10)
  expect(made()).toBe(records.length)
  ahead.sends()
  expect(made(), 'nothing is encoded twice').toBe(records.length)
})

/** Sends as text, which is compared faster than as objects. */
const textOf = (sends: Sends | string | undefined): string =>
  JSON.stringify(sends, (_, value: unknown) => (value instanceof PackedHeaders ? value.plain() : value))

test.each([0, 1, 2, 3, 4, 5])(
  'a batch that is written after %i turns of the event loop is the same sends as one that is encoded at once',
  async (waited) => {
    const { ahead: begin, way } = counting()
    const ahead = begin()
    await turns(waited)
    expect(textOf(ahead.sends())).toBe(textOf(cutIntoSends(records, ...way)))
  },
)

test('a batch that is dropped, or holds a row of an unknown schema, is encoded no further', async () => {
  const dropped = counting()
  dropped.ahead().drop()
  await turns(5)
  expect(dropped.made()).toBe(0)

  const unknown = counting((record) => record !== records[600])
  const ahead = unknown.ahead()
  await turns(5)
  expect(unknown.made()).toBe(601)
  expect(ahead.sends()).toBeUndefined()
})

test('a row that cannot be read stops neither the process nor what goes on beside, and is refused when it is written', async () => {
  const broken = { ...records[0]!, avro: Buffer.from('no row') }
  const ahead = counting().ahead([...records, broken])
  await turns(5)
  expect(ahead.sends()).toBeUndefined()

  const broker = new ModelBroker()
  createTopics(broker)
  const sink = modelSink(broker)
  const { signal } = new AbortController()
  right(await sink.connect(signal)())
  const batch = { records: [broken], progress: { generation: 'g1', revision: 7 } }
  sink.prepare?.(batch)
  await turns(2)
  const refused = await sink.write(batch, signal)()
  expect(refused).toMatchObject({ left: { tag: 'Refused', reason: expect.stringMatching(/cannot be read .*rebuild/) } })
  right(await sink.write({ ...batch, records: records.slice(0, 3) }, signal)())
  expect(deliveredBy(broker)).toHaveLength(3)
  await sink.close()
})
