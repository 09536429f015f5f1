import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pushedFeeds } from '../../../../src/app/feeds/plans.js'
import { appendFeedEvents, decodeFeedEvent, type FeedEvent } from '../../../../src/app/feeds/log/events.js'
import { runFeed } from '../../../../src/app/pipeline/feeds/feed-stage.js'
import { startStage, type StageEnd, type StageHandle } from '../../../../src/app/pipeline/stage.js'
import { MINUTE_MS } from '../../../../src/domain/interval.js'
import type { Row } from '../../../../src/domain/row.js'
import { feedsStream } from '../../../../src/domain/stream-name.js'
import { feedConfig, feedLog, type FeedLog } from '../../../support/feed-log.js'
import { lawRuns } from '../../../support/law-runs.js'
import { silent } from '../../../support/pipeline.js'
import { recordedReceiver, type RecordedReceiver } from '../../../support/recorded-receiver.js'
import { at, QUARTER, restated, sales } from '../../reconcile/fixtures.js'

const START = '2026-01-05T10:00:00Z'

const feed = (more: Readonly<Record<string, unknown>> = {}, push: Readonly<Record<string, unknown>> = {}) => ({
  ...{ name: 'wfm', family: 'queue', by: ['queueId'], cutOff: 'PT5M' },
  corrections: { every: 'PT1S', tolerances: { aht: '10%' } },
  layouts: [
    {
      version: 1,
      columns: [
        { name: 'start', value: 'interval.start' },
        { name: 'queue', value: 'queueId' },
        { name: 'offered', value: 'nOffered.count' },
        { name: 'aht', value: 'aht', format: 'seconds' },
        { name: 'status', value: 'status' },
      ],
      csv: { header: false, lineEnd: 'lf' },
    },
  ],
  push: { use: 'https', url: 'https://wfm.example/', version: 1, start: START, ...push },
  ...more,
})

type Settings = ReturnType<typeof feed>

const plain = feed()
const [plainPlan] = pushedFeeds(feedConfig([plain]))

/** The stage of a feed over a log, at the instant `now`. */
const stageOf = (
  log: FeedLog,
  receiver: RecordedReceiver,
  now: () => number,
  { settings = plain, untilCaughtUp = true }: Readonly<{ settings?: Settings; untilCaughtUp?: boolean }> = {},
): StageHandle => {
  const plan = settings === plain ? plainPlan : pushedFeeds(feedConfig([settings]))[0]
  return startStage({
    ...{ name: 'feed.wfm', signal: new AbortController().signal, now, onState: () => undefined },
    work: (control) => {
      control.started()
      return runFeed(
        {
          ...{ tenant: 't', plan: plan!, logs: log.logs, data: undefined, receiver, now, logger: silent },
          ...{ everyMs: 10, retry: { firstMs: 1, maxMs: 2 }, untilCaughtUp, isAlone: true },
        },
        control,
      )
    },
  })
}

const run = (...args: Parameters<typeof stageOf>): Promise<StageEnd> => stageOf(...args).ended

const eventsOf = async ({ log }: FeedLog): Promise<readonly FeedEvent[]> => {
  const events: FeedEvent[] = []
  for await (const batch of log.readStream(feedsStream('t'))) events.push(...batch.map(decodeFeedEvent))
  return events
}

const textsOf = ({ accepted }: RecordedReceiver): readonly string[] => accepted.map(({ bytes }) => bytes.toString())

const calls = (start: number, handled: readonly number[]): Row =>
  sales(start, { nOffered: handled.length, tAnswered: handled.map(() => 1_000), tHandle: handled })

test('each interval is delivered once, as soon as it is complete', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add([calls(at(0), [60_000])], [[at(0), at(1)]])
  expect(await run(log, receiver, () => at(1) + 1)).toEqual({ kind: 'caught-up' })
  expect(textsOf(receiver)).toEqual(['2026-01-05T10:00:00Z,sales,1,60,final\n'])
  await log.add([calls(at(1), [30_000])], [[at(1), at(2)]])
  await run(log, receiver, () => at(2) + 1)
  await run(log, receiver, () => at(2) + 2)
  expect(textsOf(receiver).slice(1)).toEqual(['2026-01-05T10:15:00Z,sales,1,30,final\n'])
  expect(receiver.accepted.map(({ number, name }) => [number, name])).toEqual([
    [1, 'wfm_20260105T1000+0000_000001.csv'],
    [2, 'wfm_20260105T1015+0000_000002.csv'],
  ])
})

