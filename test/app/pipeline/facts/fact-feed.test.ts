import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { erase } from '../../../../src/app/operations/erase.js'
import { factsIn, type FactMeans } from '../../../../src/app/pipeline/facts/open-feed.js'
import { decodePool, type DecodePool } from '../../../../src/app/pipeline/facts/run-decoder.js'
import { runProjector } from '../../../../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../../../../src/app/pipeline/projector/snapshots.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import { conversationStream, deadLetterStream, kpiStream } from '../../../../src/domain/stream-name.js'
import type { SegmentOrigin } from '../../../../src/facts/codec/segment.js'
import { eraseFacts } from '../../../../src/facts/segment-files.js'
import type { EventLog, RecordedEvent } from '../../../../src/log/event-log.js'
import { DEAD_LETTERED } from '../../../../src/ingress/dead-letter.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { latestRows } from '../../../../src/contract/kpi-stream/latest.js'
import { generationOf, silent, take, tickTo } from '../../../support/pipeline.js'

const TENANT = 't'
const FROM = Date.parse('2026-01-05T06:00:00Z')
/** Runs of this many events are segments by themselves. */
const BATCH = 1_050

let lines: readonly string[]
let raw: EventLog
let data: string

beforeAll(() => {
  lines = [...simulate({ seed: 3, fromMs: FROM, hours: 1, queues: 2, agents: 85 })].map(({ line }) => line)
})
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'streamvane-facts-'))
  raw = memoryLog()
  await take(raw, TENANT, lines)
  await tickTo(raw, TENANT, FROM + 4 * 3_600_000)
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const kept = (more: Partial<FactMeans> = {}): FactMeans => ({ store: factsIn(data, silent), ...more })

const folderOf = (points: Profile['points'] = 'metric-records'): string => join(data, 'facts', TENANT, points)
const segments = (points?: Profile['points']): readonly string[] => {
  try {
    return readdirSync(folderOf(points)).sort()
  } catch {
    return []
  }
}
const bytesOf = (name: string): Buffer => readFileSync(join(folderOf(), name))

type Projected = Readonly<{ checkpoints: readonly string[]; rows: string; deadLetters: readonly string[] }>

/** Projects all of the raw log as a new generation, and returns what its KPI log holds: of each row the last revision. */
const projected = async (
  log: EventLog,
  facts: FactMeans,
  { profile = defaultProfile, batchMax = BATCH }: Readonly<{ profile?: Profile; batchMax?: number }> = {},
): Promise<Projected> => {
  const kpi = memoryLog()
  const end = await runProjector({
    ...{ tenant: TENANT, raw: log, kpi, snapshots: noSnapshots, facts, batchMax },
    generation: { ...generationOf(profile), historyThrough: String(await log.head()) },
    ...{ untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: () => 0 },
  })
  expect(end.kind).toBe('caught-up')
  const texts = async (stream: string, type: string): Promise<readonly string[]> => {
    const found: string[] = []
    for await (const batch of kpi.readStream(stream))
      for (const event of batch) if (event.type === type) found.push(Buffer.from(event.data).toString())
    return found
  }
  const rows = [...(await latestRows(kpi, TENANT, 'g1'))].map(([key, { row }]) => JSON.stringify([key, row]))
  return {
    checkpoints: await texts(kpiStream(TENANT, 'g1'), 'Checkpoint'),
    rows: rows.sort().join('\n'),
    deadLetters: await texts(deadLetterStream(TENANT), DEAD_LETTERED),
  }
}

/** A raw log that counts the conversation and user events that are read from it. */
const counting = (log: EventLog): Readonly<{ log: EventLog; read: () => number }> => {
  let read = 0
  const count = (events: readonly RecordedEvent[]): void => {
    read += events.filter(({ stream }) => !stream.includes('.config-')).length
  }
  return {
    read: () => read,
    log: {
      ...log,
      readAll: async function* (options) {
        for await (const events of log.readAll(options)) {
          count(events)
          yield events
        }
      },
      subscribe: async function* (options) {
        for await (const message of log.subscribe(options)) {
          if (message.kind === 'events') count(message.events)
          yield message
        }
      },
    },
  }
}

