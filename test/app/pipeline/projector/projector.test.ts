import { describe, expect, test } from 'vitest'
import { recover } from '../../../../src/contract/kpi-stream/marks.js'
import { runProjector, type ProjectorEnd } from '../../../../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../../../../src/app/pipeline/projector/snapshots.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { conversationStream, deadLetterStream, kpiStream } from '../../../../src/domain/stream-name.js'
import { contentId } from '../../../../src/log/content-id.js'
import { LogDamaged, LogUnavailable, type EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { eventsOf } from '../../../ingress/log-content.js'
import { answers } from '../../../support/answers.js'
import { failingAppend } from '../../../support/failing-log.js'
import { bookOfLog, everyRevision, expectSameRows, projectOnce } from '../../../support/pipeline-life.js'
import { generationOf, silent, take } from '../../../support/pipeline.js'

const generation = generationOf(defaultProfile)
const EVENTS = 60

const logOf = async (lines: readonly string[]): Promise<EventLog> => {
  const log = memoryLog()
  await take(log, 't', lines)
  return log
}

const projected = (raw: EventLog, kpi: EventLog, batchMax = 10): Promise<ProjectorEnd> =>
  projectOnce(raw, kpi, { tenant: 't', generation, batchMax, snapshots: noSnapshots })

const expectEveryRow = async (raw: EventLog, kpi: EventLog): Promise<void> =>
  expectSameRows(await bookOfLog(kpi, 't', 'g1'), await everyRevision(raw, 't', defaultProfile))

describe('an append that the log does not answer', () => {
  test.each([
    [1, false],
    [3, false],
    [1, true],
    [3, true],
    [6, true],
  ])('the %i. of them, made all the same: %s: the projector looks where it is and goes on', async (n, applied) => {
    const raw = await logOf(answers(EVENTS))
    const kpi = memoryLog()
    const failure = { tag: 'NotAvailable', cause: new Error('the disk is away') } as const
    expect(await projected(raw, failingAppend(kpi, n, failure, applied))).toMatchObject({ kind: 'caught-up' })
    await expectEveryRow(raw, kpi)
  })

  test('a raw log that fails while an append is on its way: the projector does not take its own append for that of another', async () => {
    const raw = await logOf(answers(EVENTS))
    const kpi = memoryLog()
    let failed = false
    let answer: (() => void) | undefined
    const slow: EventLog = {
      ...kpi,
      append: async (entries) => {
        if (!failed) await new Promise<void>((resolve) => (answer = resolve))
        return kpi.append(entries)
      },
    }
    const failing: EventLog = {
      ...raw,
      subscribe: async function* (options) {
        if (failed) answer?.()
        // The next attempt cuts the batches elsewhere, as it may where they come live.
        for await (const message of raw.subscribe(failed ? { ...options, batchMax: 7 } : options)) {
          if (!failed && answer !== undefined) {
            failed = true
            setTimeout(answer, 400) // longer than the pause before the next attempt, which must not begin without it
            throw new LogUnavailable('the log is being moved')
          }
          yield message
        }
      },
    }
    expect(await projected(failing, slow)).toMatchObject({ kind: 'caught-up' })
    expect(failed).toBe(true)
    await expectEveryRow(raw, kpi)
  })
})

describe('an append that the log answers', () => {
  test('with a wrong revision: somebody else projects this generation, and this one stops', async () => {
    const raw = await logOf(answers(EVENTS))
    const kpi = memoryLog()
    let appends = 0
    const disturbed: EventLog = {
      ...kpi,
      append: async (entries) => {
        if (++appends === 3) await projected(raw, kpi, 7)
        return kpi.append(entries)
      },
    }
    expect(await projected(raw, disturbed)).toMatchObject({
      kind: 'superseded',
      by: expect.stringContaining(kpiStream('t', 'g1')),
    })
    await expectEveryRow(raw, kpi)
  })

  test('with a refusal: it stops and hands on the reason', async () => {
    const raw = await logOf(answers(EVENTS))
    const refusing = failingAppend(memoryLog(), 2, { tag: 'Refused', reason: 'the log is full' })
    expect(await projected(raw, refusing)).toEqual({ kind: 'refused', reason: 'the log is full' })
  })
})

test('told to stop, it leaves a checkpoint at the last event it has folded, and the next start goes on there', async () => {
  const raw = await logOf(answers(EVENTS))
  const kpi = memoryLog()
  const stop = new AbortController()
  const ended = runProjector({
    ...{
      tenant: 't',
      generation,
      raw,
      kpi,
      snapshots: noSnapshots,
      batchMax: 10,
      untilCaughtUp: false,
      logger: silent,
      now: () => 0,
    },
    signal: stop.signal,
    onProgress: ({ events }) => events >= 30 && stop.abort(),
  })
  expect(await ended).toEqual({ kind: 'stopped' })
  const { checkpoint, cutShort } = await recover(kpi, 't', 'g1')
  expect(cutShort).toBeUndefined()
  expect(checkpoint?.position).toBeLessThan((await raw.head()) as bigint)
  expect((await eventsOf(kpi, kpiStream('t', 'g1'))).at(-1)?.type).toBe('Checkpoint')
  expect(await projected(raw, kpi)).toEqual({ kind: 'caught-up', position: await raw.head() })
  await expectEveryRow(raw, kpi)
})

test('what this version cannot decode is set aside once, named by where it lies, and the rest is counted', async () => {
  const raw = await logOf(answers(5))
  const stream = conversationStream('t', 'broken')
  const data = Buffer.from('{"topicName":"v2.analytics.conversation.broken.metrics","eventBody":{"metric":7}}')
  const event = {
    id: contentId('broken'),
    type: 'v2.analytics.conversation.{id}.metrics',
    data,
    metadata: Buffer.from('{}'),
  }
  await raw.append([{ stream, expected: 'any', events: [event] }])
  await take(raw, 't', answers(5, 5))
  const kpi = memoryLog()
  const failure = { tag: 'NotAvailable', cause: new Error('away') } as const
  expect(await projected(raw, failingAppend(kpi, 2, failure), 100)).toMatchObject({ kind: 'caught-up' })
  const letters = await eventsOf(kpi, deadLetterStream('t'))
  expect(
    letters.map((letter) => [
      Buffer.from(letter.data).toString(),
      JSON.parse(Buffer.from(letter.metadata).toString()) as unknown,
    ]),
  ).toEqual([[data.toString(), expect.objectContaining({ stage: 'projector', origin: `${stream}@0` })]])
  await expectEveryRow(raw, kpi)
})

test('a projector whose raw log is damaged ends as refused with the reason instead of trying for ever', async () => {
  const raw: EventLog = {
    ...(await logOf(answers(EVENTS))),
    // eslint-disable-next-line require-yield
    subscribe: async function* () {
      throw new LogDamaged('block 7 is damaged; restore it')
    },
  }
  expect(await projected(raw, memoryLog())).toEqual({ kind: 'refused', reason: 'block 7 is damaged; restore it' })
})
