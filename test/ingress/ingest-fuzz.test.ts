import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRaw } from '../../src/ingress/decode/decoders.js'
import { DEAD_LETTERED } from '../../src/ingress/dead-letter.js'
import { ingest } from '../../src/ingress/ingest.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { bodies, bytes, eventBridge, notification } from './envelopes.js'
import { allEvents } from './log-content.js'

const origin = { tenant: 'acme', source: 'fuzz', receivedAt: 0 }

const oddValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    '',
    ' ',
    '__proto__',
    'constructor',
    '\u0000',
    '\ud800',
    'é'.repeat(2_000),
    -1,
    0.1,
    1e21,
    Number.MAX_SAFE_INTEGER,
    {},
    [],
    null,
  ),
)

/** Takes away, renames or replaces some fields, at any level. */
const mangled = (value: unknown): fc.Arbitrary<unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, oddValue)
  const fields = Object.entries(value).map(([key, item]) =>
    fc.oneof(
      { weight: 30, arbitrary: mangled(item).map((fresh) => [[key, fresh] as const]) },
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: oddValue.map((fresh) => [[key, fresh] as const]) },
      { weight: 1, arbitrary: fc.string().map((name) => [[name, item] as const]) },
    ),
  )
  return fc.tuple(...fields).map((entries) => Object.fromEntries(entries.flat()) as unknown)
}

const mangledEvent = fc
  .constantFrom(
    ...Object.values(bodies).flatMap(({ template, id, body }) => [
      eventBridge(template, id, body),
      notification(template, id, body),
    ]),
  )
  .chain(mangled)
  .map(bytes)

/** Bytes flipped, cut off or doubled. */
const damaged = fc
  .tuple(mangledEvent, fc.nat(), fc.nat(255), fc.constantFrom('flip', 'cut', 'double'))
  .map(([raw, place, byte, how]) => {
    const at = place % Math.max(1, raw.length)
    if (how === 'cut') return raw.subarray(0, at)
    if (how === 'double') return Buffer.concat([raw, raw.subarray(at)])
    const flipped = Buffer.from(raw)
    flipped[at] = byte
    return flipped
  })

const batch = fc.array(fc.oneof({ weight: 3, arbitrary: mangledEvent }, { weight: 1, arbitrary: damaged }), {
  minLength: 40,
  maxLength: 60,
})

test(
  'whatever comes in lands in exactly one of the counts, and the log holds just what they say',
  { timeout: 120_000 },
  async () => {
    const seen = { events: 0, stored: 0, deadLettered: 0 }
    await fc.assert(
      fc.asyncProperty(batch, async (raws) => {
        const log = memoryLog()
        const { stored, duplicate, deadLettered } = await ingest(log, raws, origin)
        expect(stored + duplicate + deadLettered).toBe(raws.length)
        const events = await allEvents(log)
        const letters = events.filter(({ type }) => type === DEAD_LETTERED)
        expect(events.length - letters.length).toBe(stored)
        expect(letters.length).toBeLessThanOrEqual(deadLettered)
        const kept = new Set(events.map(({ data }) => Buffer.from(data).toString('latin1')))
        const missing = raws.filter((raw) => !kept.has(raw.toString('latin1')))
        expect(missing.length).toBeLessThanOrEqual(duplicate)
        // What the ingress took, the projector can decode.
        for (const { type, data } of events)
          if (type !== DEAD_LETTERED) expect(decodeRaw(type, data)).toMatchObject({ _tag: 'Right' })
        const again = await ingest(log, raws, origin)
        expect(again).toMatchObject({ stored: 0, duplicate: stored + duplicate, deadLettered })
        seen.events += raws.length
        seen.stored += stored
        seen.deadLettered += deadLettered
      }),
      { numRuns: 200 },
    )
    expect(seen.events).toBeGreaterThan(7_500)
    // Both ways were really gone.
    expect(Math.min(seen.stored, seen.deadLettered) / seen.events).toBeGreaterThan(0.1)
  },
)
