import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { open } from 'lmdb'
import { HOUR_MS } from '../src/domain/interval.js'
import { ingest } from '../src/ingress/ingest.js'
import { openEmbeddedLog } from '../src/log/embedded/log.js'
import type { EventLog, StreamAppend } from '../src/log/event-log.js'
import { memoryLog } from '../src/log/memory-log.js'
import { simulate } from '../src/simulator/simulate.js'
import type { BenchLine } from './bench-line.js'

const COMMIT = 1_000
const COMMITS = 80
/** The first commits are not timed: an ingress runs for weeks, not for its first half second. */
const WARM_UP = 15
const READS = 5
const FROM = Date.parse('2026-01-05T06:00:00Z')

type Corpus = Readonly<{ commits: readonly (readonly StreamAppend[])[]; ndjsonBytes: number }>

/** The raw events of a simulated contact centre, as the ingress names and wraps them, in commits of a thousand. */
const corpus = async (): Promise<Corpus> => {
  const log = memoryLog()
  let lines: Buffer[] = []
  let [count, ndjsonBytes] = [0, 0]
  const take = (): Promise<unknown> =>
    ingest(log, lines, { tenant: 'acme', source: 'bench', receivedAt: FROM + 9 * HOUR_MS })
  for (const { line } of simulate({ seed: 7, fromMs: FROM, hours: 24, queues: 20, agents: 150 })) {
    if (count++ === COMMITS * COMMIT) break
    ndjsonBytes += Buffer.byteLength(line) + 1
    lines.push(Buffer.from(line))
    if (lines.length < COMMIT) continue
    await take()
    lines = []
  }
  const commits: StreamAppend[][] = []
  for await (const batch of log.readAll({ batchMax: COMMIT }))
    commits.push(batch.map((event) => ({ stream: event.stream, expected: 'any', events: [event] })))
  if (commits.length !== COMMITS) throw new Error(`the corpus has ${commits.length} commits, not ${COMMITS}`)
  return { commits, ndjsonBytes }
}

/** Bare LMDB: the same bytes under ascending numbers, synced as the log syncs. */
const bareStore = (dir: string) =>
  open<Buffer, number>({
    path: dir,
    noSubdir: false,
    mapSize: 2 ** 36,
    overlappingSync: false,
    encoding: 'binary',
    keyEncoding: 'uint32',
  } as Parameters<typeof open>[0])

type Filled = Readonly<{
  log: EventLog
  bare: ReturnType<typeof bareStore>
  appendS: number
  bareAppendS: number
  /** Per byte of NDJSON. */
  disk: number
  bareDisk: number
}>

const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - begin) / 1e9
}

const within = async <A>(work: (dir: string) => Promise<A>): Promise<A> => {
  const dir = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'bench-log-'))
  try {
    return await work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Commit by commit in turns, so that other load of the machine affects both alike. */
const fill = async (dir: string): Promise<Filled> => {
  const { commits, ndjsonBytes } = await corpus()
  const log = await openEmbeddedLog({ dir: join(dir, 'log'), mode: 'writer', owner: 'bench' })
  const bare = bareStore(join(dir, 'bare'))
  let [appendS, bareAppendS] = [0, 0]
  for (const [i, appends] of commits.entries()) {
    const values = appends.map(({ events }) => Buffer.concat([events[0]!.data, events[0]!.metadata]))
    const ours = await secondsOf(async () => {
      if (!(await log.append(appends)).every(E.isRight)) throw new Error('an append failed')
    })
    const theirs = await secondsOf(() =>
      bare.batch(() => values.forEach((value, j) => void bare.put(i * COMMIT + j, value))),
    )
    if (i < WARM_UP) continue
    appendS += ours
    bareAppendS += theirs
  }
  const perByte = (part: string): number => statSync(join(dir, part, 'data.mdb')).size / ndjsonBytes
  return { log, bare, appendS, bareAppendS, disk: perByte('log'), bareDisk: perByte('bare') }
}

const close = async ({ log, bare }: Filled): Promise<void> => {
  await log.close()
  await bare.close()
}

const EVENTS = COMMITS * COMMIT
const TIMED = (COMMITS - WARM_UP) * COMMIT

const appendLine = ({ appendS, bareAppendS }: Filled): BenchLine => ({
  name: 'durable append, commits of 1,000',
  ours: TIMED / appendS,
  ceiling: TIMED / bareAppendS,
  unit: 'events/s',
  note: 'ceiling: bare LMDB puts of the same bytes, no index',
})

const readLine = async ({ log, bare }: Filled): Promise<BenchLine> => {
  let [readS, bareReadS] = [0, 0]
  for (let i = 0; i < READS; i++) {
    let [seen, bareSeen] = [0, 0]
    readS += await secondsOf(async () => {
      for await (const batch of log.readAll()) seen += batch.length
    })
    bareReadS += await secondsOf(async () => {
      for (const { value } of bare.getRange({})) if (value.length > 0) bareSeen++
    })
    if (seen !== EVENTS || bareSeen !== EVENTS) throw new Error(`read ${seen} and ${bareSeen} of ${EVENTS}`)
  }
  return {
    name: 'sequential read',
    ours: (READS * EVENTS) / readS,
    ceiling: (READS * EVENTS) / bareReadS,
    unit: 'events/s',
    note: 'ceiling: bare LMDB range read of the same bytes',
  }
}

const diskLine = ({ disk, bareDisk }: Filled): BenchLine => ({
  name: 'bytes of NDJSON per byte on disk',
  ours: 1 / disk,
  ceiling: 1 / bareDisk,
  unit: 'bytes',
  note: `${disk.toFixed(3)} bytes on disk per byte of NDJSON; bare LMDB puts of the same bytes: ${bareDisk.toFixed(3)}`,
})

/** Append, read and size of one log, beside bare LMDB. */
export const benchLog = (): Promise<readonly BenchLine[]> =>
  within(async (dir) => {
    const filled = await fill(dir)
    const lines = [appendLine(filled), await readLine(filled), diskLine(filled)]
    await close(filled)
    return lines
  })
