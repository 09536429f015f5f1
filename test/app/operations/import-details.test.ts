import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { detailsFile, importDetails } from '../../../src/app/operations/imports/import-details.js'
import { previewFile } from '../../../src/app/operations/imports/import-events.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { metricNames } from '../../../src/domain/metric.js'
import { decodeRaw } from '../../../src/ingress/decode/decoders.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { allEvents, eventsOf } from '../../ingress/log-content.js'
import { rowsIn } from '../../support/kpi-events.js'
import { project, rowsOf } from '../../support/pipeline.js'

const liveFile = new URL('../../ingress/fixtures/conversation-details-chat.json', import.meta.url)
const live = readFileSync(liveFile).toString()
const now = (): number => Date.parse('2026-01-05T12:00:00Z')

let folder = ''
let files = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamvane-details-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fileOf = (content: string | Uint8Array): string => {
  const file = join(folder, `${++files}.json`)
  writeFileSync(file, content)
  return file
}
const conversation = (id: string, emitDate: string): string =>
  JSON.stringify({
    conversationId: id,
    participants: [
      { purpose: 'acd', sessions: [{ sessionId: `s-${id}`, metrics: [{ name: 'nOffered', value: 1, emitDate }] }] },
    ],
  })

const imported = async (...names: readonly string[]) => {
  const log = memoryLog()
  const outcome = await importDetails({ log, tenant: 'acme', files: names, now, signal: new AbortController().signal })
  return { log, ...outcome }
}

describe('import details', () => {
  const [old, young] = [conversation('c1', '2026-01-01T10:00:00Z'), conversation('c2', '2026-01-03T10:00:00Z')]

  test.each<[string, string | Uint8Array]>([
    ['an answer of the query', `{"conversations":[${old},${young}],"totalHits":2}`],
    [
      'job results one a line',
      `{"conversations":[${young}],"cursor":"x"}\n{"conversations":[${old}],"dataAvailabilityDate":"2026-01-04T00:00:00Z"}\n{"totalHits":0}`,
    ],
    ['an array', `[${old},${young}]`],
    ['records one a line', `${old}\n${young}\n`],
    ['gzip', gzipSync(`{"conversations":[${old},${young}]}`)],
  ])('takes %s', async (_, content) => {
    const { log, receipt, incomplete } = await imported(fileOf(content))
    expect({ receipt, incomplete }).toMatchObject({
      receipt: { stored: 2, duplicate: 0, deadLettered: 0 },
      incomplete: [],
    })
    expect((await allEvents(log)).map(({ type }) => type).sort()).toEqual([
      'ClockTicked',
      'conversation-detail',
      'conversation-detail',
    ])
  })

  test('moves the clock once, after all files, to the last emission', async () => {
    const { log } = await imported(fileOf(young), fileOf(old))
    const ticks = await eventsOf(log, 'acme.clock')
    expect(
      ticks.map(({ type, data }) => E.getOrElse<unknown, unknown>(() => undefined)(decodeRaw(type, data))),
    ).toEqual([[{ type: 'ClockTicked', at: Date.parse('2026-01-03T10:00:00Z') }]])
    expect((await allEvents(log)).at(-1)?.type).toBe('ClockTicked')
  })

  test('run again stores nothing twice, and stores a conversation that has changed since', async () => {
    const log = memoryLog()
    const signal = new AbortController().signal
    const file = fileOf(`[${old},${young}]`)
    const again = fileOf(`[${old},${young.replace('"s-c2"', '"s-c2","direction":"inbound"')}]`)
    for (const expected of [
      { stored: 2, duplicate: 0 },
      { stored: 0, duplicate: 2 },
    ])
      expect((await importDetails({ log, tenant: 'acme', files: [file], now, signal })).receipt).toMatchObject(expected)
    expect((await importDetails({ log, tenant: 'acme', files: [again], now, signal })).receipt).toMatchObject({
      stored: 1,
      duplicate: 1,
    })
  })

  test('writes a dead letter for what is not a conversation, and stores the rest', async () => {
    const { log, receipt } = await imported(fileOf(`[${old},{"conversationId":"c3"},{"queueId":"x"},${young}]`))
    expect(receipt).toMatchObject({ stored: 2, deadLettered: 2 })
    expect((await eventsOf(log, 'acme.deadletter')).map(({ data }) => Buffer.from(data).toString())).toEqual([
      '{"conversationId":"c3"}',
      '{"queueId":"x"}',
    ])
  })

  test('reports a truncated file and keeps its complete conversations', async () => {
    const whole = fileOf(young)
    const broken = fileOf(`{"conversations":[${old},${young.slice(0, 40)}`)
    const { receipt, incomplete } = await imported(broken, whole)
    expect(incomplete).toEqual([{ file: broken, why: expect.stringContaining('last bracket') as string }])
    expect(receipt).toMatchObject({ stored: 2, deadLettered: 1, problems: [{ reason: 'malformed-json' }] })
  })

  test('previews what each conversation would become', async () => {
    const file = fileOf(`[${old},{"queueId":"x"}]`)
    const seen: unknown[] = []
    for await (const preview of previewFile(detailsFile(file), 'acme', now, new AbortController().signal))
      seen.push(preview)
    expect(seen).toMatchObject([
      { line: 1, type: 'conversation-detail', facts: ['ConversationRecorded'], known: true },
      { line: 1, deadLetter: 'not-an-envelope' },
    ])
  })
})

