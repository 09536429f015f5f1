import { expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import type { Sink } from '../../../../src/egress/sink.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { answers } from '../../../support/answers.js'
import { project, silent, take } from '../../../support/pipeline.js'
import { recordingSink } from '../../../support/recording-sink.js'

const BATCH = 5

test('a destination that does not answer a write stops the reading of the log after three batches', async () => {
  const log = memoryLog()
  await take(log, 't', answers(60))
  const at = new Date(Date.UTC(2026, 0, 5, 6))
  const { generation } = await startGeneration(log, 't', await readGenerations(log, 't'), defaultProfile, undefined, at)
  await promote(log, 't', await readGenerations(log, 't'), generation.name, at)
  await project({ log, tenant: 't', profile: defaultProfile, generation: 'g1', batchMax: 10 })

  let read = 0
  const counting: EventLog = {
    ...log,
    subscribeStream: async function* (...args: Parameters<EventLog['subscribeStream']>) {
      for await (const message of log.subscribeStream(...args)) {
        if (args[0] === 't.kpi-g1' && message.kind === 'events') read += message.events.length
        yield message
      }
    },
  }
  let answer = (): void => {}
  let asked = (): void => {}
  const isAsked = new Promise<void>((resolve) => (asked = resolve))
  const { sink, records } = recordingSink()
  const stuck: Sink = {
    ...sink,
    write: (batch, signal) => async () => {
      asked()
      await new Promise<void>((resolve) => (answer = resolve))
      return sink.write(batch, signal)()
    },
  }
  const stop = new AbortController()
  const ended = runEgress({
    ...{ tenant: 't', logs: singleLog(counting), sink: stuck, batchMax: BATCH, untilCaughtUp: false },
    ...{ signal: stop.signal, logger: silent, now: () => 0 },
  })
  await isAsked
  // Whatever else would be read is read now: nothing of it waits for a timer.
  for (let turn = 0; turn < 1_000; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(records).toEqual([])
  expect(read).toBeGreaterThan(0)
  // One that is being written, one that is encoded behind it, and one that was read and waits for its turn.
  expect(read).toBeLessThanOrEqual(3 * BATCH)
  stop.abort()
  answer()
  await ended
})
