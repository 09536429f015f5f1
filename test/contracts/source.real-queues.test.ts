import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { emptyReceipt } from '../../src/ingress/receipt.js'
import type { RunningSource, Source } from '../../src/ingress/source.js'
import { serviceBusPlace, serviceBusStandIn, sqsPlace, sqsStandIn, type Place } from '../support/queues/places.js'

/** Queues to test against, which nobody else reads: docs/sources/service-bus.md and docs/sources/aws.md. */
const {
  SERVICE_BUS_TEST_CONNECTION_STRING: connectionString,
  SERVICE_BUS_TEST_QUEUE: queue,
  SERVICE_BUS_TEST_SESSION_QUEUE: sessionQueue,
  SERVICE_BUS_TEST_LOCK_SECONDS: lockSeconds = '60',
  SQS_TEST_QUEUE_URL: queueUrl,
} = process.env
const lockMs = Number(lockSeconds) * 1_000
const SQS_LOCK_MS = 20_000
const REAL_MAX_MS = 300_000

/** Starts a source; `delivered` has the text of each event of this run as often as it was delivered. */
const reading = (run: string, onDelivery: (text: string) => Promise<void> | void = () => undefined) => {
  const delivered: string[] = []
  let watchers: (() => void)[] = []
  const start = async (source: Source): Promise<RunningSource> => {
    const running = await source.start(async ({ raws }) => {
      for (const raw of raws) {
        const text = Buffer.from(raw).toString('utf8')
        if (!text.includes(run)) continue
        delivered.push(text)
        watchers.splice(0).forEach((watch) => watch())
        await onDelivery(text)
      }
      return { ...emptyReceipt, stored: raws.length }
    })
    onTestFinished(() => running.close())
    return running
  }
  const hasDelivered = async (count: number): Promise<void> => {
    while (delivered.length < count) await new Promise<void>((resolve) => (watchers = [...watchers, resolve]))
  }
  return { start, delivered, hasDelivered }
}

/** What a source that starts now is given, up to an event that is sent now. */
const left = async (place: Place, run: string): Promise<readonly string[]> => {
  const last = JSON.stringify({ run, last: randomUUID() })
  const { start, delivered, hasDelivered } = reading(run)
  await place.send(last)
  const running = await start(place.source())
  while (!delivered.includes(last)) await hasDelivered(delivered.length + 1)
  await running.close()
  return delivered.filter((text) => text !== last)
}

const behaves = (name: string, open: () => Promise<Place> | Place, timeout: number): void => {
  describe(`a source that reads ${name}`, { timeout }, () => {
    test('delivers each event byte for byte, and what it has acknowledged is not given out again', async () => {
      const [place, run] = [await open(), randomUUID()]
      const sent = Array.from({ length: 5 }, (_, n) => `{ "run":"${run}",\t"n":${n}, "text":"é😀" }`)
      for (const body of sent) await place.send(body)
      const { start, delivered, hasDelivered } = reading(run)
      const running = await start(place.source())
      await hasDelivered(sent.length)
      await running.close()
      expect(delivered.toSorted()).toEqual(sent)
      expect(await left(place, run)).toEqual([])
    })

    test('keeps an event for longer than its lock without another source being given it', async () => {
      const [place, run] = [await open(), randomUUID()]
      const { start, delivered, hasDelivered } = reading(run, () => sleep(place.lockMs * 1.5))
      const both = [await start(place.source()), await start(place.source())]
      await place.send(JSON.stringify({ run }))
      await hasDelivered(1)
      await sleep(place.lockMs * 1.5)
      await Promise.all(both.map((running) => running.close()))
      expect(delivered).toEqual([JSON.stringify({ run })])
      expect(await left(place, run)).toEqual([])
    })

    test('is given an event again that was not stored', async () => {
      const [place, run] = [await open(), randomUUID()]
      let isAway = true
      const { start, delivered, hasDelivered } = reading(run, () => {
        if (isAway) throw new Error('the log is away')
      })
      const running = await start(place.source())
      await place.send(JSON.stringify({ run }))
      await hasDelivered(1)
      isAway = false
      await hasDelivered(2)
      await running.close()
      expect(new Set(delivered)).toEqual(new Set([JSON.stringify({ run })]))
      expect(await left(place, run)).toEqual([])
    })

    test('ends with the name of the setting when its key is not known', async () => {
      const running = await reading('').start((await open()).refused())
      expect(await running.ended).toMatchObject({
        kind: 'failed',
        cause: { message: expect.stringMatching(/check (serviceBusConnectionString|credentials)/) as string },
      })
    })
  })
}

const STAND_IN_MAX_MS = 30_000
behaves('a Service Bus queue of the stand-in', () => serviceBusStandIn(), STAND_IN_MAX_MS)
behaves('a Service Bus queue with sessions of the stand-in', () => serviceBusStandIn(2), STAND_IN_MAX_MS)
behaves('an SQS queue of the stand-in', sqsStandIn, STAND_IN_MAX_MS)

const skipped = (name: string, variables: string): void => {
  describe.skip(`a source that reads ${name} (skipped: ${variables} not set)`, () => {
    test('needs a real one', () => undefined)
  })
}

const busPlaces = [
  ['a real Service Bus queue', queue, 'SERVICE_BUS_TEST_QUEUE', undefined],
  ['a real Service Bus queue with sessions', sessionQueue, 'SERVICE_BUS_TEST_SESSION_QUEUE', 2],
] as const
for (const [name, entity, variable, sessions] of busPlaces)
  if (connectionString === undefined || entity === undefined)
    skipped(name, `SERVICE_BUS_TEST_CONNECTION_STRING or ${variable}`)
  else behaves(name, () => serviceBusPlace(connectionString, entity, lockMs, sessions), REAL_MAX_MS)

if (queueUrl === undefined) skipped('a real SQS queue', 'SQS_TEST_QUEUE_URL')
else {
  const region = /^sqs\.([^.]+)\./.exec(new URL(queueUrl).hostname)?.[1] ?? process.env['AWS_REGION'] ?? ''
  behaves('a real SQS queue', () => sqsPlace(queueUrl, region, SQS_LOCK_MS), REAL_MAX_MS)
}
