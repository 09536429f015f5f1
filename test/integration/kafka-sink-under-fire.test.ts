import * as E from 'fp-ts/lib/Either.js'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import type { Sink, SinkBatch } from '../../src/egress/sink.js'
import { topicOf } from '../../src/egress/topics.js'
import { connect, revisionsByKey, write } from '../contracts/sink.contract.js'
import { batchAt, manyRowsAt, MANY_QUEUES } from '../egress/batches.js'
import { namedTopics } from '../egress/named-topics.js'
import { tamperedSockets } from '../egress/kafka/tampered-sockets.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { consoleConsume, type ForeignRecord } from '../support/console-consumer.js'
import { describeKafka, freshName, startOwnKafka } from '../support/kafka.js'

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

const queueTopic = (prefix: string): string => topicOf(namedTopics(prefix).topics, 'queue')

const sinkFor = (
  brokers: readonly string[],
  prefix: string,
  more: Partial<Parameters<typeof kafkaSink>[0]> = {},
): Sink => kafkaSink({ brokers, tenant: 'acme', ...namedTopics(prefix), values: { format: 'json' }, ...more })

const freshTopics = async (brokers: readonly string[], partitions = 3): Promise<string> => {
  const prefix = freshName('fire')
  await applyTopics({ brokers, ...namedTopics(prefix), partitions, replicationFactor: 1 })
  return prefix
}

/** Publishes what is missing through batch `last`, connecting again after whatever goes wrong, as a processor would. */
const goOn = async (sink: Sink, last: number, batch: (n: number) => SinkBatch): Promise<{ failures: number }> => {
  let failures = 0
  for (let attempt = 0; attempt < 200; attempt++) {
    const progress = await connect(sink)
    if (E.isRight(progress)) {
      let n = (progress.right?.revision ?? 0) / 10 + 1
      while (n <= last && E.isRight(await write(sink, batch(n)))) n += 1
      if (n > last) return { failures }
    }
    failures += 1
    await pause(50)
  }
  throw new Error('it never came back')
}

const header = (record: ForeignRecord, name: string): string => record.headers.get(name)?.toString() ?? ''

/**
 * What a Java read_committed consumer sees: for each row key the revisions, in order. Reads until every key has come to
 * `last`.
 */
const foreignRevisions = async (
  kafka: Pick<Parameters<typeof consoleConsume>[0], 'brokers' | 'tools'>,
  topic: string,
  keys: number,
  last: number,
) => {
  const finished = new Set<string>()
  const records = await consoleConsume({
    brokers: kafka.brokers,
    tools: kafka.tools,
    topic,
    until: (seen) => {
      const record = seen.at(-1)
      if (record !== undefined && header(record, 'streamvane-row-revision') === String(last))
        finished.add(header(record, 'ce_subject'))
      return finished.size === keys
    },
  })
  return revisionsByKey(
    records.map((record) => ({
      topic,
      key: header(record, 'ce_subject'),
      revision: Number(header(record, 'streamvane-row-revision')),
      replay: false,
    })),
  )
}

const expectOnceInOrder = (byKey: Readonly<Record<string, readonly number[]>>, keys: number, last: number): void => {
  expect(Object.keys(byKey)).toHaveLength(keys)
  for (const [key, revisions] of Object.entries(byKey)) expect(revisions, key).toEqual(upTo(last))
}

