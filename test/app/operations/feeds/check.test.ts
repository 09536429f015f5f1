import Ajv2020 from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { layoutSchemaOf } from '../../../../src/app/feeds/layout/schema.js'
import { pushedFeeds, type PushedFeed } from '../../../../src/app/feeds/plans.js'
import { checkFeed, isAmiss, type FeedCheck } from '../../../../src/app/operations/feeds/check.js'
import { deliverRange } from '../../../../src/app/operations/feeds/deliver.js'
import { deliveryJson, readDeliveries } from '../../../../src/app/operations/feeds/deliveries.js'
import { previewFeed } from '../../../../src/app/operations/feeds/preview.js'
import { runFeed } from '../../../../src/app/pipeline/feeds/feed-stage.js'
import { startStage } from '../../../../src/app/pipeline/stage.js'
import type { Row } from '../../../../src/domain/row.js'
import { feedConfig, feedLog, type FeedLog } from '../../../support/feed-log.js'
import { silent } from '../../../support/pipeline.js'
import { recordedReceiver, type RecordedReceiver } from '../../../support/recorded-receiver.js'
import { at, restated, sales } from '../../reconcile/fixtures.js'

const feed = {
  ...{ name: 'bpo', family: 'queue', by: ['queueId'], cutOff: 'PT5M' },
  corrections: { every: 'PT1S', tolerances: { aht: '10%' } },
  layouts: [
    {
      ...{ version: 1, format: 'json' },
      columns: [
        { name: 'start', value: 'interval.start' },
        { name: 'queue', value: 'queueId' },
        { name: 'offered', value: 'nOffered.count' },
        { name: 'aht', value: 'aht', format: 'seconds' },
        { name: 'sl', value: 'serviceLevel', format: 'percent' },
        { name: 'talk', value: 'tTalkComplete.sum', format: 'HH:mm:ss' },
        { name: 'status', value: 'status' },
        { name: 'client', constant: 'ACME' },
      ],
    },
  ],
  push: { use: 'https', url: 'https://bpo.example/', version: 1, start: '2026-01-05T10:00:00Z' },
}

const planned = (more: object = {}): PushedFeed => pushedFeeds(feedConfig([{ ...feed, ...more }]))[0]!
const plan = planned()

const deliver = (log: FeedLog, receiver: RecordedReceiver, now: number) =>
  startStage({
    ...{ name: 'feed.bpo', signal: new AbortController().signal, now: () => now, onState: () => undefined },
    work: (control) =>
      runFeed(
        {
          ...{ tenant: 't', plan, logs: log.logs, data: undefined, receiver, now: () => now, logger: silent },
          ...{ everyMs: 10, retry: { firstMs: 1, maxMs: 2 }, untilCaughtUp: true, isAlone: true },
        },
        control,
      ),
  }).ended

const check = (log: FeedLog, now: number, of = plan): Promise<FeedCheck> =>
  checkFeed({
    ...{ tenant: 't', plan: of, logs: log.logs, data: undefined, now, from: at(0) },
    signal: new AbortController().signal,
  })

const calls = (start: number, handled: readonly number[]): Row =>
  sales(start, { nOffered: handled.length, tAnswered: handled.map(() => 1_000), tHandle: handled })

