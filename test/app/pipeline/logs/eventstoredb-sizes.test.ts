import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { userStream } from '../../../../src/domain/stream-name.js'
import { ingest } from '../../../../src/ingress/ingest.js'
import { bytes, conversationId, eventBridge } from '../../../ingress/envelopes.js'
import { allEvents } from '../../../ingress/log-content.js'
import { eventOf, logOn, server } from '../../../log/eventstoredb/rig.js'
import { project } from '../../../support/pipeline.js'

/** Together three times what the server takes in one append, where nobody has told it otherwise. */
const MANY = 3_000
const origin = { tenant: 't', source: 'test', receivedAt: 0 }
const filler = 'x'.repeat(1_024)

describe('more than EventStoreDB takes in one append', () => {
  test.each([
    [
      'that nobody can use',
      (n: number) => bytes(`${n} ${filler}`),
      { deadLettered: MANY, stored: 0 },
      { deadLettered: MANY, stored: 0 },
    ],
    [
      'of one stream',
      (n: number) => bytes(eventBridge('v2.something.new.{id}', conversationId, { n, filler })),
      { stored: MANY, unknownTopic: MANY },
      { stored: 0, duplicate: MANY },
    ],
  ])('%s is taken in all the same, once', async (_, raw, first, again) => {
    const log = logOn(await server())
    const raws = Array.from({ length: MANY }, (__, n) => raw(n))
    expect(await ingest(log, raws, origin)).toMatchObject(first)
    expect(await ingest(log, raws, origin)).toMatchObject(again)
    expect(await allEvents(log)).toHaveLength(MANY)
  })

  test('of what a projector cannot use is set aside', async () => {
    const log = logOn(await server())
    const raws = Array.from({ length: MANY }, (_, n) => ({
      ...eventOf(`${n} ${filler}`),
      type: 'v2.detail.events.conversation.{id}.acd.start',
    }))
    for (let at = 0; at < MANY; at += 500)
      expect(
        (await log.append([{ stream: userStream('t', 'u'), expected: 'any', events: raws.slice(at, at + 500) }])).every(
          E.isRight,
        ),
      ).toBe(true)
    const profile = { ...defaultProfile, points: 'detail-events' as const }
    expect(await project({ log, tenant: 't', profile, batchMax: MANY })).toMatchObject({ kind: 'caught-up' })
    expect((await allEvents(log)).filter(({ stream }) => stream === 't.deadletter')).toHaveLength(MANY)
  })
})