describeKafka('the Kafka sink under fire', (kafka) => {
  const { brokers } = kafka

  test('the sink killed (SIGKILL) in mid-transaction, again and again: a Java consumer sees every revision once and in order', async () => {
    const prefix = await freshTopics(brokers)
    const program = join(import.meta.dirname, '../egress/kafka/sink-child.ts')
    const last = 60
    let kills = 0
    for (let round = 0; round < 40; round++) {
      const child = spawn(process.execPath, ['--import', 'tsx', program, brokers[0] ?? '', prefix, String(last)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = once(child, 'exit') as Promise<[number | null, string | null]>
      let seen = 0
      // Some batches after its start, a little later in the batch each time.
      for await (const _ of createInterface({ input: child.stdout }))
        if (++seen === 4 + (round % 3)) setTimeout(() => child.kill('SIGKILL'), (round * 7) % 40)
      const [code, signal] = await exited
      if (signal !== 'SIGKILL') {
        expect(code).toBe(0)
        break
      }
      kills += 1
    }
    expect(kills).toBeGreaterThan(5)
    // The last batch says to the reader that it has come to the end.
    await goOn(sinkFor(brokers, prefix), last + 1, manyRowsAt)
    expectOnceInOrder(await foreignRevisions(kafka, queueTopic(prefix), MANY_QUEUES, last + 1), MANY_QUEUES, last + 1)
  }, 180_000)

  test.each(['cut before', 'cut after'] as const)(
    'a commit whose answer never comes (connection %s sending): connecting tells what happened',
    async (mishap) => {
      const prefix = await freshTopics(brokers)
      const { socketFactory, arm, met } = tamperedSockets()
      const sink = sinkFor(brokers, prefix, { socketFactory })
      expect(E.isRight(await connect(sink))).toBe(true)
      expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
      arm(mishap)
      expect(await write(sink, batchAt(2))).toMatchObject({ left: { tag: 'NotConnected' } })
      expect(met()).toBe(1)
      expect(await write(sink, batchAt(2))).toMatchObject({ left: { tag: 'NotConnected' } })
      expect(await connect(sink)).toEqual(E.right(batchAt(mishap === 'cut after' ? 2 : 1).progress))
      await goOn(sink, 3, batchAt)
      await sink.close()
      expectOnceInOrder(revisionsByKey(await consumeAll(brokers, [queueTopic(prefix)])), 2, 3)
    },
  )

  const held = (): {
    mishap: { kind: 'held'; seen: () => void; until: Promise<void> }
    seen: Promise<void>
    release: () => void
  } => {
    let [release, sawIt] = [() => {}, () => {}]
    const until = new Promise<void>((resolve) => (release = resolve))
    const seen = new Promise<void>((resolve) => (sawIt = resolve))
    return { mishap: { kind: 'held', seen: sawIt, until }, seen, release }
  }

  test('a zombie whose commit is delayed until another has taken over is fenced, the other is named, and its batch is aborted', async () => {
    const prefix = await freshTopics(brokers)
    const { socketFactory, arm } = tamperedSockets()
    const [zombie, successor] = [sinkFor(brokers, prefix, { socketFactory }), sinkFor(brokers, prefix)]
    await goOn(zombie, 1, batchAt)
    const { mishap, seen, release } = held()
    arm(mishap)
    const sleeping = write(zombie, batchAt(2))
    await seen
    expect(await connect(successor)).toEqual(E.right(batchAt(1).progress))
    expect(await write(successor, batchAt(2))).toEqual(E.right(undefined))
    release()
    expect(await sleeping).toMatchObject({
      left: { tag: 'Fenced', by: expect.stringContaining(`process ${process.pid}`) },
    })
    expect(await write(successor, batchAt(3))).toEqual(E.right(undefined))
    for (const sink of [zombie, successor]) await sink.close()
    expectOnceInOrder(revisionsByKey(await consumeAll(brokers, [queueTopic(prefix)])), 2, 3)
  })

  test('an instance whose transaction the broker gave up, while nobody took over, goes on', async () => {
    const prefix = await freshTopics(brokers)
    const { socketFactory, arm } = tamperedSockets()
    const sink = sinkFor(brokers, prefix, { socketFactory, transactionTimeoutMs: 1_000 })
    await goOn(sink, 1, batchAt)
    const { mishap, seen, release } = held()
    arm(mishap)
    const sleeping = write(sink, batchAt(2))
    await seen
    // The broker looks for expired transactions on its own clock; a committed read behind the open transaction comes
    // through once it has ended it.
    await consumeAll(brokers, [queueTopic(prefix)])
    release()
    expect(await sleeping).toMatchObject({ left: { tag: 'NotConnected' } })
    expect(await connect(sink)).toEqual(E.right(batchAt(1).progress))
    await goOn(sink, 3, batchAt)
    await sink.close()
    expectOnceInOrder(revisionsByKey(await consumeAll(brokers, [queueTopic(prefix)])), 2, 3)
  })

  test('topics that do not exist are refused by name', async () => {
    const prefix = freshName('nowhere')
    expect(await connect(sinkFor(brokers, prefix))).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining(`${prefix}-progress`) },
    })
  })

  test('a broker that does not answer is reported as NotConnected', async () => {
    expect(await connect(sinkFor(['127.0.0.1:1'], 'any'))).toMatchObject({ left: { tag: 'NotConnected' } })
  }, 60_000)
})

describeKafka('the Kafka sink and a broker that dies', (shared) => {
  describe.skipIf(shared.tools.via === 'nothing')('of its own', () => {
    test('the broker killed (SIGKILL) in mid-stream, twice: every revision arrives once and in order', async () => {
      const kafka = await startOwnKafka()
      try {
        const prefix = await freshTopics(kafka.brokers)
        const sink = sinkFor(kafka.brokers, prefix)
        const last = 40
        const killedAt = new Set<number>()
        /** The batch that was under way when the broker was dead. */
        const deadAt: number[] = []
        let underWay = 0
        let calamity = Promise.resolve()
        const batch = (n: number): SinkBatch => {
          underWay = n
          // While batch 10 or 25 is on its way.
          if ((n === 10 || n === 25) && !killedAt.has(n)) {
            killedAt.add(n)
            calamity = pause(3).then(async () => {
              await kafka.kill9()
              deadAt.push(underWay)
              await kafka.restart()
            })
          }
          return manyRowsAt(n)
        }
        await goOn(sink, last, batch)
        await calamity
        // Whether the sink is told of it or the client's own retries outlast it is a matter of milliseconds; that it
        // was in mid-stream is not.
        expect(deadAt).toHaveLength(2)
        for (const n of deadAt) expect(n).toBeLessThan(last)
        await sink.close()
        expectOnceInOrder(await foreignRevisions(kafka, queueTopic(prefix), MANY_QUEUES, last), MANY_QUEUES, last)
      } finally {
        await kafka.stop()
      }
    }, 180_000)
  })
})