test('a check says of each interval whether the receiver has what the log of rows says now, and what differs', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  const rows = [0, 1, 2].map((n) => calls(at(n), [100_000]))
  await log.add(
    rows,
    [0, 1, 2].map((n) => [at(n), at(n + 1)] as const),
  )
  receiver.answers.push({ tag: 'FileRefused', status: '422', why: 'no' })
  await deliver(log, receiver, at(3))
  expect(await check(log, at(3))).toMatchObject({
    intervals: { equal: 2, refused: 1, missing: 0 },
    files: { same: 3, changed: 0 },
  })
  await log.add([
    restated(rows[1]!, { nOffered: 1, tAnswered: [1_000], tHandle: [105_000] }, 'handled'),
    restated(rows[2]!, { nOffered: 2, tAnswered: [1_000], tHandle: [100_000] }, 'late'),
  ])
  const found = await check(log, at(5))
  expect(isAmiss(found)).toBe(true)
  // The quarter behind the three has passed its cut-off; the next one has not.
  expect(found.intervals).toEqual({ equal: 0, tolerated: 1, incomplete: 0, differs: 1, refused: 1, missing: 1 })
  expect(found.findings.find(({ verdict }) => verdict === 'differs')).toMatchObject({
    ...{ from: '2026-01-05T10:30:00Z', delivery: 3 },
    differences: [{ place: ['sales'], column: 'offered', delivered: '1', now: '2', isTolerated: false }],
  })
  await deliver(log, receiver, at(5))
  const after = await check(log, at(5))
  expect(after.intervals).toMatchObject({ equal: 1, tolerated: 1, differs: 0, refused: 1, missing: 0, incomplete: 1 })
})

test('a range that an operator delivers again is one file with a number and a reason, and mends what was refused', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add(
    [calls(at(0), [100_000]), calls(at(1), [50_000])],
    [0, 1].map((n) => [at(n), at(n + 1)] as const),
  )
  receiver.answers.push({ tag: 'FileRefused', status: '422', why: 'no' })
  await deliver(log, receiver, at(2))
  const attempt = await deliverRange({
    ...{ tenant: 't', plan, logs: log.logs, data: undefined, receiver, now: () => at(2) },
    ...{ from: at(0), to: at(2), why: 'the import was mended', by: 'jane', signal: new AbortController().signal },
  })
  expect(attempt).toMatchObject({ kind: 'ended', result: 'accepted', began: { number: 3, kind: 'manual', by: 'jane' } })
  expect(await check(log, at(2))).toMatchObject({ intervals: { equal: 2, refused: 0 } })
  const deliveries = (await readDeliveries(log.logs, 't', { feed: 'bpo' })).map(deliveryJson)
  expect(deliveries).toMatchObject([
    { number: 1, result: 'refused', answer: { status: '422' } },
    { number: 2, result: 'accepted' },
    { number: 3, result: 'accepted', reasons: ['the import was mended'], records: 2 },
  ])
  // What the receiver has can be reconciled with the log by bytes and hash.
  expect(deliveries[2]).toMatchObject({
    sha256: receiver.accepted.at(-1)!.sha256,
    bytes: receiver.accepted.at(-1)!.bytes.length,
  })
  expect(JSON.stringify(deliveries)).not.toContain('pid')
})

test('a check tells rows that are not those of the file from a feed that is configured otherwise now', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add([calls(at(0), [100_000])], [[at(0), at(1)]])
  await deliver(log, receiver, at(1))
  expect(await check(log, at(1), planned({ filter: { queueId: ['sales', 'other'] } }))).toMatchObject({
    ...{
      files: { same: 0, 'other-settings': 1, changed: 0 },
      otherFiles: [{ delivery: 1, verdict: 'other-settings' }],
    },
  })
})

test('every file fits the published JSON Schema of its version, also without values', async () => {
  const log = await feedLog()
  const receiver = recordedReceiver()
  await log.add([calls(at(0), [100_000]), sales(at(1), { nOffered: 1 })], [[at(0), at(1)]])
  await deliver(log, receiver, at(2) + 5 * 60_000)
  const ajv = new Ajv2020.default({ strict: false, formats: { 'date-time': true } })
  const isValid = ajv.compile(layoutSchemaOf(plan, plan.layouts[0]!))
  const preview = await previewFeed({
    ...{ tenant: 't', logs: log.logs, data: undefined, plan, from: at(0), to: at(2), nameOf: async () => undefined },
  })
  const files = [...receiver.accepted.map(({ bytes }) => bytes), preview.bytes].map(
    (bytes) => JSON.parse(bytes.toString()) as unknown,
  )
  expect(files).toHaveLength(3)
  for (const file of files) expect([isValid(file), isValid.errors]).toEqual([true, null])
  expect(isValid({ ...(files[0] as object), records: [{ queue: 'x' }] })).toBe(false)
})
