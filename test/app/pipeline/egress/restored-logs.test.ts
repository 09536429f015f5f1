import { beforeEach, describe, expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import type { EgressEnd, EgressOptions } from '../../../../src/app/pipeline/egress/publishing.js'
import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { memoryDestination, memorySink } from '../../../../src/egress/memory-sink.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { answers } from '../../../support/answers.js'
import { bookOfLog, bookOfRecords, textOf } from '../../../support/pipeline-life.js'
import { project, silent, take } from '../../../support/pipeline.js'

const at = new Date(Date.UTC(2026, 0, 5, 6))

/** A log with one live generation, whose rows are those of as many answers from `from` on. */
const logOf = async (count: number, from = 0): Promise<EventLog> => {
  const log = memoryLog()
  const { state, generation } = await startGeneration(
    log,
    't',
    await readGenerations(log, 't'),
    defaultProfile,
    undefined,
    at,
  )
  await promote(log, 't', state, generation.name, at)
  await project({ log: await grown(log, count, from), tenant: 't', profile: defaultProfile, batchMax: 10 })
  return log
}

const grown = async (log: EventLog, count: number, from: number): Promise<EventLog> => {
  await take(log, 't', answers(count, from))
  return log
}

/** The log as a backup holds it, its id included. */
const restored = async (log: EventLog): Promise<EventLog> => {
  const copy = memoryLog()
  for await (const batch of log.readAll())
    for (const event of batch) await copy.append([{ stream: event.stream, expected: 'any', events: [event] }])
  const id = await log.id()
  return { ...copy, id: () => Promise.resolve(id) }
}

const publish = (log: EventLog, more: Partial<EgressOptions> = {}): Promise<EgressEnd> =>
  runEgress({
    ...{ tenant: 't', logs: singleLog(log), sink: memorySink(destination), batchMax: 7, untilCaughtUp: true },
    ...{ signal: new AbortController().signal, logger: silent, now: () => 0, ...more },
  })

const project5 = async (log: EventLog, from: number): Promise<void> => {
  await grown(log, 5, from)
  await project({ log, tenant: 't', profile: defaultProfile, batchMax: 10 })
}

let destination: ReturnType<typeof memoryDestination>
let log: EventLog
beforeEach(async () => {
  destination = memoryDestination()
  log = await logOf(20)
})

describe('an egress whose destination was published to from another log', () => {
  test('refuses before it fences anybody out, with the reason and what to do, although the generation has the same name', async () => {
    const other = await logOf(20)
    expect(await publish(other)).toEqual({ kind: 'caught-up' })
    const [before, epoch] = [destination.records.length, destination.epoch]
    const end = await publish(log)
    expect(end).toMatchObject({ kind: 'refused', reason: expect.stringContaining(await other.id()) as string })
    expect(end).toMatchObject({ reason: expect.stringContaining('--accept-progress other-log') as string })
    expect([destination.records.length, destination.epoch]).toEqual([before, epoch])
  })

  test('of another log with more generations refuses too', async () => {
    destination.progress = { generation: 'g7', revision: 3 }
    expect(await publish(log)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('generation g7 were published to memory, which this log does not have') as string,
    })
  })

  test('publishes the live generation from its beginning where the operator accepts it', async () => {
    await publish(await logOf(3, 500))
    destination.records.length = 0
    expect(await publish(log, { acceptProgress: ['other-log'] })).toEqual({ kind: 'caught-up' })
    expect(textOf(bookOfRecords(destination.records))).toBe(textOf(await bookOfLog(log, 't', 'g1')))
    expect(await publish(log)).toEqual({ kind: 'caught-up' })
  })

  test('two logs that publish in turn: the second is refused each time, and nothing is doubled', async () => {
    const other = await logOf(10, 100)
    for (let turn = 0; turn < 3; turn++) {
      expect(await publish(log)).toEqual({ kind: 'caught-up' })
      expect(await publish(other)).toMatchObject({ kind: 'refused' })
      await project5(log, 20 + 5 * turn)
      await project5(other, 200 + 5 * turn)
    }
    await publish(log)
    expect(textOf(bookOfRecords(destination.records))).toBe(textOf(await bookOfLog(log, 't', 'g1')))
  })
})

describe('an egress whose log was restored from an older copy than the destination', () => {
  test('refuses as long as the log is shorter than what was published', async () => {
    const older = await restored(log)
    await project5(log, 20)
    await publish(log)
    expect(await publish(older)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/through revision \d+, where this log holds another row or nothing/) as string,
    })
  })

  test('refuses once the log has grown beyond it by other events', async () => {
    const older = await restored(log)
    await project5(log, 20)
    await publish(log)
    await project5(older, 300)
    await project5(older, 305)
    const end = await publish(older)
    expect(end).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/through revision \d+, where this log holds another row or nothing/) as string,
    })
    expect(end).toMatchObject({ reason: expect.stringContaining('--accept-progress other-history') as string })
  })

  test('goes on where log and destination have the same history', async () => {
    const copy = await restored(log)
    await publish(log)
    await project5(copy, 20)
    expect(await publish(copy)).toEqual({ kind: 'caught-up' })
    expect(textOf(bookOfRecords(destination.records))).toBe(textOf(await bookOfLog(copy, 't', 'g1')))
  })
})

test('a progress of an earlier version, which names no log, is compared by its revision and then named', async () => {
  await publish(log)
  const { generation, revision } = destination.progress ?? { generation: '', revision: 0 }
  destination.progress = { generation, revision }
  await project5(log, 20)
  expect(await publish(log)).toEqual({ kind: 'caught-up' })
  expect(destination.progress).toMatchObject({ logId: await log.id() })
  expect(textOf(bookOfRecords(destination.records))).toBe(textOf(await bookOfLog(log, 't', 'g1')))
  destination.progress = { generation, revision: 10_000 }
  expect(await publish(log)).toMatchObject({ kind: 'refused' })
})
