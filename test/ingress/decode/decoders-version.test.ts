import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CONVERSATION_DETAIL } from '../../../src/ingress/decode/conversation-details.js'
import { decodeRaw, DECODERS_VERSION, feeds } from '../../../src/ingress/decode/decoders.js'
import { bodies, bytes, eventBridge, notification, type Body } from '../envelopes.js'

const sources = ['metric-records', 'detail-events', 'conversation-details'] as const

/** What a member may be instead of what it is. */
const instead: readonly unknown[] = [undefined, null, '', 'Other', 0, 7.5, -1, true, [], {}]

/** A body with each of its members changed in turn. */
const variants = (body: Body): readonly Body[] => [
  body,
  ...Object.keys(body).flatMap((name) => instead.map((value) => ({ ...body, [name]: value }))),
]

/** Everything that decoders answer to a corpus of raw events of all types. */
const answers = function* (): Generator {
  for (const { template, id, body } of Object.values(bodies)) {
    for (const source of sources) yield feeds(template, source)
    for (const each of variants(body)) {
      yield decodeRaw(template, bytes(eventBridge(template, id, each)))
      yield decodeRaw(template, bytes(notification(template, id, each)))
    }
  }
  const record = JSON.parse(
    readFileSync(new URL('../fixtures/conversation-details-chat.json', import.meta.url), 'utf8'),
  ) as Body
  for (const each of variants(record)) yield decodeRaw(CONVERSATION_DETAIL, bytes(each))
  for (const type of ['ClockTicked', 'ClockTakenBack', 'ConfigurationAudited', 'v2.unheard.of'])
    for (const at of [1_767_600_000_000, 1.5, null]) yield decodeRaw(type, bytes({ at }))
}

/**
 * Facts are kept and not decoded again while the version stays. If this fails because a decoder answers otherwise than
 * before, raise `DECODERS_VERSION` and write both here; if only the corpus of this test was changed, write the digest.
 */
test('what the decoders answer to a corpus of raw events has not changed without a new DECODERS_VERSION', () => {
  const hash = createHash('sha256')
  // Why an event cannot be decoded is not kept.
  for (const answer of answers())
    hash.update(`${JSON.stringify(answer, (key, value) => (key === 'detail' ? '' : value) as unknown)}\n`)
  expect({ version: DECODERS_VERSION, digest: hash.digest('hex').slice(0, 16) }).toEqual({
    version: 1,
    digest: 'b5d65b55b384d2e1',
  })
})
