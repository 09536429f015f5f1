import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { open } from 'lmdb'
import { openEmbeddedLog } from '../src/log/embedded/log.js'
import type { EventLog, NewEvent, StreamAppend } from '../src/log/event-log.js'
import type { BenchLine } from './bench-line.js'

const COMMIT = 1_000
const COMMITS = 100
/** The first commits are not timed: an ingress runs for weeks, not for its first half second. */
const WARM_UP = 20
const READS = 3
const LIVE_STREAMS = 2_000
const DATA_BYTES = 738

const metadata = Buffer.from(
  '{"tenant":"acme","source":"bench","topic":"v2.detail.events.conversation.{id}.acd.end","receivedAt":1700000000000}',
)

const eventNumbered = (n: number): NewEvent => ({
  id: createHash('md5')
    .update(`${n}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  type: 'v2.detail.events.conversation.{id}.acd.end',
  data: Buffer.alloc(
    DATA_BYTES,
    `{"n":${n},"topicName":"v2.detail.events.conversation.acd.end","eventBody":{"time":1700000000000}} `,
  ),
  metadata,
})

/**
 * A thousand events of as many conversations, of two thousand that are alive at a time with twelve events each: the
 * shape of a busy ingress.
 */
const commitOf = (first: number): readonly StreamAppend[] =>
  Array.from({ length: COMMIT }, (_, i) => {
    const n = first + i
    const conversation = Math.floor(n / (LIVE_STREAMS * 12)) * LIVE_STREAMS + (n % LIVE_STREAMS)
    const stream = `acme.${(conversation % 64).toString(16).padStart(2, '0')}.conversation-${conversation.toString(16).padStart(36, '0')}`
    return { stream, expected: 'any', events: [eventNumbered(n)] }
  })

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

type Filled = Readonly<{ log: EventLog; bare: ReturnType<typeof bareStore>; appendS: number; bareAppendS: number }>

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
  const log = await openEmbeddedLog({ dir: join(dir, 'log'), mode: 'writer', owner: 'bench' })
  const bare = bareStore(join(dir, 'bare'))
  let [appendS, bareAppendS] = [0, 0]
  for (let i = 0; i < COMMITS; i++) {
    const appends = commitOf(i * COMMIT)
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
  return { log, bare, appendS, bareAppendS }
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

/** Durable append through the port, beside bare LMDB. */
export const benchAppend = (): Promise<BenchLine> =>
  within(async (dir) => {
    const filled = await fill(dir)
    await close(filled)
    return appendLine(filled)
  })

/** Reading the whole log through the port, beside bare LMDB. */
export const benchRead = (): Promise<BenchLine> =>
  within(async (dir) => {
    const filled = await fill(dir)
    const line = await readLine(filled)
    await close(filled)
    return line
  })

/** Both, over one log. */
export const benchLog = (): Promise<readonly BenchLine[]> =>
  within(async (dir) => {
    const filled = await fill(dir)
    const lines = [appendLine(filled), await readLine(filled)]
    await close(filled)
    return lines
  })
