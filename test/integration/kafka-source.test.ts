import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import zlib from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { deadLetterStream } from '../../src/domain/stream-name.js'
import { kafkaClient } from '../../src/egress/kafka/connection.js'
import type { KafkaAddress } from '../../src/egress/kafka/options.js'
import { deliverTo } from '../../src/ingress/ingest.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { SourceRefused, type Deliver, type RunningSource, type Source } from '../../src/ingress/source.js'
import type { EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { sourceContract, type SourceRig } from '../contracts/source.contract.js'
import { events } from '../http/served.js'
import { allEvents, eventsOf } from '../ingress/log-content.js'
import { eventTopic, type EventTopic } from '../support/event-topic.js'
import { describeKafka } from '../support/kafka.js'

const started = async (source: Source, deliver: Deliver): Promise<RunningSource> => {
  const running = await source.start(deliver)
  onTestFinished(() => running.close())
  return running
}
const into = (log: EventLog): Deliver => deliverTo({ log, tenant: 'acme', now: Date.now })
/** Asks again and again: what is waited for happens at the broker. */
const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await isSo())) await sleep(20)
}
const committedAll = (topic: EventTopic, records: number): Promise<void> =>
  until(async () => (await topic.committed()) === records)

describeKafka('a Kafka topic as a source', ({ brokers }) => {
  sourceContract('Kafka topic', async (): Promise<SourceRig> => {
    const topic = await eventTopic(brokers)
    const source = topic.source()
    return {
      source,
      begin: async (raws, deliver) => {
        if (raws.length > 0) await topic.produce([...raws])
        let settled = 0
        let hasFailed!: () => void
        const failed = new Promise<void>((resolve) => (hasFailed = resolve))
        const running = await started(source, async (batch) => {
          try {
            return await deliver(batch)
          } catch (cause) {
            hasFailed()
            throw cause
          } finally {
            settled += batch.raws.length
          }
        })
        const acknowledged = (async () => {
          // A member tries again what was not stored, so it is closed before one counts.
          await Promise.race([until(() => settled >= raws.length), failed.then(() => running.close())])
          if (settled === raws.length) await running.close()
          return topic.committed()
        })()
        acknowledged.catch(() => undefined) // a test that does not ask for it has ended
        return { running, acknowledged }
      },
    }
  })

  test('two members share the partitions, and whatever a rebalance repeats is stored once', async () => {
    const topic = await eventTopic(brokers, 4)
    const log = memoryLog()
    const raws = events(600)
    await topic.produce(raws.slice(0, 200))
    const taken = [0, 0]
    const member = (place: 0 | 1) =>
      started(topic.source({ name: `member-${place}` }), async (batch) => {
        taken[place] = (taken[place] ?? 0) + batch.raws.length
        return into(log)(batch)
      })
    const first = await member(0)
    await until(() => taken[0] === 200)
    const second = await member(1)
    await until(() => second.health?.().state === 'connected')
    await topic.produce(raws.slice(200, 400))
    await until(() => (taken[1] ?? 0) > 0)
    await first.close()
    await topic.produce(raws.slice(400))
    await committedAll(topic, raws.length)
    expect(await allEvents(log)).toHaveLength(raws.length)
  })

  test('records that hold no event become dead letters, and those behind them are stored', async () => {
    const topic = await eventTopic(brokers)
    const log = memoryLog()
    const [before, behind] = events(2)
    await topic.produce([before as Buffer, '{"topicName":tru', null, '', behind as Buffer])
    await started(topic.source(), into(log))
    await committedAll(topic, 5)
    const letters = await eventsOf(log, deadLetterStream('acme'))
    expect((await allEvents(log)).length - letters.length).toBe(2)
    expect(letters.length).toBe(3)
  })

  test('while the log takes nothing the source is paused and keeps its partitions; then it goes on where it was', async () => {
    const topic = await eventTopic(brokers)
    const log = memoryLog()
    await topic.produce(events(10))
    let isFull = true
    const running = await started(topic.source(), async (batch) => {
      if (isFull) throw new NotIngested({ tag: 'NotAvailable', cause: new Error('ENOSPC') })
      return into(log)(batch)
    })
    await until(() => running.health?.().state === 'paused')
    expect(running.health?.()).toMatchObject({ problem: 'ENOSPC' })
    expect(await topic.committed()).toBe(0)
    isFull = false
    await committedAll(topic, 10)
    expect(running.health?.().state).toBe('connected')
    expect(await allEvents(log)).toHaveLength(10)
  })

  test('health tells how many records wait for the group', async () => {
    const topic = await eventTopic(brokers, 2)
    await topic.produce(events(30))
    let release!: () => void
    const held = new Promise<void>((resolve) => (release = resolve))
    const log = memoryLog()
    const running = await started(topic.source(), async (batch) => {
      await held
      return into(log)(batch)
    })
    await until(() => running.health?.().lag?.events === 30)
    release()
    await until(() => running.health?.().lag?.events === 0)
  })

  test('a group that begins at the latest record leaves out those before', async () => {
    const topic = await eventTopic(brokers)
    const [old, fresh] = events(2)
    await topic.produce([old as Buffer])
    const log = memoryLog()
    const running = await started(topic.source({ from: 'latest' }), into(log))
    await until(() => running.health?.().state === 'connected')
    // Where it begins is looked up at the first fetch, so one goes on writing until the first is read.
    await until(async () => {
      await topic.produce([fresh as Buffer])
      return (await allEvents(log)).length > 0
    })
    const data = (await allEvents(log)).map((event) => Buffer.from(event.data).toString())
    expect(new Set(data).size).toBe(1)
    expect(data[0]).toContain('record-1')
  })

  const readable = ['gzip', 'snappy', 'lz4', ...('zstdDecompressSync' in zlib ? ['zstd'] : [])]
  test.each(readable)('records are read that the broker compressed by %s', async (compression) => {
    const topic = await eventTopic(brokers, 1, { 'compression.type': compression })
    const log = memoryLog()
    const raws = events(300)
    await topic.produce([...raws])
    await started(topic.source(), into(log))
    await committedAll(topic, raws.length)
    const stored = (await allEvents(log)).map(({ data }) => Buffer.from(data).toString())
    expect(stored).toEqual(raws.map(String))
  })

  test('a broker that goes away is told by health and ends nothing; once it is back, reading goes on', async () => {
    const topic = await eventTopic(brokers)
    const log = memoryLog()
    const sockets = new Set<Socket>()
    let isAway = false
    const socketFactory: NonNullable<KafkaAddress['socketFactory']> = ({ host, port, onConnect }) => {
      const socket = isAway ? connect({ host: '127.0.0.1', port: 1 }) : connect({ host, port })
      sockets.add(socket)
      return socket.on('connect', onConnect)
    }
    const client = () => kafkaClient({ brokers, socketFactory, retries: 1 })
    const running = await started(topic.source({ client }), into(log))
    await topic.produce(events(5))
    await committedAll(topic, 5)
    isAway = true
    for (const socket of sockets) socket.destroy(new Error('read ECONNRESET'))
    await until(() => running.health?.().state === 'connecting' && running.health?.().problem !== undefined)
    await topic.produce(events(5, 5))
    isAway = false
    await committedAll(topic, 10)
    expect(running.health?.().state).toBe('connected')
    expect(await allEvents(log)).toHaveLength(10)
  })

  describe('ends', () => {
    test('as refused where a topic does not exist', async () => {
      const topic = await eventTopic(brokers)
      const running = await started(topic.source({ topics: [`${topic.topic}-missing`] }), into(memoryLog()))
      const end = await running.ended
      expect(end).toMatchObject({
        kind: 'failed',
        cause: { message: expect.stringMatching(/has no topic .*-missing.*create it.*sources\.0\.topics/) as string },
      })
      expect(end.kind === 'failed' && end.cause).toBeInstanceOf(SourceRefused)
    })
  })
})
