import { beforeEach, describe, expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import type { EgressEnd } from '../../../../src/app/pipeline/egress/publishing.js'
import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import type { Sink } from '../../../../src/egress/sink.js'
import { contentId } from '../../../../src/log/content-id.js'
import { LogDamaged, type EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { eventsOf } from '../../../ingress/log-content.js'
import { answers } from '../../../support/answers.js'
import { bookOfLog, bookOfRecords, textOf } from '../../../support/pipeline-life.js'
import { project, silent, take } from '../../../support/pipeline.js'
import { recordingSink, type Fate } from '../../../support/recording-sink.js'

const started = async (log: EventLog, minute: number): Promise<string> => {
  const now = new Date(Date.UTC(2026, 0, 5, 6, minute))
  return (await startGeneration(log, 't', await readGenerations(log, 't'), defaultProfile, undefined, now)).generation
    .name
}
const promoted = async (log: EventLog, name: string, minute: number): Promise<void> => {
  await promote(log, 't', await readGenerations(log, 't'), name, new Date(Date.UTC(2026, 0, 5, 6, minute)))
}

/** 40 events: 40 rows of agents, and the row of the queue once, because they are history when they are folded. */
const AGENTS = 40
const ROWS = AGENTS + 1
const projected = (log: EventLog, generation = 'g1') =>
  project({ log, tenant: 't', profile: defaultProfile, generation, batchMax: 10 })

let log: EventLog
beforeEach(async () => {
  log = memoryLog()
  await take(log, 't', answers(AGENTS))
  await promoted(log, await started(log, 0), 1)
  await projected(log)
})

const egress = (sink: Sink, more: Partial<Parameters<typeof runEgress>[0]> = {}): Promise<EgressEnd> =>
  runEgress({
    ...{
      tenant: 't',
      logs: singleLog(log),
      sink,
      batchMax: 7,
      untilCaughtUp: true,
      signal: new AbortController().signal,
      logger: silent,
      now: () => 0,
    },
    ...more,
  })

const expectAllOnce = async (records: Parameters<typeof bookOfRecords>[0], generation = 'g1'): Promise<void> =>
  expect(textOf(bookOfRecords(records.filter((record) => record.generation === generation)))).toBe(
    textOf(await bookOfLog(log, 't', generation)),
  )

describe('an egress', () => {
  test('publishes every row once, in order, with how far it has come; the next start has nothing to do', async () => {
    const { sink, records, progress } = recordingSink()
    expect(await egress(sink)).toEqual({ kind: 'caught-up' })
    expect(records).toHaveLength(ROWS)
    await expectAllOnce(records)
    expect(records.every(({ replay }) => !replay)).toBe(true)
    const rows = (await eventsOf(log, kpiStream('t', 'g1'))).filter(({ type }) => type.startsWith('Row.'))
    expect(progress()).toMatchObject({ generation: 'g1', revision: rows.at(-1)?.revision, logId: await log.id() })
    expect(await egress(sink)).toEqual({ kind: 'caught-up' })
    expect(records).toHaveLength(ROWS)
  })

  test('without a generation has nothing to do', async () => {
    log = memoryLog()
    expect(await egress(recordingSink().sink)).toEqual({ kind: 'caught-up' })
  })

  test.each<readonly [readonly Fate[]]>([[['lost']], [['lost answer']], [['ok', 'lost', 'ok', 'lost answer']]])(
    'whose writes fare like this: %j, asks where it is and goes on: everything once',
    async (fates) => {
      const { sink, records } = recordingSink(undefined, fates)
      expect(await egress(sink)).toEqual({ kind: 'caught-up' })
      await expectAllOnce(records)
    },
  )

  test('that is fenced out stops: another instance goes on', async () => {
    const { sink, records } = recordingSink(undefined, ['ok', 'fenced'])
    expect(await egress(sink)).toEqual({ kind: 'superseded', by: 'another' })
    expect(records.length).toBeLessThanOrEqual(7)
  })

  test('that is refused stops and hands on the reason', async () => {
    expect(await egress(recordingSink(undefined, ['refused']).sink)).toEqual({ kind: 'refused', reason: 'not today' })
  })

  test('whose log is damaged ends as refused with the reason instead of trying for ever', async () => {
    const damaged: EventLog = {
      ...log,
      // eslint-disable-next-line require-yield
      subscribeStream: async function* () {
        throw new LogDamaged('block 7 is damaged; restore it')
      },
    }
    expect(await egress(recordingSink().sink, { logs: singleLog(damaged), untilCaughtUp: false })).toEqual({
      kind: 'refused',
      reason: 'block 7 is damaged; restore it',
    })
  })

  test('that meets a row of a schema that is in no history ends as refused, and says what to do', async () => {
    const strange = {
      id: contentId('strange'),
      type: 'Row.queue',
      data: Buffer.from('?'),
      metadata: Buffer.from('{"schema":"ffffffffffffffff"}'),
    }
    await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events: [strange] }])
    expect(await egress(recordingSink().sink)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/schema ffffffffffffffff.*run the version that wrote them.*rebuild --promote/),
    })
  })
})

describe('a running egress', () => {
  const live = (sink: Sink) => {
    const stop = new AbortController()
    const ended = egress(sink, { untilCaughtUp: false, signal: stop.signal })
    return { stop: () => (stop.abort(), ended) }
  }

  test('publishes what comes, and stops when told', async () => {
    const { sink, reached, records } = recordingSink()
    const running = live(sink)
    await reached('g1', ROWS)
    await take(log, 't', answers(5, AGENTS))
    await projected(log)
    await reached('g1', ROWS + 5)
    expect(await running.stop()).toEqual({ kind: 'stopped' })
    await expectAllOnce(records)
  })

  test('waits for a first generation', async () => {
    const { sink, reached } = recordingSink()
    const before = log
    log = memoryLog()
    const running = live(sink)
    for await (const batch of before.readAll())
      for (const event of batch) await log.append([{ stream: event.stream, expected: 'any', events: [event] }])
    await reached('g1', ROWS)
    expect(await running.stop()).toEqual({ kind: 'stopped' })
  })

  test('switches to a generation that is promoted and publishes all of it; and to the next', async () => {
    const { sink, reached, records, progress } = recordingSink()
    const running = live(sink)
    await reached('g1', ROWS)
    const second = await started(log, 2)
    await projected(log, second)
    expect(records.some(({ generation }) => generation === second)).toBe(false)
    await promoted(log, second, 3)
    await reached(second, ROWS)
    await expectAllOnce(records, second)
    expect(progress()?.generation).toBe(second)
    const soFar = records.length
    const third = await started(log, 4)
    await projected(log, third)
    await promoted(log, third, 5)
    await reached(third, ROWS)
    expect(await running.stop()).toEqual({ kind: 'stopped' })
    expect(new Set(records.slice(soFar).map(({ generation }) => generation))).toEqual(new Set([third]))
  })
})