test('a chat imported twice gives the rows of its queue and agent in the intervals of its emissions', async () => {
  const log = memoryLog()
  const signal = new AbortController().signal
  await importDetails({
    log,
    tenant: 'acme',
    files: [fileOf(live), fileOf(`{"conversations":[${live}]}`)],
    now,
    signal,
  })
  await importDetails({
    log,
    tenant: 'acme',
    files: [fileOf(live.replace('"mediaStatsMin', '"added":1,"mediaStatsMin'))],
    now,
    signal,
  })
  const fold = new KpiProjection('acme', { ...defaultProfile, points: 'conversation-details' })
  for (const { type, data } of await allEvents(log)) {
    const facts = decodeRaw(type, data)
    if (E.isLeft(facts)) throw new Error(facts.left.detail)
    for (const fact of facts.right) expect(fold.apply(fact)).toBeUndefined()
  }
  const latest = new Map(rowsIn(fold.drainEvents()).map((row) => [row.key, row]))
  const told = Object.fromEntries(
    [...latest.values()].map(({ family, start, measures }) => [
      `${family} ${new Date(start).toISOString().slice(11, 16)}`,
      Object.fromEntries(
        metricNames.flatMap((name, place) => {
          const measure = measures[place]
          return measure === undefined || measure.count === 0 ? [] : [[name, [measure.count, measure.sum]]]
        }),
      ),
    ]),
  )
  const ofQueue = { nConnected: [1, 1], nOffered: [1, 1], tAcd: [1, 11_179], tWait: [1, 11_179] }
  const atAnswer = { tAlert: [1, 11_050], tAnswered: [1, 11_179] }
  const atEnd = { nError: [1, 1], tHandle: [1, 918_737], tHeld: [1, 544_176], tHeldComplete: [1, 544_176] }
  const talk = { tTalk: [1, 374_561], tTalkComplete: [1, 374_561] }
  expect(told).toEqual({
    'queue 12:15': { ...ofQueue, ...atAnswer },
    'agent 12:15': { ...atAnswer, tWait: [1, 11_179] },
    'queue 12:30': { ...talk, ...atEnd },
    'agent 12:30': { ...talk, ...atEnd },
  })
})

test('one emission stamped decades ahead is set aside alone: the clock does not follow it, and later days count', async () => {
  const log = memoryLog()
  const importAt = (content: string, time: string) =>
    importDetails({
      log,
      tenant: 'acme',
      files: [fileOf(content)],
      now: () => Date.parse(time),
      signal: new AbortController().signal,
    })
  const day = (date: string, ...emitDates: readonly string[]): string =>
    JSON.stringify({
      conversationId: `c-${date}`,
      participants: [
        {
          purpose: 'acd',
          sessions: [
            {
              sessionId: 's',
              segments: [{ segmentStart: `${date}T09:00:00Z`, queueId: 'sales' }],
              metrics: emitDates.map((emitDate) => ({ name: 'nOffered', value: 1, emitDate })),
            },
          ],
        },
      ],
    })
  const first = await importAt(
    day('2026-03-02', '2026-03-02T10:00:00Z', '2099-03-02T10:00:00Z'),
    '2026-11-20T00:00:00Z',
  )
  expect(first.receipt.latest).toBe(Date.parse('2026-03-02T10:00:00Z'))
  const profile = { ...defaultProfile, points: 'conversation-details' as const, families: ['queue'] as const }
  expect(await project({ log, tenant: 'acme', profile })).toMatchObject({ kind: 'caught-up' })
  await importAt(
    [day('2026-03-03', '2026-03-03T10:00:00Z'), day('2026-03-12', '2026-03-12T10:00:00Z')].join('\n'),
    '2026-11-20T01:00:00Z',
  )
  expect(await project({ log, tenant: 'acme', profile })).toMatchObject({ kind: 'caught-up' })
  expect((await rowsOf(log, 'acme')).map(({ start }) => new Date(start).toISOString().slice(0, 16)).sort()).toEqual([
    '2026-03-02T10:00',
    '2026-03-03T10:00',
    '2026-03-12T10:00',
  ])
  const letters = await eventsOf(log, 'acme.deadletter')
  expect(
    letters.map(({ metadata }) => (JSON.parse(Buffer.from(metadata).toString()) as { reason: string }).reason),
  ).toEqual(['too-early'])
})
