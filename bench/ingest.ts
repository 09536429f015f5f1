import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { Pool } from 'undici'
import { batchReader } from '../src/app/operations/imports/batch-reader.js'
import { importFile } from '../src/app/operations/imports/import-events.js'
import { httpSource } from '../src/http/server.js'
import { decodeRaw } from '../src/ingress/decode/decoders.js'
import { recordsOf } from '../src/ingress/files/record-splitter.js'
import { deliverTo } from '../src/ingress/ingest.js'
import { readRawEvents } from '../src/ingress/raw-event.js'
import { openEmbeddedLog } from '../src/log/embedded/log.js'
import type { EventLog, StreamAppend } from '../src/log/event-log.js'
import type { BenchLine } from './bench-line.js'
import { corpusOf, type CorpusKind } from './corpus.js'
import type { BenchOptions } from './main.js'
import { repeatsOf, secondsOf } from './repeats.js'

const NOW = Date.parse('2026-02-05T06:00:00Z')
const ORIGIN = { tenant: 'bench', source: 'bench', receivedAt: NOW }
const EVENTS_MAX = 100_000
/** Events of one request, and of one append beside it. */
const BATCH = 100
/** Requests in flight, each on a connection that is kept alive. */
const CONNECTIONS = 8

/** What the ingress does to events, step by step, in this process. */
export const benchIngest = async ({ events, repeats }: BenchOptions): Promise<readonly BenchLine[]> => {
  const count = Math.min(events, EVENTS_MAX)
  const lines: BenchLine[] = []
  for (const kind of ['metric-records', 'detail-events'] as const) {
    const raws = rawsOf(kind, count)
    lines.push(...reading(kind, raws, repeats))
    if (kind === 'metric-records') lines.push(await gzip(raws, repeats), await http(raws, repeats))
  }
  return lines
}

const rawsOf = (kind: CorpusKind, count: number): readonly Buffer[] =>
  recordsOf(readFileSync(corpusOf(kind, count).file))

/** CPU seconds of this process, which other load of the machine disturbs less than the clock. */
const cpuSecondsOf = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Raw bytes → what is stored, and stored bytes → facts, beside `JSON.parse` alone of the same bytes. */
const reading = (kind: CorpusKind, raws: readonly Buffer[], repeats: number): readonly BenchLine[] => {
  const stored = raws.flatMap((raw) =>
    readRawEvents(raw, ORIGIN).flatMap(({ read }) => (E.isRight(read) ? [read.right.event] : [])),
  )
  const work = {
    parse: () => raws.forEach((raw) => void JSON.parse(raw.toString('utf8'))),
    read: () => raws.forEach((raw) => void readRawEvents(raw, ORIGIN)),
    decode: () => stored.forEach(({ type, data }) => void decodeRaw(type, data)),
  }
  const seconds = { parse: [] as number[], read: [] as number[], decode: [] as number[] }
  for (let i = 0; i <= repeats; i++)
    for (const what of ['parse', 'read', 'decode'] as const) {
      const took = cpuSecondsOf(work[what])
      if (i > 0) seconds[what].push(took) // the first time warms up
    }
  const ceiling = raws.length / repeatsOf(seconds.parse).median
  return (['read', 'decode'] as const).map((what) => {
    const { median, spread } = repeatsOf(seconds[what])
    const name = what === 'read' ? 'raw → id, stream, checked facts' : 'stored → facts'
    return { name: `${name}, ${kind}`, ours: raws.length / median, ceiling, unit: 'events/s', spread, note: NOTE }
  })
}
const NOTE = 'CPU time of one thread; beside JSON.parse'

