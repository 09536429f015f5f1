import { readdirSync, readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { defaultProfile, type PointSource } from '../../src/domain/profile.js'
import { familyNames } from '../../src/domain/family.js'
import { decodeRaw } from '../../src/ingress/decode/decoders.js'
import { DEAD_LETTERED, type DeadLetterNote } from '../../src/ingress/dead-letter.js'
import { ingest } from '../../src/ingress/ingest.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import { chance, type Chance } from '../support/chance.js'
import { bodies, eventBridge, notification, queueId } from './envelopes.js'
import { allEvents } from './log-content.js'
import { rowsIn } from '../support/kpi-events.js'

/**
 * Malformed and mutated events, as many as `STREAMVANE_FUZZ` says: each is decoded or becomes a dead letter with a
 * reason, none is lost, and nothing that was taken in stops the fold. A failure names the seed of its batch;
 * `STREAMVANE_FUZZ_SEED` begins there.
 */
const EVENTS = Number(process.env['STREAMVANE_FUZZ'] ?? 20_000)
const FIRST_SEED = Number(process.env['STREAMVANE_FUZZ_SEED'] ?? Math.floor(Math.random() * 1e9))
const BATCH = 500

const fixtures = new URL('fixtures/', import.meta.url)
const corpus: readonly string[] = [
  ...Object.values(bodies).flatMap(({ template, id, body }) => [
    JSON.stringify(eventBridge(template, id, body)),
    JSON.stringify(notification(template, id, body)),
  ]),
  ...readdirSync(fixtures).map((name) => readFileSync(new URL(name, fixtures), 'utf8')),
  JSON.stringify(notification('v2.routing.queues.{id}.conversations', queueId, { participants: [] })),
  '{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}',
]

const odd: readonly unknown[] = [
  ...[
    null,
    true,
    '',
    ' ',
    0,
    -0,
    -1,
    1,
    0.5,
    1e21,
    9e9,
    1e-9,
    Number.MAX_SAFE_INTEGER,
    [],
    {},
    [[]],
    ['a'],
    ['a', 'a'],
    [1],
    [null],
    [{}],
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\ud800',
    '"',
    '\\',
    'é'.repeat(300),
    'x'.repeat(300),
    'OUTBOUND',
    'On Queue',
  ],
  ...[
    '2026-01-05T10:00:00Z',
    '2026-02-30T10:00:00Z',
    '1969-01-01T00:00:00Z',
    'Infinity',
    1_767_607_212_411,
    '1767607212411',
    'v2.users.a.presence',
  ],
  { id: 'x' },
  { status: 'IDLE', startTime: '2026-01-05T10:00:00Z' },
]

type Holder = Record<string, unknown>

/** Every object and array inside. */
const holdersIn = (value: unknown): Holder[] =>
  typeof value !== 'object' || value === null ? [] : [value as Holder, ...Object.values(value).flatMap(holdersIn)]

/** Takes fields away, renames them, puts odd values into them or values of other fields. */
const mutated = (text: string, { below, oneOf }: Chance): string => {
  const value: unknown = JSON.parse(text)
  const holders = holdersIn(value)
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const holder = oneOf(holders)
    const keys = Object.keys(holder)
    const key = keys.length === 0 ? 'new' : oneOf(keys)
    const how = below(5)
    if (how === 0) Reflect.deleteProperty(holder, key)
    else if (how === 1)
      Object.defineProperty(holder, String(oneOf(odd)), {
        value: holder[key],
        enumerable: true,
        configurable: true,
        writable: true,
      })
    else if (how === 2) holder[key] = structuredClone(oneOf(Object.values(oneOf(holders))) ?? null)
    else holder[key] = oneOf(odd)
    if (JSON.stringify(value).length > 200_000) break
  }
  return JSON.stringify(value)
}