describe('facts that were kept', () => {
  test.each(['metric-records', 'detail-events'] as const)(
    'give the rows and checkpoints that the raw log gives, and only the tail is read of it: %s',
    async (points) => {
      const profile = { ...defaultProfile, points }
      const expected = await projected(raw, {}, { profile })
      expect(await projected(raw, kept(), { profile })).toEqual(expected)
      expect(segments(points).length).toBeGreaterThan(3)
      const { log, read } = counting(raw)
      expect(await projected(log, kept(), { profile })).toEqual(expected)
      expect(read()).toBeLessThan(BATCH)
    },
  )

  test('are the same bytes however many threads decode, and so are the rows', async () => {
    const outcomes: unknown[] = []
    for (const threads of [0, 1, 3]) {
      const pool = decodePool(threads)
      try {
        const rows = await projected(raw, kept({ pool }))
        outcomes.push({ rows, files: segments().map((name) => [name, bytesOf(name).toString('hex')]) })
        rmSync(folderOf(), { recursive: true })
      } finally {
        await pool.close()
      }
    }
    expect(outcomes[1]).toEqual(outcomes[0])
    expect(outcomes[2]).toEqual(outcomes[0])
  })

  test('that came in small batches are gathered to segments that give the same rows', async () => {
    const { rows } = await projected(raw, kept(), { batchMax: 100 })
    const gathered = segments()
    expect(gathered.length).toBeGreaterThan(0)
    expect(gathered.length).toBeLessThan(4)
    const { log, read } = counting(raw)
    expect((await projected(log, kept())).rows === rows).toBe(true)
    expect(read()).toBeLessThan(BATCH)
    expect((await projected(raw, {})).rows === rows).toBe(true)
  })

  test('are cut where a batch must end, and the checkpoint there names the event that it ends with', async () => {
    await projected(raw, kept())
    const [all, cut] = [await projected(raw, {}, { batchMax: 100 }), await projected(raw, kept(), { batchMax: 100 })]
    expect(cut.rows === all.rows).toBe(true)
    expect(cut.checkpoints.length).toBeGreaterThan(20)
    expect(cut.checkpoints.at(-1)).toBe(all.checkpoints.at(-1))
    const events = new Map<string, string>()
    for await (const batch of raw.readAll()) for (const { position, id } of batch) events.set(String(position), id)
    for (const checkpoint of cut.checkpoints) {
      const mark = JSON.parse(checkpoint) as { position: string; event: { id: string } }
      expect(mark.event.id).toBe(events.get(mark.position))
    }
  })

  test('still give dead letters with the raw bytes of what is refused or cannot be decoded', async () => {
    const point = (value: unknown, at: string): string =>
      JSON.stringify({
        topicName: 'v2.analytics.conversation.c1.metrics',
        eventBody: { metric: 'nOffered', value, metricDate: at, conversationId: 'c1', mediaType: 'voice' },
      })
    const stream = conversationStream(TENANT, 'c1')
    await raw.append([
      {
        ...{ stream, expected: 'any' },
        events: [
          [point('many', '2026-01-05T06:00:00Z'), '1'] as const,
          [point(1, '2150-01-05T06:00:00Z'), '2'] as const,
        ].map(([line, digit]) => ({
          id: `00000000-0000-4000-8000-00000000000${digit}`,
          type: 'v2.analytics.conversation.{id}.metrics',
          data: Buffer.from(line),
          metadata: Buffer.from('{"tenant":"t","source":"x","receivedAt":"2026-01-05T06:00:00.000Z"}'),
        })),
      },
    ])
    await take(raw, TENANT, lines.map((line) => line.replaceAll('2026-01-05', '2026-01-06')).slice(0, 3 * BATCH))
    const expected = await projected(raw, {})
    expect(expected.deadLetters).toHaveLength(2)
    await projected(raw, kept())
    expect((await projected(raw, kept())).deadLetters).toEqual(expected.deadLetters)
  })

  test('of some intervals may be missing, damaged, of other decoders or of another log: rows are the same', async () => {
    const expected = (await projected(raw, kept())).rows
    const [first, second, third, fourth] = segments() as [string, string, string, string]
    const damaged = bytesOf(first)
    damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] as number) ^ 1
    writeFileSync(join(folderOf(), first), damaged)
    rmSync(join(folderOf(), second))
    writeFileSync(join(folderOf(), third), bytesOf(third).subarray(0, 100))
    expect((await projected(raw, kept())).rows === expected).toBe(true)
    const other = (change: Partial<SegmentOrigin>): FactMeans => ({
      store: (origin) => factsIn(data, silent)({ ...origin, ...change }),
    })
    expect((await projected(raw, other({ decoders: 'later ones' }))).rows === expected).toBe(true)
    expect((await projected(raw, other({ logId: 'another' }))).rows === expected).toBe(true)
    expect((await projected(raw, kept())).rows === expected).toBe(true)
    expect(segments()).toContain(fourth)
  })

  test('of events that the log has lost are forgotten: a log restored from an older copy has others there', async () => {
    const id = await raw.id()
    await projected(raw, kept())
    const restored = memoryLog()
    await take(restored, TENANT, lines.slice(0, 2_000))
    await take(restored, TENANT, lines.slice(2_500))
    await tickTo(restored, TENANT, FROM + 4 * 3_600_000)
    const sameId: EventLog = { ...restored, id: () => Promise.resolve(id) }
    expect((await projected(sameId, kept())).rows === (await projected(sameId, {})).rows).toBe(true)
  })

  test('that cannot be written cost nothing but time', async () => {
    writeFileSync(join(data, 'facts'), 'a file where the folder should be')
    expect((await projected(raw, kept())).rows === (await projected(raw, {})).rows).toBe(true)
  })
})

