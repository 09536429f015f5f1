import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { conversationStream } from '../../../src/domain/stream-name.js'
import { LogUnavailable, type EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { noise } from '../../support/noise.js'
import { take } from '../../support/pipeline.js'
import { copied, lines, memoryParts, onServer, rawOf, T } from './fixtures.js'

/** A target whose appends fail for this cause. */
const failing = (cause: Error): Readonly<{ log: EventLog; attempts: () => number }> => {
  let attempts = 0
  const log: EventLog = {
    ...memoryLog(),
    append: async (appends) => {
      attempts += 1
      return appends.map(() => E.left({ tag: 'NotAvailable', cause }))
    },
  }
  return { log, attempts: () => attempts }
}

const source = async () => {
  const logs = memoryParts()
  await take(await logs.raw('writer'), T, lines.slice(0, 20))
  return logs
}

describe('a copy whose target takes nothing', () => {
  test('ends with the failure once the time is over that it may wait', async () => {
    const { log, attempts } = failing(new Error('away'))
    await expect(copied(await source(), singleLog(log), { waitMs: 0, inFlight: 1 })).rejects.toThrow(LogUnavailable)
    expect(attempts()).toBe(1)
  })

  test('ends at once if its user may not write there', async () => {
    const { log, attempts } = failing(Object.assign(new Error('access denied'), { code: 7 }))
    await expect(copied(await source(), singleLog(log), { waitMs: 600_000, inFlight: 1 })).rejects.toThrow(
      'access denied',
    )
    expect(attempts()).toBe(1)
  })
})

test('a large event is copied whole to a server and back, and is not copied again', async () => {
  const from = await source()
  const stream = conversationStream(T, '7a1f9c3e-0000-4000-8000-000000000001')
  const large = {
    id: '7a1f9c3e-0000-4000-8000-000000000002',
    type: 'v2.something.large',
    data: noise('large', 3_000_000),
    metadata: Buffer.from('{"receivedAt":"2026-01-05T10:00:00.000Z"}'),
  }
  const small = { ...large, id: '7a1f9c3e-0000-4000-8000-000000000003', data: Buffer.from('{}') }
  await (await from.raw('writer')).append([{ stream, expected: 'any', events: [small, large] }])
  const { logs: server } = await onServer()
  expect(await copied(from, server)).toMatchObject({ kind: 'copied', differences: [] })
  expect(await copied(from, server)).toMatchObject({ copied: { events: 0 }, differences: [] })
  const back = singleLog(memoryLog())
  expect(await copied(server, back)).toMatchObject({ kind: 'copied', differences: [] })
  expect(await rawOf(back)).toEqual(await rawOf(from))
})
