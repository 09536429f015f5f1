import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client'
import * as E from 'fp-ts/lib/Either.js'
import type { EventLog, NewEvent, StreamAppend } from '../src/log/event-log.js'
import { openEventStoreDbLog } from '../src/log/eventstoredb/log.js'
import type { BenchLine } from './bench-line.js'
import { benchFirstPass } from './eventstoredb-first-pass.js'
import type { Others } from './eventstoredb-first-pass.js'

const STREAMS = 8
const BATCH = 1_000
/** Of these, the first are not timed. */
const ROUNDS = 22
const WARM_UP = 2
const READS = 2
/** Events of each, from the beginning. */
const READ_MAX = 40_000
const DATA_BYTES = 738
/** Events that are read by bucket, and how many of them are appended to a conversation at a time. */
const BUCKET_EVENTS = 32_000
const TALK = 10
const BUCKETS = ['t.0', 't.1', 't.2', 't.3']
const READERS = 4
const BUCKET_READS = 3
const TYPE = 'v2.detail.events.conversation.{id}.acd.end'

const metadata = new TextEncoder().encode(
  `{"tenant":"acme","source":"bench","topic":"${TYPE}","receivedAt":1700000000000}`,
)

const eventNumbered = (n: number): NewEvent => ({
  id: createHash('md5')
    .update(`${n}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  type: TYPE,
  data: new Uint8Array(
    Buffer.alloc(DATA_BYTES, `{"n":${n},"topicName":"v2.detail.events.conversation.acd.end","time":1700000000000} `),
  ),
  metadata,
})

const eventsFrom = (first: number, count: number): readonly NewEvent[] =>
  Array.from({ length: count }, (_, i) => eventNumbered(first + i))

const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - begin) / 1e9
}

/** The official client as its documentation has it: appends of binary events, none awaited before the next is sent. */
const bareAppend = async (client: EventStoreDBClient, appends: readonly StreamAppend[]): Promise<void> => {
  await Promise.all(
    appends.map(({ stream, events }) =>
      client.appendToStream(
        stream,
        events.map(({ id, type, data, metadata: meta }) => binaryEvent({ id, type, data, metadata: meta })),
      ),
    ),
  )
}

const ourAppend = async (log: EventLog, appends: readonly StreamAppend[]): Promise<void> => {
  if (!(await log.append(appends)).every(E.isRight)) throw new Error('an append failed')
}

type Shape = (round: number) => readonly StreamAppend[]

/** Batches for a few streams at a time, as a projector or an import writes. */
const batches: Shape = (round) =>
  Array.from({ length: STREAMS }, (_, i) => ({
    stream: `batch-${i}`,
    expected: 'any',
    events: eventsFrom((round * STREAMS + i) * BATCH, BATCH),
  }))

/** One event for each of a thousand conversations, which are written to again in every round: a busy ingress. */
const conversations: Shape = (round) =>
  Array.from({ length: BATCH }, (_, i) => ({
    stream: `conversation-${i}`,
    expected: 'any',
    events: eventsFrom(1e9 + round * BATCH + i, 1),
  }))

/**
 * One event for each of a thousand conversations that this process has not written to; in `begun` ones somebody else
 * has, as before a restart.
 */
const unknownConversations =
  (name: 'new' | 'begun'): Shape =>
  (round) =>
    Array.from({ length: BATCH }, (_, i) => ({
      stream: `${name}-${round}-${i}`,
      expected: 'any',
      events: eventsFrom(2e9 + round * BATCH + i, 1),
    }))

/** What other writers have stored in the conversations that are begun. */
const beginnings: Shape = (round) =>
  unknownConversations('begun')(round).map(({ stream }, i) => ({
    stream,
    expected: 'any',
    events: eventsFrom(4e9 + round * BATCH + i, 1),
  }))

const under = (prefix: string, shape: Shape): Shape => {
  return (round) => shape(round).map((append) => ({ ...append, stream: `${prefix}.${append.stream}` }))
}

type Peers = Readonly<{ log: EventLog; client: EventStoreDBClient }>

/** Round by round in turns, so that other load of the machine affects both alike. */
const appendLine = async ({ log, client }: Peers, name: string, shape: Shape, before?: Shape): Promise<BenchLine> => {
  let [oursS, bareS, timed] = [0, 0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const [mine, theirs] = [under('ours', shape)(round), under('bare', shape)(round)]
    if (before !== undefined)
      for (const whose of ['ours', 'bare']) await bareAppend(client, under(whose, before)(round))
    const ours = await secondsOf(() => ourAppend(log, mine))
    const bare = await secondsOf(() => bareAppend(client, theirs))
    if (round < WARM_UP) continue
    oursS += ours
    bareS += bare
    timed += mine.reduce((sum, { events }) => sum + events.length, 0)
  }
  return {
    name,
    ours: timed / oursS,
    ceiling: timed / bareS,
    unit: 'events/s',
    note: 'ceiling: the official client, binary events',
  }
}

const readLine = async ({ log, client }: Peers): Promise<BenchLine> => {
  let [oursS, bareS, events, bareEvents] = [0, 0, 0, 0]
  for (let i = 0; i < READS; i++) {
    let [seen, bareSeen] = [0, 0]
    oursS += await secondsOf(async () => {
      for await (const batch of log.readAll()) if ((seen += batch.length) >= READ_MAX) break
    })
    bareS += await secondsOf(async () => {
      for await (const { event } of client.readAll({ maxCount: READ_MAX + 1 }))
        if (event?.streamId.startsWith('$') === false) bareSeen++
    })
    // Ours ends with a batch, which goes a little further.
    if (seen < READ_MAX || bareSeen < READ_MAX) throw new Error(`read ${seen}, and the client ${bareSeen}`)
    events += seen
    bareEvents += bareSeen
  }
  return {
    name: 'EventStoreDB: read of `$all`',
    ours: events / oursS,
    ceiling: bareEvents / bareS,
    unit: 'events/s',
    note: 'ceiling: the official client, binary events',
  }
}

/** Conversations of all buckets, in turns. */
const fillBuckets = async (log: EventLog): Promise<void> => {
  for (let at = 0; at < BUCKET_EVENTS; at += BATCH) {
    const talks = Array.from({ length: BATCH / TALK }, (_, i): StreamAppend => {
      const nth = at / TALK + i
      return {
        stream: `${BUCKETS[nth % BUCKETS.length]}0.c${nth % 64}`,
        expected: 'any',
        events: eventsFrom(3e9 + nth * TALK, TALK),
      }
    })
    await ourAppend(log, talks)
  }
}

/** Seconds of the clock and of this process's processor. */
const readBuckets = async (log: EventLog): Promise<Readonly<{ wallS: number; cpuS: number }>> => {
  let seen = 0
  const before = process.cpuUsage()
  const wallS = await secondsOf(async () => {
    for await (const batch of log.readAll({ prefixes: BUCKETS })) seen += batch.length
  })
  const { user, system } = process.cpuUsage(before)
  if (seen !== BUCKET_EVENTS) throw new Error(`read ${seen} events of ${BUCKET_EVENTS}`)
  return { wallS, cpuS: (user + system) / 1e6 }
}

/** Several connections compared with one: how much of the wait for the server they use. */
const bucketLine = async (connectionString: string, where: string): Promise<BenchLine> => {
  const [one, several] = [
    openEventStoreDbLog({ connectionString }),
    openEventStoreDbLog({ connectionString, readers: READERS }),
  ]
  const sum = { one: { wallS: 0, cpuS: 0 }, several: { wallS: 0, cpuS: 0 } }
  for (let i = 0; i <= BUCKET_READS; i++)
    for (const [name, log] of [
      ['one', one],
      ['several', several],
    ] as const) {
      const { wallS, cpuS } = await readBuckets(log)
      if (i === 0) continue // not timed: connecting, and code that is not warm
      sum[name].wallS += wallS
      sum[name].cpuS += cpuS
    }
  await Promise.all([one.close(), several.close()])
  const atWork = ({ wallS, cpuS }: typeof sum.one): string => `${Math.round((cpuS / wallS) * 100)} %`
  return {
    name: `EventStoreDB: replay by bucket, ${READERS} readers, ${where}`,
    ours: (BUCKET_EVENTS * BUCKET_READS) / sum.several.wallS,
    ceiling: (BUCKET_EVENTS * BUCKET_READS) / sum.one.wallS,
    unit: 'events/s',
    note: `ceiling: one reader; processor at work ${atWork(sum.several)}, with one reader ${atWork(sum.one)}`,
  }
}

/**
 * The EventStoreDB adapter compared with the official client, on the protocol-level server in a process of its own.
 */
export const benchEventStoreDb = async (): Promise<readonly BenchLine[]> => {
  const peer = fork(join(import.meta.dirname, 'eventstoredb-peer.ts'), { execArgv: ['--import', 'tsx'] })
  try {
    const [[connectionString, far]] = (await once(peer, 'message')) as [[string, string]]
    const peers = {
      log: openEventStoreDbLog({ connectionString }),
      client: EventStoreDBClient.connectionString(connectionString),
    }
    const lines = [
      await appendLine(peers, 'EventStoreDB: append, batches of 1,000 to 8 streams', batches),
      await appendLine(peers, 'EventStoreDB: append, 1,000 conversations, an event each', conversations),
      await appendLine(peers, 'EventStoreDB: append, 1,000 conversations that are new', unknownConversations('new')),
      await appendLine(
        peers,
        'EventStoreDB: append, 1,000 conversations that others have begun',
        unknownConversations('begun'),
        beginnings,
      ),
      await readLine(peers),
    ]
    await fillBuckets(peers.log)
    lines.push(await bucketLine(connectionString, 'server near'), await bucketLine(far, 'server 4 ms away'))
    await peers.log.close()
    await peers.client.dispose()
    const addOthers = async (others: Others): Promise<unknown> => {
      peer.send(others)
      return once(peer, 'message')
    }
    return [...lines, ...(await benchFirstPass(connectionString, addOthers))]
  } finally {
    peer.disconnect()
  }
}