describe('an erased stream', () => {
  /** A conversation that some segment holds, with its id in the two forms that bytes could have. */
  const someConversation = async (): Promise<Readonly<{ id: string; stream: string }>> => {
    for await (const batch of raw.readAll())
      for (const { stream } of batch.slice(600)) {
        const id = /conversation-(.{36})$/.exec(stream)?.[1]
        if (id !== undefined) return { id, stream }
      }
    throw new Error('no conversation')
  }
  const isHeld = (id: string): boolean => {
    const binary = Buffer.from(id.replaceAll('-', ''), 'hex')
    return (['metric-records', 'detail-events'] as const).some((points) =>
      segments(points).some((name) => {
        const bytes = readFileSync(join(folderOf(points), name))
        return bytes.includes(binary) || bytes.includes(id)
      }),
    )
  }
  const eraseIt = async (
    { id, stream }: Readonly<{ id: string; stream: string }>,
    forgetFacts: (stream: string) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> => {
    const none = async function* (): AsyncGenerator<never> {}
    const options = { raw, tenant: TENANT, stream, entityId: id, deadLetters: none, forgetFacts }
    await erase({ ...options, dryRun: false, now: () => FROM })
  }

  test('is in no byte of the kept facts when the command that erases it ends; the other segments stay', async () => {
    const conversation = await someConversation()
    for (const points of ['metric-records', 'detail-events'] as const)
      await projected(raw, kept(), { profile: { ...defaultProfile, points } })
    const before = segments()
    expect(isHeld(conversation.id)).toBe(true)
    await eraseIt(conversation, (stream) => eraseFacts(data, TENANT, stream))
    expect(isHeld(conversation.id)).toBe(false)
    const left = segments()
    expect(left.length).toBeGreaterThan(0)
    expect(before).toEqual(expect.arrayContaining([...left]))
    const { rows } = await projected(raw, {})
    expect((await projected(raw, kept())).rows === rows).toBe(true)
    expect(isHeld(conversation.id)).toBe(false)
  })

  test('is in no segment once a projector has read that it was erased, and later ones decode without it', async () => {
    const conversation = await someConversation()
    const controller = new AbortController()
    const running = runProjector({
      ...{ tenant: TENANT, raw, kpi: memoryLog(), snapshots: noSnapshots, facts: kept(), batchMax: BATCH },
      ...{ generation: generationOf(defaultProfile), untilCaughtUp: false, signal: controller.signal },
      ...{ logger: silent, now: () => 0 },
      onProgress: () => (progressed = progressed + 1),
    })
    let progressed = 0
    await expect.poll(() => isHeld(conversation.id)).toBe(true)
    await eraseIt(conversation)
    await expect.poll(() => isHeld(conversation.id)).toBe(false)
    controller.abort()
    await running
    expect(progressed).toBeGreaterThan(0)
    const expected = (await projected(raw, {})).rows
    expect((await projected(raw, kept())).rows === expected).toBe(true)
    expect(isHeld(conversation.id)).toBe(false)
  })

  test('that a process stored while it was erased is not read, and its segment goes', async () => {
    const conversation = await someConversation()
    await projected(raw, kept())
    await eraseIt(conversation)
    expect(isHeld(conversation.id)).toBe(true)
    const expected = (await projected(raw, {})).rows
    expect((await projected(raw, kept())).rows === expected).toBe(true)
    expect(isHeld(conversation.id)).toBe(false)
  })
})

describe('a decoding thread that dies', () => {
  let pool: DecodePool
  beforeAll(() => {
    pool = {
      size: () => 1,
      run: (input) => decodePool(0).run(input),
      close: () => Promise.resolve(),
    }
  })
  afterAll(() => pool.close())

  test('leaves its events to the main thread', async () => {
    expect((await projected(raw, kept({ pool }))).rows === (await projected(raw, {})).rows).toBe(true)
  })
})
