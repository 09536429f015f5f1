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
import { repeatsOf, type Repeats } from './repeats.js'

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
  /** Of each commit. */
  append: readonly Cost[]
  bareAppend: readonly Cost[]
  /** Per byte of NDJSON. */
  disk: number
  bareDisk: number
}>

/** Wall time, and processor time of all threads. */
type Cost = Readonly<{ seconds: number; cpuSeconds: number }>

const costOf = async (work: () => Promise<unknown>): Promise<Cost> => {
  const [begin, cpu] = [process.hrtime.bigint(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: Number(process.hrtime.bigint() - begin) / 1e9, cpuSeconds: (user + system) / 1e6 }
}

const secondsIn = (costs: readonly Cost[]): Repeats => repeatsOf(costs.map(({ seconds }) => seconds))
const cpuIn = (costs: readonly Cost[]): number => repeatsOf(costs.map(({ cpuSeconds }) => cpuSeconds)).median
const micros = (seconds: number, events: number): string => ((1e6 * seconds) / events).toFixed(1)

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
  const [append, bareAppend]: [Cost[], Cost[]] = [[], []]
  for (const [i, appends] of commits.entries()) {
    const values = appends.map(({ events }) => Buffer.concat([events[0]!.data, events[0]!.metadata]))
    const ours = await costOf(async () => {
      if (!(await log.append(appends)).every(E.isRight)) throw new Error('an append failed')
    })
    const theirs = await costOf(() =>
      bare.batch(() => values.forEach((value, j) => void bare.put(i * COMMIT + j, value))),
    )
    if (i < WARM_UP) continue
    append.push(ours)
    bareAppend.push(theirs)
  }
  const perByte = (part: string): number => statSync(join(dir, part, 'data.mdb')).size / ndjsonBytes
  return { log, bare, append, bareAppend, disk: perByte('log'), bareDisk: perByte('bare') }
}

const close = async ({ log, bare }: Filled): Promise<void> => {
  await log.close()
  await bare.close()
}

const EVENTS = COMMITS * COMMIT

const appendLine = ({ append, bareAppend }: Filled): BenchLine => ({
  name: 'durable append, commits of 1,000',
  ours: COMMIT / secondsIn(append).median,
  ceiling: COMMIT / secondsIn(bareAppend).median,
  unit: 'events/s',
  goal: 0.7,
  note:
    `median commit; ceiling: bare LMDB puts of the same bytes, no index; processor time ` +
    `${micros(cpuIn(append), COMMIT)} and ${micros(cpuIn(bareAppend), COMMIT)} µs an event`,
})

const readLine = async ({ log, bare }: Filled): Promise<BenchLine> => {
  const [ours, theirs]: [Cost[], Cost[]] = [[], []]
  for (let i = 0; i < READS; i++) {
    let [bytes, bareBytes] = [0, 0]
    ours.push(
      await costOf(async () => {
        for await (const batch of log.readAll())
          for (const { data, metadata } of batch) bytes += data.byteLength + metadata.byteLength
      }),
    )
    theirs.push(
      await costOf(async () => {
        for (const { value } of bare.getRange({})) bareBytes += value.length
      }),
    )
    if (bytes === 0 || bytes !== bareBytes) throw new Error(`read ${bytes} bytes beside ${bareBytes}`)
  }
  const { median, spread } = secondsIn(ours)
  return {
    name: 'sequential read',
    ours: EVENTS / median,
    ceiling: EVENTS / secondsIn(theirs).median,
    unit: 'events/s',
    spread,
    note:
      `ceiling: bare LMDB range read of the same bytes; processor time ${micros(cpuIn(ours), EVENTS)} and ` +
      `${micros(cpuIn(theirs), EVENTS)} µs an event`,
  }
}

const diskLine = ({ disk, bareDisk }: Filled): BenchLine => ({
  name: 'raw log on disk',
  ours: disk,
  ceiling: 1,
  unit: 'bytes a byte of NDJSON',
  goal: 0.3,
  lessIsBetter: true,
  note: `${disk.toFixed(3)}; bare LMDB puts of the same bytes: ${bareDisk.toFixed(3)}`,
})

/** Append, read and size of one log, beside bare LMDB. */
export const benchLog = (): Promise<readonly BenchLine[]> =>
  within(async (dir) => {
    const filled = await fill(dir)
    const lines = [appendLine(filled), await readLine(filled), diskLine(filled)]
    await close(filled)
    return lines
  })
