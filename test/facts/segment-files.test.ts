import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { conversationStream, userStream } from '../../src/domain/stream-name.js'
import { HOUR_MS } from '../../src/domain/interval.js'
import { summaryLength } from '../../src/facts/codec/summary.js'
import type { FactStore } from '../../src/facts/fact-store.js'
import { streamHash, type RunSummary } from '../../src/facts/run-summary.js'
import { openSegmentFiles } from '../../src/facts/segment-files.js'
import { at, emitted, entered, sessionEnded, ticked } from '../support/fact-builders.js'
import { runOfFacts } from '../support/run-of-facts.js'

const origin = { decoders: 'd', logId: 'l', tenant: 'acme', points: 'detail-events' }
const digest = { bytes: 0, crc32: 0 }

let data: string
let store: FactStore

const open = (): FactStore =>
  openSegmentFiles({
    ...{ data, origin },
    onFault: (cause) => {
      throw cause
    },
  })

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'streamvane-segments-'))
  store = open()
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const file = (): string => {
  const folder = join(data, 'facts', 'acme', 'detail-events')
  return join(folder, readdirSync(folder)[0] as string)
}

/** Changes the bytes of the one segment there is. */
const rewrite = (change: (bytes: Buffer) => Buffer): void => writeFileSync(file(), change(readFileSync(file())))

/** As version 0.1.0 wrote them. */
const withoutSummary = (bytes: Buffer): Buffer => {
  const rest = Buffer.from(bytes.subarray(0, bytes.length - (summaryLength(bytes) as number)))
  rest.writeUInt32LE(crc32(rest.subarray(8)), 4)
  return rest
}

const run = runOfFacts([
  emitted('tAnswered', 1_000, '10:00', { queue: 'sales' }),
  ticked('10:01'),
  sessionEnded('ann', '14:10', { conversationId: 'c', talkMs: 2 * HOUR_MS }),
  entered('bob', 'IDLE', '08:30'),
])

describe('the summary of a segment', () => {
  beforeEach(() => store.put(run, digest))

  const holds = (streams: RunSummary['others'], stream: string): boolean =>
    streams.holdsAny(new Set([streamHash(stream)]))

  test('says in which hours its points, sessions and states are, sessions from their beginnings', () => {
    const { points, states } = store.summary(undefined) as RunSummary
    expect(points).toEqual([
      { from: at('10:00'), to: at('11:00') },
      { from: at('12:00'), to: at('15:00') },
    ])
    expect(states).toEqual([{ from: at('08:00'), to: at('09:00') }])
  })

  test('says which streams it holds, apart from those with states of agents alone', () => {
    const { others, statesOnly } = store.summary(undefined) as RunSummary
    expect(holds(others, conversationStream('acme', 'c'))).toBe(true)
    expect(holds(others, userStream('acme', 'bob'))).toBe(false)
    expect(holds(statesOnly, userStream('acme', 'bob'))).toBe(true)
    expect(holds(others, conversationStream('acme', 'd'))).toBe(false)
  })

  test('gives the ticks of the clock with their positions', () => {
    const { shared } = store.summary(undefined) as RunSummary
    expect(shared.events).toBe(1)
    expect(shared.facts.fact(0)).toEqual(ticked('10:01'))
    expect([shared.position(0), shared.through]).toEqual([2n, 4n])
  })

  test('is known of the run behind a position', () => {
    expect(store.summary(2n)?.shared.through).toBe(4n)
    expect(store.summary(4n)).toBeUndefined()
  })

  test('is not known of a segment that version 0.1.0 wrote, which is read as a whole', async () => {
    rewrite(withoutSummary)
    expect(open().summary(undefined)).toBeUndefined()
    expect((await open().find(undefined))?.through).toBe(4n)
  })

  test('is not known where its bytes were damaged', () => {
    rewrite((bytes) => {
      const damaged = Buffer.from(bytes)
      const place = bytes.length - 20
      damaged[place] = (damaged[place] as number) ^ 1
      return damaged
    })
    expect(open().summary(undefined)).toBeUndefined()
  })

  test('is not known of a segment that other decoders made', () => {
    const other = openSegmentFiles({ data, origin: { ...origin, decoders: 'e' }, onFault: () => undefined })
    expect(other.summary(undefined)).toBeUndefined()
  })

  test('that is longer than what is read at first is read whole', async () => {
    const streams = 12_000
    const many = runOfFacts(
      Array.from({ length: streams }, (_, n) => sessionEnded('ann', '10:00', { conversationId: `c${n}` })),
    )
    await store.put(many, digest)
    expect(store.summary(4n)?.others.hashes.length).toBeGreaterThan(streams - 10)
  })
})