test('an interval that is not complete at its cut-off is delivered as it is and said to be provisional, and again once it is complete', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add([calls(at(0), [60_000])])
  await run(log, receiver, () => at(1) + 5 * MINUTE_MS - 1)
  expect(receiver.accepted).toEqual([])
  await run(log, receiver, () => at(1) + 5 * MINUTE_MS)
  expect(textsOf(receiver)).toEqual(['2026-01-05T10:00:00Z,sales,1,60,provisional\n'])
  expect(receiver.accepted[0]).toMatchObject({ complete: false })
  expect(JSON.parse(receiver.accepted[0]!.manifest.toString())).toMatchObject({
    ...{ complete: false, incomplete: ['2026-01-05T10:00:00Z'], kind: 'regular', delivery: 1 },
  })
  // Nothing changed but that the interval is complete now.
  await log.add([], [[at(0), at(1)]])
  await run(log, receiver, () => at(1) + 6 * MINUTE_MS)
  expect(textsOf(receiver).slice(1)).toEqual(['2026-01-05T10:00:00Z,sales,1,60,final\n'])
  expect((await eventsOf(log)).filter(({ type }) => type === 'DeliveryBegan')).toMatchObject([
    { number: 1, kind: 'regular', incomplete: ['2026-01-05T10:00:00Z'] },
    { number: 2, kind: 'correction', reasons: ['completed'], incomplete: [] },
  ])
})

test('intervals are delivered again where they changed beyond the tolerance, in one delivery with the reason, and no others', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  const rows = [0, 1, 2, 3].map((n) => calls(at(n), [100_000, 100_000]))
  await log.add(
    rows,
    [0, 1, 2, 3].map((n) => [at(n), at(n + 1)]),
  )
  await run(log, receiver, () => at(4))
  expect(receiver.accepted).toHaveLength(4)
  await log.add([
    // Its average handle time moves by 5 %, which is tolerated; the count of the other does not.
    restated(rows[0]!, { nOffered: 2, tAnswered: [1_000, 1_000], tHandle: [100_000, 110_000] }, 'handled'),
    restated(rows[1]!, { nOffered: 3, tAnswered: [1_000, 1_000], tHandle: [100_000, 100_000] }, 'late'),
    restated(rows[3]!, { nOffered: 2, tAnswered: [1_000, 1_000], tHandle: [100_000, 300_000] }, 'handled'),
  ])
  await run(log, receiver, () => at(4) + 1)
  await run(log, receiver, () => at(4) + 5_000)
  expect(textsOf(receiver).slice(4)).toEqual([
    '2026-01-05T10:15:00Z,sales,3,100,corrected\n2026-01-05T10:45:00Z,sales,2,200,corrected\n',
  ])
  expect((await eventsOf(log)).findLast(({ type }) => type === 'DeliveryBegan')).toMatchObject({
    ...{ number: 5, kind: 'correction', reasons: ['handled', 'late'] },
    ranges: [
      { from: '2026-01-05T10:15:00Z', to: '2026-01-05T10:30:00Z' },
      { from: '2026-01-05T10:45:00Z', to: '2026-01-05T11:00:00Z' },
    ],
  })
})

test('small changes add up: they are measured from what was delivered last, not from what was seen last', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  let row = calls(at(0), [100_000])
  await log.add([row], [[at(0), at(1)]])
  await run(log, receiver, () => at(1))
  for (const [n, handled] of [104_000, 108_000, 112_000].entries()) {
    row = restated(row, { nOffered: 1, tAnswered: [1_000], tHandle: [handled] }, 'handled')
    await log.add([row])
    await run(log, receiver, () => at(1) + 10_000 * (n + 1))
  }
  expect(textsOf(receiver).slice(1)).toEqual(['2026-01-05T10:00:00Z,sales,1,112,corrected\n'])
})

