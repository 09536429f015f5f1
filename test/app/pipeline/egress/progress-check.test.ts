import { beforeEach, describe, expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import type { EgressEnd } from '../../../../src/app/pipeline/egress/publishing.js'
import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { memoryDestination, memorySink } from '../../../../src/egress/memory-sink.js'
import type { Progress, Sink } from '../../../../src/egress/sink.js'
import { contentId } from '../../../../src/log/content-id.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { answers } from '../../../support/answers.js'
import { bookOfLog, bookOfRecords, textOf } from '../../../support/pipeline-life.js'
import { project, silent, take } from '../../../support/pipeline.js'
import { recordingSink } from '../../../support/recording-sink.js'

/** A log whose generation `g1` is live and has a row for each of so many agents, and more. */
const logWith = async (agents: number, from = 0): Promise<EventLog> => {
  const log = memoryLog()
  await take(log, 't', answers(agents, from))
  const now = new Date(Date.UTC(2026, 0, 5, 6))
  const { generation } = await startGeneration(
    log,
    't',
    await readGenerations(log, 't'),
    defaultProfile,
    undefined,
    now,
  )
  await promote(log, 't', await readGenerations(log, 't'), generation.name, now)
  await project({ log, tenant: 't', profile: defaultProfile, generation: 'g1', batchMax: 10 })
  return log
}

const egress = (log: EventLog, sink: Sink, more: Partial<Parameters<typeof runEgress>[0]> = {}): Promise<EgressEnd> =>
  runEgress({
    tenant: 't',
    logs: singleLog(log),
    sink,
    batchMax: 7,
    untilCaughtUp: true,
    signal: new AbortController().signal,
    logger: silent,
    now: () => 0,
    ...more,
  })

let log: EventLog
beforeEach(async () => {
  log = await logWith(20)
})

const refusedFor = (code: string) => ({
  kind: 'refused',
  reason: expect.stringContaining(`streamvane run --accept-progress ${code}`),
})

describe('the progress at a destination', () => {
  test('says which log and which row was published last, by its place and its content', async () => {
    const { sink, progress } = recordingSink()
    expect(await egress(log, sink)).toEqual({ kind: 'caught-up' })
    const reached = progress() ?? expect.fail('no progress')
    const events = []
    for await (const batch of log.readStream('t.kpi-g1', { from: reached.revision, max: 1 })) events.push(...batch)
    expect(reached).toEqual({
      generation: 'g1',
      promotion: 1,
      revision: reached.revision,
      logId: await log.id(),
      eventId: contentId('published', events[0]?.type ?? '', events[0]?.data ?? ''),
    })
  })

  test('of another log is refused, and that log goes on; accepted, all rows of this one are published', async () => {
    const other = await logWith(30, 100)
    const { sink, records } = recordingSink()
    expect(await egress(log, sink)).toEqual({ kind: 'caught-up' })
    const before = records.length
    expect(await egress(other, sink)).toMatchObject(refusedFor('other-log'))
    expect(records).toHaveLength(before)
    expect(await egress(log, sink)).toEqual({ kind: 'caught-up' })
    expect(await egress(other, sink, { acceptProgress: ['other-log'] })).toEqual({ kind: 'caught-up' })
    const published = records.slice(before)
    expect(textOf(bookOfRecords(published))).toBe(textOf(await bookOfLog(other, 't', 'g1')))
    expect(await egress(other, sink)).toEqual({ kind: 'caught-up' })
    expect(records).toHaveLength(before + published.length)
  })

  test('of a generation that this log does not have is that of another log', async () => {
    const { sink } = recordingSink({ generation: 'g7', revision: 3 })
    expect(await egress(log, sink)).toMatchObject(refusedFor('other-log'))
  })

  test.each<[what: string, changed: (reached: Progress) => Progress]>([
    ['another event at its revision', (reached) => ({ ...reached, eventId: 'of a copy that was written to' })],
    ['nothing at its revision', (reached) => ({ ...reached, revision: reached.revision + 1_000 })],
    ['nothing at the revision of a record of version 1', () => ({ generation: 'g1', revision: 10_000 })],
  ])('is refused where this log holds %s; accepted, all rows are published again', async (_, changed) => {
    const first = recordingSink()
    await egress(log, first.sink)
    const progress = changed(first.progress() ?? expect.fail('no progress'))
    const { sink, records } = recordingSink(progress)
    expect(await egress(log, sink)).toMatchObject(refusedFor('other-history'))
    expect(records).toEqual([])
    expect(await egress(log, sink, { acceptProgress: ['other-history'] })).toEqual({ kind: 'caught-up' })
    expect(records).toHaveLength(first.records.length)
  })

  test('of version 1 is gone on from where the log holds its revision', async () => {
    const first = recordingSink()
    await egress(log, first.sink)
    const { revision = 0 } = first.progress() ?? {}
    const { sink, records } = recordingSink({ generation: 'g1', revision })
    expect(await egress(log, sink)).toEqual({ kind: 'caught-up' })
    expect(records).toEqual([])
  })
})

test('an idle egress that another instance has superseded ends without writing', async () => {
  const destination = memoryDestination()
  const stop = new AbortController()
  let published = (): void => {}
  const isPublished = new Promise<void>((resolve) => (published = resolve))
  const idle = egress(log, memorySink(destination), {
    untilCaughtUp: false,
    ownerCheckMs: 5,
    signal: stop.signal,
    onProgress: () => published(),
  })
  await isPublished
  const newer = memorySink(destination)
  await newer.connect(stop.signal)()
  expect(await idle).toMatchObject({ kind: 'superseded' })
})
