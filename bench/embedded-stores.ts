/**
 * Which store should the embedded log stand on, and in which layout? Run it with `npx tsx bench/embedded-stores.ts
 * [events]`; the figures and what was concluded from them are in docs/adr/0002-embedded-store.md. Everything is
 * event-store-shaped: a global order, an index by stream and revision, and a unique index of stream and event id.
 * Events are 738 bytes, twelve to a stream, a thousand to a durable commit.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, readdirSync, openSync, writeSync, fdatasyncSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { open } from 'lmdb'
import { BLOCK_BYTES, blockShare, encodeBlock, eventsOf, openBlock } from '../src/log/embedded/format/block.js'
import { uuidBytes } from '../src/log/embedded/format/uuid.js'
import type { BlockEvent } from '../src/log/embedded/format/block.js'

const EVENTS = Number(process.argv[2] ?? 200_000)
const COMMIT = 1_000
const BYTES = 738
const LIVE_STREAMS = 2_000
const STREAM_READS = 2_000

type Candidate = Readonly<{
  append: (events: readonly BlockEvent[], first: number) => Promise<void> | void
  /** How many events were seen. */
  readAll: () => number
  readStream: (stream: number) => number
  close: () => Promise<void> | void
}>

const streamNumber = (n: number): number => Math.floor(n / (LIVE_STREAMS * 12)) * LIVE_STREAMS + (n % LIVE_STREAMS)
const streamName = (stream: number): string =>
  `acme.${(stream % 64).toString(16).padStart(2, '0')}.conversation-${stream.toString(16).padStart(36, '0')}`