test('after a promotion only what the other generation says otherwise is delivered again', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  const complete = [0, 1].map((n) => [at(n), at(n + 1)] as const)
  await log.add([calls(at(0), [100_000]), calls(at(1), [100_000])], complete)
  await run(log, receiver, () => at(2))
  await log.promoteNext()
  await log.add([calls(at(0), [100_000]), calls(at(1), [200_000])], complete)
  await run(log, receiver, () => at(2) + 1)
  expect(textsOf(receiver).slice(2)).toEqual(['2026-01-05T10:15:00Z,sales,1,200,final\n'])
  expect((await eventsOf(log)).findLast(({ type }) => type === 'DeliveryBegan')).toMatchObject({
    reasons: ['changed', 'generation'],
  })
})

test('a receiver that is away gets the same file again until it takes it; one that refuses a file is told the next one', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add(
    [calls(at(0), [60_000]), calls(at(1), [60_000])],
    [0, 1].map((n) => [at(n), at(n + 1)] as const),
  )
  receiver.answers.push({ tag: 'NotDelivered', why: 'away' }, { tag: 'NotDelivered', why: 'away' })
  receiver.answers.push({ tag: 'FileRefused', status: '422', why: 'unknown queue' })
  expect(await run(log, receiver, () => at(2))).toEqual({ kind: 'caught-up' })
  expect(receiver.sent.map(({ number }) => number)).toEqual([1, 1, 1, 2])
  expect(new Set(receiver.sent.slice(0, 3).map(({ sha256 }) => sha256)).size).toBe(1)
  expect((await eventsOf(log)).filter(({ type }) => type === 'DeliveryEnded')).toMatchObject([
    { number: 1, result: 'refused', attempts: 3, answer: { status: '422', words: 'unknown queue' } },
    { number: 2, result: 'accepted', attempts: 1 },
  ])
})

test('a layout that was changed under its version delivers nothing, and says what to do', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add([calls(at(0), [60_000])], [[at(0), at(1)]])
  await run(log, receiver, () => at(1))
  await log.add([calls(at(1), [60_000])], [[at(1), at(2)]])
  const { layouts } = feed()
  const changed = feed({ layouts: [{ ...layouts[0], columns: layouts[0]!.columns.slice(1) }] })
  const end = await run(log, receiver, () => at(2), { settings: changed })
  expect(end).toMatchObject({ kind: 'refused', reason: expect.stringContaining('a version of its own') })
  const next = feed(
    { layouts: [layouts[0], { ...layouts[0], version: 2, columns: layouts[0]!.columns.slice(1) }] },
    { version: 2 },
  )
  expect(await run(log, receiver, () => at(2), { settings: next })).toEqual({ kind: 'caught-up' })
  expect(textsOf(receiver).slice(1)).toEqual(['sales,1,60,final\n'])
})

test('a delivery whose file cannot be made again is given up, and its period is delivered under another number', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add([calls(at(0), [60_000])], [[at(0), at(1)]])
  receiver.answers.push('throws')
  expect(await run(log, receiver, () => at(1))).toMatchObject({ kind: 'failed' })
  // The filter is another now, so the bytes of number 1 are gone for ever.
  const other = feed({ filter: { queueId: ['elsewhere'] } })
  await run(log, receiver, () => at(1), { settings: other })
  expect((await eventsOf(log)).filter(({ type }) => type === 'DeliveryEnded')).toMatchObject([
    { number: 1, result: 'void' },
    { number: 2, result: 'accepted' },
  ])
  expect(receiver.accepted).toMatchObject([{ number: 2 }])
})

test('a delivery that another living process has begun is left to it, and taken up once that process is gone', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add([calls(at(0), [60_000])], [[at(0), at(1)]])
  const other = spawn('sleep', ['60'])
  await once(other, 'spawn')
  receiver.answers.push('throws')
  await run(log, receiver, () => at(1))
  // The same note as the other process would have made it.
  const events = await eventsOf(log)
  const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8')
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const copy = await feedLog()
  await copy.add([calls(at(0), [60_000])], [[at(0), at(1)]])
  await appendFeedEvents(
    copy.logs,
    't',
    -1,
    events.map((event) =>
      event.type === 'DeliveryBegan'
        ? { ...event, process: { ...event.process, pid: other.pid!, started: started! } }
        : event,
    ),
  )
  const sent = receiver.sent.length
  expect(await run(copy, receiver, () => at(1))).toEqual({ kind: 'caught-up' })
  expect(receiver.sent).toHaveLength(sent)
  other.kill('SIGKILL')
  await once(other, 'exit')
  await run(copy, receiver, () => at(1))
  expect(receiver.accepted).toMatchObject([{ number: 1, sha256: receiver.sent[0]?.sha256 }])
})