/** Flips, cuts, doubles or puts in bytes, or joins two events. */
const damaged = (text: string, { below, oneOf }: Chance): Buffer => {
  const raw = Buffer.from(text)
  const at = below(raw.length + 1)
  switch (below(6)) {
    case 0:
      return raw.subarray(0, at)
    case 1:
      return raw.subarray(at)
    case 2:
      return Buffer.concat([
        raw.subarray(0, at),
        Buffer.from(oneOf(['"', '\\', '{', '}', '[', ']', ',', ':', '\n', '\u0000', 'é', '1e9', 'null'])),
        raw.subarray(at),
      ])
    case 3:
      return Buffer.concat([raw.subarray(0, at), raw.subarray(below(at + 1))])
    case 4:
      return Buffer.concat([raw.subarray(0, at), Buffer.from(oneOf(corpus)).subarray(at)])
    default: {
      const flipped = Buffer.from(raw)
      if (at < flipped.length) flipped[at] = below(256)
      return flipped
    }
  }
}

const anyEvent = (chances: Chance): Buffer => {
  const text = chances.oneOf(corpus)
  const how = chances.below(10)
  if (how === 0) return Buffer.from(text)
  if (how < 7) return Buffer.from(mutated(text, chances))
  return damaged(how === 9 ? mutated(text, chances) : text, chances)
}

const sources: readonly PointSource[] = ['metric-records', 'detail-events', 'conversation-details']

/** Takes a batch in, reads it back and folds it. */
const takeBatch = async (seed: number): Promise<Readonly<{ stored: number; deadLettered: number; facts: number }>> => {
  const chances = chance(seed)
  const raws = Array.from({ length: BATCH }, () => anyEvent(chances))
  const log = memoryLog()
  const { stored, duplicate, deadLettered } = await ingest(log, raws, {
    tenant: 'acme',
    source: 'fuzz',
    receivedAt: Date.parse('2031-01-01T00:00:00Z'),
  })
  expect(stored + duplicate + deadLettered).toBe(BATCH)
  const events = await allEvents(log)
  const kept = new Set(events.map(({ data }) => Buffer.from(data).toString('latin1')))
  expect(raws.filter((raw) => !kept.has(raw.toString('latin1'))).length).toBeLessThanOrEqual(duplicate)
  const fold = new KpiProjection('acme', {
    ...defaultProfile,
    points: chances.oneOf(sources),
    families: familyNames,
    splitBy: ['direction', 'messageType'],
  })
  let facts = 0
  for (const { type, data, metadata } of events) {
    if (type === DEAD_LETTERED) {
      const { reason, detail } = JSON.parse(Buffer.from(metadata).toString()) as DeadLetterNote
      expect(reason).toMatch(/^(malformed-json|not-an-envelope|unknown-topic|undecodable|too-deep)$/)
      expect(detail.length).toBeGreaterThan(5)
      continue
    }
    const decoded = decodeRaw(type, data)
    if (E.isLeft(decoded)) throw new Error(`taken in, and not decoded: ${decoded.left.detail}`)
    for (const fact of decoded.right) {
      facts++
      fold.apply(fact)
    }
  }
  fold.apply({ type: 'ClockTicked', at: Date.UTC(2026, 5, 1) })
  for (const { measures } of rowsIn(fold.drainEvents()))
    for (const measure of measures)
      if (measure !== undefined) expect(Number.isFinite(measure.count + measure.sum)).toBe(true)
  return { stored, deadLettered, facts }
}

test(
  `${EVENTS} malformed and mutated events: each is decoded or becomes a dead letter, none is lost`,
  { timeout: 60_000 + EVENTS * 5 },
  async () => {
    const seen = { stored: 0, deadLettered: 0, facts: 0 }
    for (let batch = 0; batch * BATCH < EVENTS; batch++) {
      const seed = FIRST_SEED + batch
      const { stored, deadLettered, facts } = await takeBatch(seed).catch((cause: unknown) => {
        throw new Error(`seed ${seed}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`)
      })
      seen.stored += stored
      seen.deadLettered += deadLettered
      seen.facts += facts
    }
    if (EVENTS > 100_000) console.log(`from seed ${FIRST_SEED}:`, seen)
    // All ways were really gone.
    expect(Math.min(seen.stored, seen.deadLettered, seen.facts) / EVENTS).toBeGreaterThan(0.1)
  },
)