const uuidOf = (n: number): string =>
  createHash('md5')
    .update(`${n}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/** The events of one commit. Conversations are interleaved: two thousand are alive at a time. */
const commitOf = (first: number): readonly BlockEvent[] =>
  Array.from({ length: COMMIT }, (_, i) => {
    const n = first + i
    const id = uuidOf(n)
    const data = Buffer.alloc(
      BYTES,
      `{"n":${n},"topicName":"v2.detail.events.conversation.acd.end","eventBody":{"time":1700000000000}} `,
    )
    return {
      stream: streamName(streamNumber(n)),
      revision: Math.floor((n % (LIVE_STREAMS * 12)) / LIVE_STREAMS),
      id: uuidBytes(id),
      event: { id, type: 'v2.detail.events.conversation.{id}.acd.end', data, metadata: new Uint8Array(0) },
    }
  })

const u48 = (n: number): Buffer => {
  const key = Buffer.allocUnsafe(6)
  key.writeUIntBE(n, 0, 6)
  return key
}
const indexKey = (stream: number, kind: number, rest: Uint8Array): Buffer =>
  Buffer.concat([u48(stream), Buffer.of(kind), rest])
const NOTHING = Buffer.alloc(0)
const binary = { keyEncoding: 'binary', encoding: 'binary' } as const

const lmdb = (dir: string, overlappingSync: boolean) => {
  const env = open({ path: dir, mapSize: 2 ** 36, overlappingSync, encoding: 'binary' } as Parameters<typeof open>[0])
  const store = (name: string) => env.openDB<Buffer, Buffer>({ name, ...binary })
  return { env, log: store('log'), streams: store('streams'), index: store('index') }
}

const blocksOf = (events: readonly BlockEvent[]): readonly (readonly BlockEvent[])[] => {
  const blocks: BlockEvent[][] = [[]]
  let size = 0
  for (const event of events) {
    if (size >= BLOCK_BYTES) {
      blocks.push([])
      size = 0
    }
    blocks.at(-1)!.push(event)
    size += blockShare(event)
  }
  return blocks
}

/** The ceiling: the same bytes by position, no index. */
const lmdbBare = (dir: string): Candidate => {
  const { env, log } = lmdb(dir, false)
  return {
    append: async (events, first) => {
      await env.batch(() => events.forEach(({ event }, i) => void log.put(u48(first + i), event.data as Buffer)))
    },
    readAll: () => {
      let seen = 0
      for (const { value } of log.getRange({})) if (value.length > 0) seen++
      return seen
    },
    readStream: () => 0,
    close: () => env.close(),
  }
}

const lmdbRows =
  (overlappingSync: boolean) =>
  (dir: string): Candidate => {
    const { env, log, streams, index } = lmdb(dir, overlappingSync)
    return {
      append: async (events, first) => {
        const done = env.batch(() =>
          events.forEach((each, i) => {
            const stream = streamNumber(first + i)
            void log.put(u48(first + i), encodeBlock([each]))
            if (each.revision === 0) void streams.put(Buffer.from(each.stream), u48(stream))
            void index.put(indexKey(stream, 0, u48(each.revision)), u48(first + i))
            void index.put(indexKey(stream, 1, each.id), NOTHING)
          }),
        )
        await done
        await env.flushed
      },
      readAll: () => {
        let seen = 0
        for (const { value } of log.getRange({}))
          seen += eventsOf(openBlock(Buffer.from(value), 0n), 0, 1, () => true).length
        return seen
      },
      readStream: (stream) => {
        let seen = 0
        const number = streams.get(Buffer.from(streamName(stream)))!.readUIntBE(0, 6)
        for (const { value } of index.getRange({
          start: indexKey(number, 0, NOTHING),
          end: indexKey(number, 1, NOTHING),
        }))
          seen += eventsOf(openBlock(Buffer.from(log.get(value)!), 0n), 0, 1, () => true).length
        return seen
      },
      close: () => env.close(),
    }
  }

/** Blocks of events; what else a stream needs (its ids and where its events lie) in one growing entry. */
const lmdbBlocks =
  (overlappingSync: boolean) =>
  (dir: string): Candidate => {
    const { env, log, streams, index } = lmdb(dir, overlappingSync)
    const entries = new Map<number, Buffer>()
    return {
      append: async (events, first) => {
        const done = env.batch(() => {
          let at = first
          for (const block of blocksOf(events)) {
            const last = u48(at + block.length - 1)
            void log.put(last, encodeBlock(block))
            for (const each of block) {
              const stream = streamNumber(at++)
              if (each.revision === 0) void streams.put(Buffer.from(each.stream), u48(stream))
              const entry = Buffer.concat([entries.get(stream) ?? NOTHING, each.id, last])
              if (each.revision === 11) entries.delete(stream)
              else entries.set(stream, entry)
              void index.put(u48(stream), entry)
            }
          }
        })
        await done
        await env.flushed
      },
      readAll: () => {
        let seen = 0
        for (const { value } of log.getRange({})) seen += eventsOf(openBlock(value, 0n), 0, Infinity, () => true).length
        return seen
      },
      readStream: (stream) => {
        let seen = 0
        const name = streamName(stream)
        const entry = index.get(streams.get(Buffer.from(name))!)!
        for (let at = 16; at < entry.length; at += 22) {
          const block = openBlock(log.get(entry.subarray(at, at + 6))!, 0n)
          const own = block.streams.indexOf(name)
          seen += eventsOf(block, 0, block.count, (each) => each === own).length
        }
        return seen
      },
      close: () => env.close(),
    }
  }

const sqlite = (dir: string): InstanceType<typeof Sqlite> => {
  const db = new Sqlite(join(dir, 'log.db'))
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'cache_size = -64000', 'mmap_size = 4000000000'])
    db.pragma(pragma)
  return db
}

const sqliteRows = (dir: string): Candidate => {
  const db = sqlite(dir)
  db.exec(`create table streams (number integer primary key, name text unique not null);
    create table log (position integer primary key, stream integer not null, revision integer not null, id blob not null, type text not null, data blob not null);
    create unique index by_stream on log (stream, revision); create unique index by_id on log (stream, id)`)
  const addStream = db.prepare('insert into streams values (?, ?)')
  const add = db.prepare('insert into log values (?, ?, ?, ?, ?, ?)')
  const all = db.prepare(
    'select position, name, revision, id, type, data from log join streams on number = stream order by position',
  )
  const one = db.prepare(
    'select position, revision, id, type, data from log where stream = (select number from streams where name = ?) order by revision',
  )
  return {
    append: (events, first) => {
      db.exec('begin')
      events.forEach((each, i) => {
        const stream = streamNumber(first + i)
        if (each.revision === 0) addStream.run(stream, each.stream)
        add.run(first + i, stream, each.revision, each.id, each.event.type, each.event.data)
      })
      db.exec('commit')
    },
    readAll: () => {
      let seen = 0
      for (const row of all.raw().iterate()) if ((row as unknown[]).length > 0) seen++
      return seen
    },
    readStream: (stream) => one.all(streamName(stream)).length,
    close: () => void db.close(),
  }
}

const sqliteBlocks = (dir: string): Candidate => {
  const db = sqlite(dir)
  db.exec(`create table streams (name text primary key, number integer not null) without rowid; create table log (last integer primary key, block blob not null);
    create table entries (stream integer primary key, bytes blob not null)`)
  const addStream = db.prepare('insert into streams values (?, ?)')
  const addBlock = db.prepare('insert into log values (?, ?)')
  const putEntry = db.prepare('insert into entries values (?, ?) on conflict do update set bytes = excluded.bytes')
  const all = db.prepare('select last, block from log order by last')
  const one = db.prepare('select block from log where last = ?')
  const entryOf = db.prepare('select bytes from entries where stream = (select number from streams where name = ?)')
  const entries = new Map<number, Buffer>()
  return {
    append: (events, first) => {
      db.exec('begin')
      let at = first
      for (const block of blocksOf(events)) {
        const last = at + block.length - 1
        addBlock.run(last, encodeBlock(block))
        for (const each of block) {
          const stream = streamNumber(at++)
          if (each.revision === 0) addStream.run(each.stream, stream)
          const entry = Buffer.concat([entries.get(stream) ?? NOTHING, each.id, u48(last)])
          if (each.revision === 11) entries.delete(stream)
          else entries.set(stream, entry)
          putEntry.run(stream, entry)
        }
      }
      db.exec('commit')
    },
    readAll: () => {
      let seen = 0
      for (const row of all.raw().iterate())
        seen += eventsOf(openBlock(Buffer.from((row as [number, Buffer])[1]), 0n), 0, Infinity, () => true).length
      return seen
    },
    readStream: (stream) => {
      const name = streamName(stream)
      const entry = Buffer.from((entryOf.get(name) as { bytes: Buffer }).bytes)
      let seen = 0
      for (let at = 16; at < entry.length; at += 22) {
        const block = openBlock(Buffer.from((one.get(entry.readUIntBE(at, 6)) as { block: Buffer }).block), 0n)
        const own = block.streams.indexOf(name)
        seen += eventsOf(block, 0, block.count, (each) => each === own).length
      }
      return seen
    },
    close: () => void db.close(),
  }
}

/** The lower bound of every durable commit: the bytes into a file, fdatasync. */
const plainFile = (dir: string): Candidate => {
  const file = openSync(join(dir, 'log'), 'a')
  return {
    append: (events) => {
      writeSync(file, Buffer.concat(events.map(({ event }) => event.data)))
      fdatasyncSync(file)
    },
    readAll: () => 0,
    readStream: () => 0,
    close: () => closeSync(file),
  }
}

type Cost = Readonly<{ wallS: number; cpuS: number }>

/** Wall and processor time; the second is the one to compare on a machine that has other things to do. */
const costOf = async (work: () => unknown): Promise<Cost> => {
  const begin = process.hrtime.bigint()
  const cpu = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { wallS: Number(process.hrtime.bigint() - begin) / 1e9, cpuS: (user + system) / 1e6 }
}

const measure = async (name: string, make: (dir: string) => Candidate): Promise<void> => {
  const dir = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'embedded-stores-'))
  try {
    const candidate = make(dir)
    let append: Cost = { wallS: 0, cpuS: 0 }
    for (let first = 0; first < EVENTS; first += COMMIT) {
      const events = commitOf(first)
      const { wallS, cpuS } = await costOf(() => candidate.append(events, first))
      append = { wallS: append.wallS + wallS, cpuS: append.cpuS + cpuS }
    }
    let seen = 0
    const read = await costOf(() => (seen = candidate.readAll()))
    if (seen !== 0 && seen !== EVENTS) throw new Error(`${name} read ${seen} of ${EVENTS}`)
    let streamed = 0
    const streams = Math.floor(EVENTS / (LIVE_STREAMS * 12)) * LIVE_STREAMS
    const byStream = await costOf(() => {
      for (let i = 0; i < STREAM_READS; i++) streamed += candidate.readStream((i * 7_919) % streams)
    })
    if (streamed !== 0 && streamed !== 12 * STREAM_READS) throw new Error(`${name} read ${streamed} by stream`)
    await candidate.close()
    const size = readdirSync(dir).reduce((sum, file) => sum + statSync(join(dir, file)).size, 0)
    const columns = (count: number, { wallS, cpuS }: Cost): string =>
      count === 0
        ? ''.padStart(18)
        : `${Math.round(count / wallS / 1_000)}k`.padStart(9) + ((cpuS / count) * 1e6).toFixed(1).padStart(9)
    const row = [
      columns(EVENTS, append),
      columns(seen, read),
      columns(streamed, byStream),
      (size / EVENTS / BYTES).toFixed(2).padStart(9),
    ]
    process.stdout.write(`${name.padEnd(34)}${row.join('')}\n`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const only = process.argv[3] ?? ''
process.stdout.write(
  `${`${EVENTS} events`.padEnd(34)} append/s   cpu us   read/s   cpu us stream/s   cpu us   size/B\n`,
)
for (const [name, make] of [
  ['a plain file, fdatasync', plainFile],
  ['lmdb, bytes by position only', lmdbBare],
  ['lmdb, one entry an event', lmdbRows(false)],
  ['lmdb, one entry an event, overlap', lmdbRows(true)],
  ['lmdb, blocks and stream entries', lmdbBlocks(false)],
  ['lmdb, blocks and stream entries, overlap', lmdbBlocks(true)],
  ['sqlite, one row an event', sqliteRows],
  ['sqlite, blocks and stream entries', sqliteBlocks],
] as const)
  if (name.includes(only)) await measure(name, make)