test('a feed that is paused delivers nothing until it is resumed, and then everything', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  let now = at(0)
  const stage = stageOf(log, receiver, () => now, { untilCaughtUp: false })
  await stage.pause()
  await log.add([calls(at(0), [60_000])], [[at(0), at(1)]])
  now = at(1)
  expect(stage.state()).toEqual({ kind: 'paused' })
  expect(receiver.sent).toEqual([])
  stage.resume()
  await expect.poll(() => receiver.accepted.length).toBe(1)
  expect(await stage.stop()).toEqual({ kind: 'stopped' })
})

test('a delivery number never names two files, and every interval arrives as the log has it, whenever the process dies and whatever the receiver answers', async () => {
  const answer = fc.constantFrom('throws', 'away', 'ok', 'ok')
  const step = fc.record({
    quarter: fc.nat({ max: 3 }),
    handled: fc.integer({ min: 1, max: 9 }),
    answers: fc.array(answer, { maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const log = await feedLog()
      const receiver = recordedReceiver()
      const latest = new Map<number, Row>()
      let now = at(4)
      for (const { quarter, handled, answers } of steps) {
        const before = latest.get(quarter)
        const values = { nOffered: handled, tAnswered: [1_000], tHandle: [handled * 100_000] }
        const row = before === undefined ? sales(at(quarter), values) : restated(before, values, 'late')
        latest.set(quarter, row)
        await log.add([row], before === undefined ? [[at(quarter), at(quarter + 1)]] : [])
        receiver.answers.push(
          ...answers.flatMap((each) =>
            each === 'ok'
              ? []
              : [each === 'throws' ? ('throws' as const) : ({ tag: 'NotDelivered', why: 'away' } as const)],
          ),
        )
        now += 10 * MINUTE_MS
        await run(log, receiver, () => now)
        receiver.answers.length = 0
      }
      for (let n = 0; n < 3; n++) {
        now += 10 * MINUTE_MS
        await run(log, receiver, () => now)
      }
      const hashes = new Map<number, Set<string>>()
      for (const { number, sha256 } of receiver.sent) hashes.set(number, (hashes.get(number) ?? new Set()).add(sha256))
      expect([...hashes.values()].every(({ size }) => size === 1)).toBe(true)
      const last = new Map<string, string>()
      for (const line of textsOf(receiver).join('').split('\n'))
        if (line !== '') last.set(line.split(',')[0]!, line.split(',').slice(0, 3).join())
      const expected = [...latest.values()].map(({ start, measures: [offered] }) => {
        const time = new Date(start).toISOString().replace('.000Z', 'Z')
        return `${time},sales,${offered?.count}`
      })
      expect([...last.values()].sort()).toEqual(expected.sort())
    }),
    lawRuns(60),
  )
}, 60_000)

test('intervals of several queues and a whole local day are one file, and its number, range and hash stand in the log', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  const day = feed(
    { zone: 'Europe/Berlin' },
    { period: 'P1D', start: '2026-01-04T23:00:00Z', fileName: '{feed}-{date}-{number}.{ext}' },
  )
  const from = Date.parse('2026-01-04T23:00:00Z')
  await log.add([calls(at(0), [60_000]), calls(at(1), [60_000])], [[from, from + 96 * QUARTER]])
  await run(log, receiver, () => from + 96 * QUARTER, { settings: day })
  const [file] = receiver.accepted
  expect(file).toMatchObject({ name: 'wfm-20260105-000001.csv' })
  expect((await eventsOf(log)).find(({ type }) => type === 'DeliveryBegan')).toMatchObject({
    ...{ ranges: [{ from: '2026-01-04T23:00:00Z', to: '2026-01-05T23:00:00Z' }], records: 2, rows: 2 },
    ...{ sha256: file!.sha256, bytes: file!.bytes.length },
  })
})
