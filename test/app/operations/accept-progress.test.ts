import * as E from 'fp-ts/lib/Either.js'
import { beforeEach, expect, test } from 'vitest'
import { acceptProgress } from '../../../src/app/operations/accept-progress.js'
import { runEgress } from '../../../src/app/pipeline/egress/egress.js'
import { promote, readGenerations, startGeneration } from '../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import type { Sink } from '../../../src/egress/sink.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { answers } from '../../support/answers.js'
import { project, silent, take } from '../../support/pipeline.js'
import { recordingSink } from '../../support/recording-sink.js'

const signal = new AbortController().signal
const now = new Date(Date.UTC(2026, 0, 5, 6))

const newGeneration = async (log: EventLog): Promise<void> => {
  const before = await readGenerations(log, 't')
  const { generation } = await startGeneration(log, 't', before, defaultProfile, undefined, now)
  await promote(log, 't', await readGenerations(log, 't'), generation.name, now)
  await project({ log, tenant: 't', profile: defaultProfile, generation: generation.name, batchMax: 10 })
}

const logWith = async (agents: number, from = 0): Promise<EventLog> => {
  const log = memoryLog()
  await take(log, 't', answers(agents, from))
  await newGeneration(log)
  return log
}

const egress = (log: EventLog, sink: Sink) =>
  runEgress({
    ...{ tenant: 't', logs: singleLog(log), sink, batchMax: 7, untilCaughtUp: true, signal, logger: silent },
    now: () => 0,
  })

const accept = (log: EventLog, sink: Sink, dryRun: boolean) =>
  acceptProgress({ tenant: 't', logs: singleLog(log), sink, codes: ['other-log', 'other-history'], dryRun, signal })

let [one, other]: EventLog[] = []
beforeEach(async () => {
  ;[one, other] = [await logWith(20), await logWith(30, 100)]
})

test('a mismatch that is accepted once is not refused again, and what was announced is published', async () => {
  const { sink, records, progress } = recordingSink()
  await egress(one as EventLog, sink)
  const before = [records.length, progress()]
  expect(await egress(other as EventLog, sink)).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('streamvane egress accept other-log --why'),
  })

  const dry = await accept(other as EventLog, sink, true)
  expect([records.length, progress()]).toEqual(before)
  expect(await accept(other as EventLog, sink, false)).toEqual(dry)
  expect(records).toHaveLength(before[0] as number)

  expect(await egress(other as EventLog, sink)).toEqual({ kind: 'caught-up' })
  expect(dry).toMatchObject(E.right({ revision: 0, rows: records.length - (before[0] as number) }))
  expect(await egress(one as EventLog, sink)).toMatchObject({ kind: 'refused' })
})

test('a mismatch that is not named is refused still', async () => {
  const { sink } = recordingSink()
  await egress(one as EventLog, sink)
  const options = { tenant: 't', logs: singleLog(other as EventLog), sink, dryRun: false, signal }
  expect(await acceptProgress({ ...options, codes: ['topic-recreated'] })).toMatchObject({ left: { tag: 'Refused' } })
})

test('where the progress matches nothing changes: publishing goes on behind it', async () => {
  const { sink, progress } = recordingSink()
  await egress(one as EventLog, sink)
  const before = progress()
  expect(await accept(one as EventLog, sink, false)).toMatchObject({
    right: { revision: (before?.revision ?? NaN) + 1, rows: 0 },
  })
  expect(progress()).toEqual(before)
})

test('rows computed anew under another name need nothing accepted after the log went another way', async () => {
  const first = recordingSink()
  await egress(one as EventLog, first.sink)
  const found = first.progress() ?? expect.fail('no progress')
  const { sink, records } = recordingSink({ ...found, eventId: 'of a copy that was written to' })
  expect(await egress(one as EventLog, sink)).toMatchObject({
    reason: expect.stringMatching(/rebuild --promote.*egress accept other-history/),
  })
  await newGeneration(one as EventLog)
  expect(await egress(one as EventLog, sink)).toEqual({ kind: 'caught-up' })
  expect(new Set(records.map(({ generation }) => generation))).toEqual(new Set(['g2']))
})
