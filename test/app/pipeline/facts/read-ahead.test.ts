import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decodersName } from '../../../../src/app/pipeline/facts/decode-run.js'
import { factsIn, type FactMeans } from '../../../../src/app/pipeline/facts/open-feed.js'
import { decodePool, type DecodePool } from '../../../../src/app/pipeline/facts/run-decoder.js'
import { runProjector } from '../../../../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../../../../src/app/pipeline/projector/snapshots.js'
import { latestRows } from '../../../../src/contract/kpi-stream/latest.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { conversationStream } from '../../../../src/domain/stream-name.js'
import { readSegment } from '../../../../src/facts/codec/segment.js'
import { openEmbeddedLog } from '../../../../src/log/embedded/log.js'
import type { EventLog, Position } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { erase } from '../../../../src/app/operations/erase.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { generationOf, silent, take, tickTo } from '../../../support/pipeline.js'

const TENANT = 't'
const FROM = Date.parse('2026-01-05T06:00:00Z')

let folder: string
let raw: EventLog
let head: Position
let data: string
let pool: DecodePool
/** What the main thread gives without threads and kept facts. */
let rowsAlone: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'streamvane-ahead-'))
  raw = await openEmbeddedLog({ dir: folder, mode: 'writer' })
  const lines = [...simulate({ seed: 5, fromMs: FROM, hours: 3, queues: 8, agents: 120 })].map(({ line }) => line)
  await take(raw, TENANT, lines.slice(0, 4_000), 2_000)
  await eraseAny()
  await take(raw, TENANT, lines.slice(4_000), 2_000)
  await tickTo(raw, TENANT, FROM + 6 * 3_600_000)
  head = (await raw.head()) as Position
  expect(head).toBeGreaterThan(3n * 8_192n)
  rowsAlone = (await projected({})).rows
}, 60_000)
afterAll(async () => {
  await raw.close()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => void (data = mkdtempSync(join(tmpdir(), 'streamvane-facts-'))))
afterEach(async () => {
  await pool.close()
  rmSync(data, { recursive: true, force: true })
})

const threads = (count: number): FactMeans => {
  pool = decodePool(count)
  return { store: factsIn(data, silent), pool }
}

/** The latest rows of a new generation of all that the log holds, and how many events the main thread read. */
const projected = async (facts: FactMeans): Promise<Readonly<{ rows: string; read: number }>> => {
  const kpi = memoryLog()
  let read = 0
  const counting: EventLog = {
    ...raw,
    subscribe: async function* (options) {
      for await (const message of raw.subscribe(options)) {
        if (message.kind === 'events') read += message.events.length
        yield message
      }
    },
    readAll: async function* (options) {
      for await (const events of raw.readAll(options)) {
        read += events.length
        yield events
      }
    },
  }
  const end = await runProjector({
    ...{ tenant: TENANT, raw: counting, kpi, snapshots: noSnapshots, facts, batchMax: 20_000 },
    generation: { ...generationOf(defaultProfile), historyThrough: String(head) },
    ...{ untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: () => 0 },
  })
  expect(end.kind).toBe('caught-up')
  const rows = [...(await latestRows(kpi, TENANT, 'g1'))].map(([key, { row }]) => JSON.stringify([key, row]))
  return { rows: rows.sort().join('\n'), read }
}

describe('threads that read an embedded log ahead of the fold', () => {
  test.each([1, 3])('give the same rows as the main thread alone (%i)', async (count) => {
    const { rows, read } = await projected(threads(count))
    expect(rows === rowsAlone).toBe(true)
    // A stretch holds the note of an erased stream, which is the main thread's, as is the last stretch.
    expect(read).toBeLessThan(2 * 8_192 + 1_000)
  })

  test('leave their facts for the next projection, which decodes no more than they left', async () => {
    const first = await projected(threads(2))
    await pool.close()
    const again = await projected(threads(0))
    expect(again.rows === first.rows).toBe(true)
    expect(again.read).toBeLessThan(first.read)
  })

  test('that die leave their stretches to the main thread', async () => {
    threads(1)
    const dying: DecodePool = { ...pool, size: () => 1, run: (input) => decodePool(0).run(input) }
    expect((await projected({ store: factsIn(data, silent), pool: dying })).rows === rowsAlone).toBe(true)
  })
})

describe('a thread that reads a stretch', () => {
  const origin = { decoders: decodersName, logId: 'x', tenant: TENANT, points: 'metric-records' }
  const place = (more: object) => ({ folder, after: undefined, through: 8_000n, bytesMax: 1e9, eventsMin: 1, ...more })
  const run = async (more: object) => {
    threads(1)
    const bytes = await pool.run({ place: place(more), origin })
    return bytes && readSegment(Buffer.from(bytes))?.run
  }

  test('ends it early once its events have so many bytes', async () => {
    const read = await run({ bytesMax: 1_000_000 })
    expect(read?.through).toBeLessThan(8_000n)
    expect(read?.last?.position).toBe(read?.through)
  })

  test('gives nothing where there are too few events for a segment', async () => {
    expect(await run({ through: 100n, eventsMin: 1_000 })).toBeUndefined()
  })

  test('tells the caller that there is no log', async () => {
    await expect(run({ folder: join(folder, 'none') })).rejects.toThrow('none')
  })
})

/** Erases a conversation, which leaves a note in the log. */
const eraseAny = async (): Promise<void> => {
  const none = async function* (): AsyncGenerator<never> {}
  for await (const events of raw.readAll({ prefixes: [conversationStream(TENANT, '')] }))
    for (const { stream } of events) {
      const entityId = stream.slice(conversationStream(TENANT, '').length)
      const forgetFacts = (): Promise<unknown> => Promise.resolve()
      await erase({
        raw,
        tenant: TENANT,
        stream,
        entityId,
        deadLetters: none,
        forgetFacts,
        dryRun: false,
        now: () => FROM,
      })
      return
    }
  throw new Error('the simulation has no conversation')
}