const within = async <A>(work: (dir: string) => Promise<A>): Promise<A> => {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'bench-ingest-'))
  try {
    return await work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const withLog = <A>(work: (log: EventLog, dir: string) => Promise<A>): Promise<A> =>
  within(async (dir) => {
    const log = await openEmbeddedLog({ dir: join(dir, 'log'), mode: 'writer', owner: 'bench' })
    try {
      return await work(log, dir)
    } finally {
      await log.close()
    }
  })

/** The same file as gzip and plain, with a worker thread. */
const gzip = (raws: readonly Buffer[], repeats: number): Promise<BenchLine> =>
  within(async (dir) => {
    const plain = raws.map((raw) => raw.toString('utf8')).join('\n')
    const files = { plain: join(dir, 'plain.ndjson'), gzip: join(dir, 'gzip.ndjson.gz') }
    writeFileSync(files.plain, plain)
    writeFileSync(files.gzip, gzipSync(plain))
    const seconds = { plain: [] as number[], gzip: [] as number[] }
    for (let i = 0; i < repeats; i++)
      for (const form of ['plain', 'gzip'] as const) seconds[form].push(await importSeconds(files[form]))
    const { median, spread } = repeatsOf(seconds.gzip)
    const ceiling = raws.length / repeatsOf(seconds.plain).median
    const note = 'beside the same file without gzip'
    return {
      name: 'import of a gzip file',
      ours: raws.length / median,
      ceiling,
      unit: 'events/s',
      goal: 0.9,
      spread,
      note,
    }
  })

const importSeconds = (file: string): Promise<number> =>
  withLog(async (log) => {
    const reader = batchReader(1)
    const { signal } = new AbortController()
    const seconds = await secondsOf(() => importFile({ log, tenant: 'bench', file, now: () => NOW, signal, reader }))
    await reader.close()
    return seconds
  })

/** Requests of a hundred events on connections that are kept alive, beside appends of the same events. */
const http = async (raws: readonly Buffer[], repeats: number): Promise<BenchLine> => {
  const batches = Array.from({ length: Math.floor(raws.length / BATCH) }, (_, i) =>
    raws.slice(i * BATCH, (i + 1) * BATCH),
  )
  const seconds = { http: [] as number[], append: [] as number[] }
  for (let i = 0; i < repeats; i++) {
    seconds.append.push(await withLog((log) => appendSeconds(log, batches)))
    seconds.http.push(await withLog((log) => requestSeconds(log, batches)))
  }
  const { median, spread } = repeatsOf(seconds.http)
  const ceiling = raws.length / repeatsOf(seconds.append).median
  const note = `${CONNECTIONS} at a time; beside appends of the same events to the log`
  return {
    name: 'HTTP, requests of 100 events',
    ours: raws.length / median,
    ceiling,
    unit: 'events/s',
    goal: 0.6,
    spread,
    note,
  }
}

/** Works on items in their order, so many at a time. */
const atATime = async <A>(items: readonly A[], work: (item: A) => Promise<void>): Promise<void> => {
  let next = 0
  const one = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as A)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
}

const appendSeconds = (log: EventLog, batches: readonly (readonly Buffer[])[]): Promise<number> => {
  const appends = batches.map((batch) => appendsOf(batch))
  return secondsOf(() =>
    atATime(appends, async (each) => {
      if (!(await log.append(each)).every(E.isRight)) throw new Error('an append failed')
    }),
  )
}

const appendsOf = (batch: readonly Buffer[]): readonly StreamAppend[] =>
  batch.flatMap((raw) =>
    readRawEvents(raw, ORIGIN).flatMap(({ read }) =>
      E.isRight(read) ? [{ stream: read.right.stream, expected: 'any' as const, events: [read.right.event] }] : [],
    ),
  )

const requestSeconds = async (log: EventLog, batches: readonly (readonly Buffer[])[]): Promise<number> => {
  const health = () => ({ live: true, ready: true, stages: {} }) as never
  const source = await httpSource({ host: '127.0.0.1', port: 0, health }).start(
    deliverTo({ log, tenant: 'bench', now: () => NOW }),
  )
  const pool = new Pool(source.url, { connections: CONNECTIONS })
  const bodies = batches.map((batch) => `[${batch.map((raw) => raw.toString('utf8')).join(',')}]`)
  try {
    return await secondsOf(() =>
      atATime(bodies, async (body) => {
        const headers = { 'content-type': 'application/json' }
        const answer = await pool.request({ method: 'POST', path: '/v1/events', headers, body })
        await answer.body.dump()
        if (answer.statusCode !== 200) throw new Error(`a request was answered with ${answer.statusCode}`)
      }),
    )
  } finally {
    await pool.close()
    await source.close()
  }
}
