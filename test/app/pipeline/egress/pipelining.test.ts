import { expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import type { Sink, SinkBatch } from '../../../../src/egress/sink.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { revisionsByKey } from '../../../contracts/sink.contract.js'
import { queueRow } from '../../../contract/some-rows.js'
import { ModelBroker } from '../../../support/kafka-model/broker.js'
import { calmNetwork, ConnectionLost, modelCluster, type Network } from '../../../support/kafka-model/client.js'
import { createTopics, deliveredBy, modelSink } from '../../../support/kafka-model/model-sink.js'
import { rowEvents } from '../../../support/kpi-events.js'
import { silent } from '../../../support/pipeline.js'

const BATCHES = 4

/** A log whose live generation holds one row, revisions 1 to `BATCHES`; each is a batch of its own. */
const logOfRevisions = async (): Promise<EventLog> => {
  const log = memoryLog()
  const started = await startGeneration(
    log,
    'acme',
    await readGenerations(log, 'acme'),
    defaultProfile,
    undefined,
    new Date(0),
  )
  await promote(log, 'acme', started.state, 'g1', new Date(0))
  const rows = Array.from({ length: BATCHES }, (_, at) => queueRow({ revision: at + 1 }))
  const events = rowEvents('acme', 'g1', rows, 1n)
  await log.append([{ stream: kpiStream('acme', 'g1'), expected: 'any', events }])
  return log
}

const eventLoopTurns = async (turns: number): Promise<void> => {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Runs an egress on the model; `calls` are its calls in order. `commit` says what becomes of the nth commit of rows. */
const publishing = async (commit: (nth: number) => 'answered' | 'lost') => {
  const broker = new ModelBroker()
  createTopics(broker)
  const calls: string[] = []
  const calm = calmNetwork(broker)
  let commits = 0
  let lost = 0
  const network: Network = {
    ...calm,
    connect: () => {
      const connection = calm.connect()
      return {
        call: async (name, request) => {
          if (name !== 'EndTxn' || !calls.at(-1)?.startsWith('write')) return connection.call(name, request)
          const nth = (commits += 1)
          calls.push('commit is sent')
          const answer = await connection.call(name, request)
          await eventLoopTurns(5) // whatever can be done before the answer comes is done
          if (commit(nth) === 'lost') {
            lost += 1
            calls.push('its answer is lost')
            throw new ConnectionLost('lost')
          }
          calls.push('it is answered')
          return answer
        },
      }
    },
  }
  const real = modelSink(broker, {}, modelCluster(broker, network))
  const revisionOf = ({ records: [record] }: SinkBatch): string =>
    record?.kind === 'row' ? String(record.header.revision) : 'none'
  const sink: Sink = {
    ...real,
    prepare: (batch) => {
      calls.push(`prepare ${revisionOf(batch)}`)
      real.prepare?.(batch)
    },
    write: (batch, signal) => () => {
      calls.push(`write ${revisionOf(batch)}`)
      return real.write(batch, signal)()
    },
  }
  const end = await runEgress({
    ...{ tenant: 'acme', logs: singleLog(await logOfRevisions()), sink, batchMax: 1, untilCaughtUp: true },
    ...{ signal: new AbortController().signal, logger: silent, now: () => 0, retry: { firstMs: 1, maxMs: 1 } },
  })
  expect(end).toEqual({ kind: 'caught-up' })
  expect(Object.values(revisionsByKey(deliveredBy(broker)))).toEqual([[1, 2, 3, 4]])
  return { calls, lost }
}

test('the next batch is prepared while the last one commits, and only the next one', async () => {
  const { calls } = await publishing(() => 'answered')
  expect(calls).toEqual([
    ...['prepare 1', 'write 1', 'commit is sent', 'prepare 2', 'it is answered'],
    ...['write 2', 'commit is sent', 'prepare 3', 'it is answered'],
    ...['write 3', 'commit is sent', 'prepare 4', 'it is answered'],
    ...['write 4', 'commit is sent', 'it is answered'],
  ])
})

test('a batch that was prepared when the one before failed is thrown away, and the progress says what comes next', async () => {
  const { calls, lost } = await publishing((nth) => (nth === 2 ? 'lost' : 'answered'))
  expect(lost).toBe(1)
  expect(calls.slice(5)).toEqual([
    ...['write 2', 'commit is sent', 'prepare 3', 'its answer is lost'],
    // It was committed all the same.
    ...['prepare 3', 'write 3', 'commit is sent', 'prepare 4', 'it is answered'],
    ...['write 4', 'commit is sent', 'it is answered'],
  ])
})
