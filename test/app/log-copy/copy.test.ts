import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deadLetters } from '../../../src/app/operations/dead-letters.js'
import { erase } from '../../../src/app/operations/erase.js'
import { runEgress } from '../../../src/app/pipeline/egress.js'
import { latestRows } from '../../../src/contract/kpi-stream.js'
import { runLiveProjector } from '../../../src/app/pipeline/live-generation.js'
import { copyLog, type CopyOptions, type CopyOutcome } from '../../../src/app/log-copy/copy.js'
import { embeddedLogs, oneLog, type Logs } from '../../../src/app/pipeline/logs.js'
import { rebuild } from '../../../src/app/operations/rebuild.js'
import { HOUR_MS, MINUTE_MS } from '../../../src/domain/interval.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import type { Progress } from '../../../src/egress/sink.js'
import type { EventLog, RecordedEvent } from '../../../src/log/event-log.js'
import { openEventStoreDbLog } from '../../../src/log/eventstoredb/log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { answers } from '../../support/answers.js'
import { chance } from '../../support/chance.js'
import { startEventStoreDbServer, type EventStoreDbServer } from '../../support/eventstoredb/server.js'
import { failingAppend } from '../../support/failing-log.js'
import { Crash, Life } from '../../support/mortal.js'
import { silent, take, tickTo } from '../../support/pipeline.js'
import { recordingSink } from '../../support/recording-sink.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const T = 't'
const never = new AbortController().signal
const junk = ['not json', '{"topicName": "v3.something.else", "eventBody": {}}']
let lines: readonly string[]
beforeAll(() => {
  lines = [...simulate({ seed: 13, fromMs: FROM, hours: 1, queues: 2, agents: 10, reorder: 0.1 })].map(
    ({ line }) => line,
  )
})

const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-copy-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}
const embedded = async (): Promise<Logs> => closed(embeddedLogs(await folder(), 'test'))
const closed = (logs: Logs): Logs => {
  onTestFinished(() => logs.close())
  return logs
}
/** Each part a log of its own, in memory: positions are those of the raw part alone, and not dense. */
const memoryParts = (): Logs => {
  const logs = new Map<string, EventLog>()
  const part = (name: string): Promise<EventLog> => {
    const log = logs.get(name) ?? memoryLog()
    logs.set(name, log)
    return Promise.resolve(log)
  }
  return {
    ...oneLog(memoryLog()),
    raw: () => part('raw'),
    kpi: part,
    control: () => part('control'),
    changingControl: async (work) => work(await part('control')),
  }
}
const onServer = async (): Promise<Readonly<{ server: EventStoreDbServer; logs: Logs }>> => {
  const server = await startEventStoreDbServer()
  onTestFinished(() => server.stop())
  return {
    server,
    logs: closed(oneLog(openEventStoreDbLog({ connectionString: server.connectionString, headPollMs: 10 }))),
  }
}

const live = (logs: Logs, batchMax: number) => ({
  ...{
    tenant: T,
    profile: defaultProfile,
    logs,
    data: undefined,
    batchMax,
    untilCaughtUp: true,
    signal: never,
    logger: silent,
  },
  now: () => 0,
})
const projected = async (logs: Logs, batchMax = 40): Promise<void> => {
  expect(await runLiveProjector({ ...live(logs, batchMax), raw: await logs.raw('reader') })).toMatchObject({
    kind: 'caught-up',
  })
}
const rebuilt = async (logs: Logs): Promise<void> => {
  await rebuild({ ...live(logs, 1_000), raw: await logs.raw('reader'), promote: false })
}

/** Some of the morning, projected as it came in, with a rebuild in the middle. */
const morning = async (logs: Logs, withJunk = true): Promise<void> => {
  const raw = await logs.raw('writer')
  const half = Math.floor(lines.length / 2)
  if (withJunk) await take(raw, T, junk.slice(0, 1))
  await take(raw, T, lines.slice(0, half))
  await tickTo(raw, T, FROM + 20 * MINUTE_MS)
  await projected(logs)
  await rebuilt(logs)
  if (withJunk) await take(raw, T, junk.slice(1))
  await take(raw, T, lines.slice(half, -20))
  await tickTo(raw, T, FROM + 2 * HOUR_MS)
  await projected(logs)
}
/** The rest of it. */
const goneOn = async (logs: Logs): Promise<void> => {
  const raw = await logs.raw('writer')
  await take(raw, T, lines.slice(-20))
  await tickTo(raw, T, FROM + 4 * HOUR_MS)
  await projected(logs)
}

const copied = (from: Logs, to: Logs, more: Partial<CopyOptions> = {}): Promise<CopyOutcome> =>
  copyLog({ from, to, tenant: T, dryRun: false, inFlight: 64, signal: never, logger: silent, ...more })
/** And gives an embedded target back, as the process that copies does at its end. */
const copiedInto = async (from: Logs, to: Logs): Promise<CopyOutcome> => copied(from, to).finally(() => to.close())

const streamOf = async (log: EventLog, stream: string): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readStream(stream)) events.push(...batch)
  return events
}
const allOf = async (log: EventLog): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll({ prefixes: [`${T}.`] })) events.push(...batch)
  return events
}
const text = ({ stream, revision, id, type, data, metadata }: RecordedEvent): string =>
  [stream, revision, id, type, Buffer.from(data).toString('hex'), Buffer.from(metadata).toString('hex')].join(' ')
const rowsOf = async (logs: Logs, generation: string): Promise<readonly string[]> =>
  [...(await latestRows(await logs.kpi(generation, 'reader'), T, generation))].map(
    ([key, { avro }]) => `${key} ${Buffer.from(avro).toString('hex')}`,
  )
const rowEvents = async (logs: Logs, generation: string): Promise<readonly string[]> =>
  (await streamOf(await logs.kpi(generation, 'reader'), `${T}.kpi-${generation}`)).map(
    ({ revision, type, data }) =>
      `${revision} ${type} ${type.startsWith('Row.') ? Buffer.from(data).toString('hex') : ''}`,
  )
const lettersOf = async (logs: Logs): Promise<readonly string[]> => {
  const found: string[] = []
  for await (const { id, note } of deadLetters(logs, T)) found.push(`${id} ${note.stage} ${note.reason}`)
  return found.sort()
}
const rawOf = async (logs: Logs): Promise<readonly string[]> =>
  (await allOf(await logs.raw('reader')))
    .filter(({ stream }) => !/\.(kpi-.*|generations|deadletter)$/.test(stream))
    .map((event) => text(event))

/** Publishes what the live generation holds, behind this progress. */
const published = async (logs: Logs, before?: Progress) => {
  const recording = recordingSink(before)
  const end = await runEgress({ ...live(logs, 40), sink: recording.sink })
  expect(end).toEqual({ kind: 'caught-up' })
  return {
    progress: recording.progress(),
    records: recording.records.map(({ avro }) => Buffer.from(avro).toString('hex')),
  }
}

test('embedded → server → embedded: the same rows, and projector and egress go on in each copy as they do in the original', async () => {
  const first = await embedded()
  await morning(first)
  const { logs: second } = await onServer()
  const third = await embedded()
  const there = await copied(first, second)
  expect(there).toMatchObject({ kind: 'copied', differences: [], sourceGrew: false, before: { events: 0 } })
  const back = await copiedInto(second, third)
  expect(back).toMatchObject({ kind: 'copied', differences: [], sourceGrew: false })
  for (const { digests } of [there, back]) for (const { source, target } of digests) expect(source).toBe(target)
  expect(there.digests.map(({ what }) => what)).toEqual([
    'raw',
    't.kpi-g1',
    't.kpi-g2',
    't.generations',
    'dead letters',
  ])
  // What does not depend on positions has the same digest wherever it lies.
  expect(back.digests.map(({ what, target }) => [what, target])).toEqual(
    there.digests.map(({ what, target }) => [what, target]),
  )

  const before = await published(first)
  expect(before.records.length).toBeGreaterThan(100)
  for (const copy of [second, third]) {
    expect(await rawOf(copy)).toEqual(await rawOf(first))
    for (const generation of ['g1', 'g2'])
      expect(await rowEvents(copy, generation)).toEqual(await rowEvents(first, generation))
    expect(await lettersOf(copy)).toEqual(await lettersOf(first))
  }
  await goneOn(first)
  const after = await published(first, before.progress)
  expect(after.records.length).toBeGreaterThan(10)
  for (const copy of [second, third]) {
    await goneOn(copy)
    expect(await rowsOf(copy, 'g1')).toEqual(await rowsOf(first, 'g1'))
    const rest = await published(copy, before.progress)
    expect(new Set(rest.records).size).toBe(rest.records.length)
    expect(rest.records.filter((record) => before.records.includes(record))).toEqual([])
    expect(rest.records.toSorted()).toEqual(after.records.toSorted())
  }
}, 120_000)

test('a row stream in the copy is, event for event, what a projector would have written there', async () => {
  const [first, there] = [await embedded(), memoryParts()]
  await morning(first, false)
  await morning(there, false)
  const copy = memoryParts()
  expect(await copied(first, copy)).toMatchObject({ differences: [] })
  for (const generation of ['g1', 'g2']) {
    const [ours, theirs] = await Promise.all(
      [copy, there].map(async (logs) =>
        (await streamOf(await logs.kpi(generation, 'reader'), `t.kpi-${generation}`)).map(text),
      ),
    )
    expect(ours).toEqual(theirs)
  }
}, 60_000)

test('a projector that comes to a position in the copy of which the source had rows already loses none of its own', async () => {
  const first = await embedded()
  const raw = await first.raw('writer')
  await take(raw, 'another', answers(40))
  await take(raw, T, answers(1))
  expect(await raw.head()).toBe(41n)
  await projected(first)
  const second = await embedded()
  await copiedInto(first, second)
  const more = answers(40, 1)
  for (const logs of [first, second]) {
    await take(await logs.raw('writer'), T, more)
    await projected(logs, 1_000)
  }
  expect(await (await second.raw('reader')).head()).toBe(41n)
  expect(await rowsOf(second, 'g1')).toEqual(await rowsOf(first, 'g1'))
})

describe('a copy that is cut short', () => {
  const killed = async (seed: number): Promise<void> => {
    const random = chance(seed)
    const source = memoryParts()
    await morning(source)
    const [calm, log] = [memoryLog(), memoryLog()]
    await copied(source, oneLog(calm))
    let deaths = 0
    for (let outcome: CopyOutcome | undefined; outcome === undefined;) {
      const life = new Life(1 + random.below(6), random.oneOf(['before', 'after']))
      try {
        const to = oneLog({ ...log, ...life.log(log) })
        outcome = await copied(source, to, { inFlight: random.oneOf([1, 2, 7, 64]) })
        expect(outcome).toMatchObject({ kind: 'copied', differences: [] })
      } catch (cause) {
        if (!(cause instanceof Crash)) throw new Error(`seed ${seed}`, { cause })
        await life.settled()
        if (++deaths > 2_000) throw new Error(`seed ${seed}: it gets nowhere`, { cause })
      }
    }
    expect(deaths).toBeGreaterThan(2)
    expect(await rawOf(oneLog(log))).toEqual(await rawOf(oneLog(calm)))
    const [ours, theirs] = [await allOf(log), await allOf(calm)]
    expect(ours.map(text).sort()).toEqual(theirs.map(text).sort())
  }
  test.each([1, 2, 3, 4, 5, 6])(
    'at any append, and started again, comes out as a calm one does: seed %i',
    killed,
    60_000,
  )

  test.each([true, false])(
    'by an append whose outcome nobody knows goes on by itself (it had been made: %s)',
    async (applied) => {
      const source = memoryParts()
      await morning(source)
      for (const n of [1, 2, 5]) {
        const log = memoryLog()
        const failing = failingAppend(log, n, { tag: 'NotAvailable', cause: new Error('no answer') }, applied)
        expect(await copied(source, oneLog(failing), { inFlight: 3 })).toMatchObject({
          kind: 'copied',
          differences: [],
          before: { events: 0 },
        })
        expect(await rawOf(oneLog(log))).toEqual(await rawOf(source))
      }
    },
    60_000,
  )

  test('by the operator says so, and goes on', async () => {
    const source = memoryParts()
    await morning(source)
    const log = memoryLog()
    const stop = new AbortController()
    const onProgress = (): void => stop.abort()
    expect(await copied(source, oneLog(log), { signal: stop.signal, onProgress })).toMatchObject({ kind: 'stopped' })
    expect(await copied(source, oneLog(log))).toMatchObject({ kind: 'copied', differences: [] })
  })
})

test('a source that goes on meanwhile is copied through where it was, says so, and another run brings the rest', async () => {
  const [source, target] = [await embedded(), await embedded()]
  await morning(source)
  const raw = await source.raw('writer')
  let going: Promise<unknown> | undefined
  const onProgress = (): void => void (going ??= take(raw, T, lines.slice(-20, -10)))
  const first = await copied(source, target, { onProgress })
  await going
  expect(first).toMatchObject({ kind: 'copied', differences: [], sourceGrew: true })
  await goneOn(source)
  const second = await copied(source, target)
  expect(second).toMatchObject({ kind: 'copied', differences: [], sourceGrew: false })
  expect(second.before).toEqual(first.copied)
  expect(second.copied.events).toBeGreaterThan(20)
  expect(await rawOf(target)).toEqual(await rawOf(source))
  expect(await rowEvents(target, 'g1')).toEqual(await rowEvents(source, 'g1'))
  expect(await copied(source, target)).toMatchObject({ copied: { streams: 0, events: 0, bytes: 0 }, differences: [] })
}, 60_000)

test('a dry run counts what a run then copies, and writes nothing', async () => {
  const [source, log] = [memoryParts(), memoryLog()]
  await morning(source)
  const dry = await copied(source, oneLog(log), { dryRun: true })
  expect(await log.head()).toBeUndefined()
  const wet = await copied(source, oneLog(log))
  expect(dry).toMatchObject({ kind: 'would copy', copied: { streams: 32, events: wet.copied.events } })
  expect(wet.copied.streams).toBe(dry.copied.streams + 1) // the dead letters, of which a dry run sees no revision
})

describe('a target is refused', () => {
  const event = (id: string) => ({
    id: `00000000-0000-4000-8000-0000000000${id}`,
    type: 'X',
    data: Buffer.from('{}'),
    metadata: Buffer.from('{}'),
  })
  const write = async (log: EventLog, stream: string, id = '01'): Promise<void> => {
    const [answer] = await log.append([{ stream, expected: 'any', events: [event(id)] }])
    expect(E.isRight(answer!)).toBe(true)
  }
  test.each(['t.clock', 't.generations', 't.kpi-g1', 't.deadletter', 't.kpi-g2'])(
    'that holds something else of this tenant, and it stays as it is: %s',
    async (stream) => {
      const [source, log] = [memoryParts(), memoryLog()]
      await morning(source)
      await write(log, stream)
      await expect(copied(source, oneLog(log))).rejects.toThrow(stream)
      await expect(copied(source, oneLog(log))).rejects.toMatchObject({ name: 'CopyRefused' })
      expect(await allOf(log)).toHaveLength(1)
    },
  )

  test.each(['t.clock', 't.generations', 't.kpi-g1', 't.deadletter'])(
    'that has gone on by itself: %s',
    async (stream) => {
      const [source, log] = [memoryParts(), memoryLog()]
      await morning(source)
      await copied(source, oneLog(log))
      await write(log, stream)
      await expect(copied(source, oneLog(log))).rejects.toMatchObject({
        name: 'CopyRefused',
        message: expect.stringContaining(stream) as string,
      })
    },
  )

  test('and one that holds another tenant is not', async () => {
    const [source, log] = [memoryParts(), memoryLog()]
    await morning(source)
    await write(log, 'tt.clock')
    expect(await copied(source, oneLog(log))).toMatchObject({ kind: 'copied', differences: [] })
  })
})

test.each([/\.user-/, /\.kpi-g1$/, /\.generations$/, /\.deadletter$/])(
  'a target that does not keep what it was given is found out, and the stream named: %s',
  async (stream) => {
    const [source, log] = [memoryParts(), memoryLog()]
    await morning(source)
    let spoilt: string | undefined
    const forgetful: EventLog = {
      ...log,
      append: (appends) =>
        log.append(
          appends.map((append) => {
            if (spoilt !== undefined || !stream.test(append.stream)) return append
            spoilt = append.stream
            const events = append.events.map((event, index) =>
              index === 0 ? { ...event, data: Buffer.from('{"position":"7"}') } : event,
            )
            return { ...append, events }
          }),
        ),
    }
    const { kind, differences, digests } = await copied(source, oneLog(forgetful))
    expect(kind).toBe('copied')
    expect(differences[0]).toMatchObject({ stream: spoilt })
    expect(digests.some(({ source, target }) => source !== target)).toBe(true)
  },
)

test('dead letters are a set: what two projectors set aside is one letter on a server, and lies with the raw part when it comes back', async () => {
  const source = memoryParts()
  const letter = (id: string, at: string) => ({
    id: `00000000-0000-4000-8000-0000000000${id}`,
    ...{
      type: 'DeadLettered',
      data: Buffer.from('{}'),
      metadata: Buffer.from(JSON.stringify({ reason: 'r', stage: 'projector', receivedAt: at })),
    },
  })
  await morning(source)
  for (const [generation, ids] of [
    ['g1', ['01', '02']],
    ['g2', ['02', '03']],
  ] as const)
    await (
      await source.kpi(generation, 'writer')
    ).append([{ stream: 't.deadletter', expected: 'any', events: ids.map((id) => letter(id, generation)) }])
  const [{ logs: there }, back, parts] = [await onServer(), await embedded(), memoryParts()]
  expect(await copied(source, there)).toMatchObject({ differences: [] })
  expect(await copied(there, back)).toMatchObject({ differences: [] })
  const ids = [...new Set(await lettersOf(source))]
  expect(ids).toHaveLength(junk.length + 3)
  expect(await lettersOf(there)).toEqual(ids)
  expect(await lettersOf(back)).toEqual(ids)
  expect(await streamOf(await back.raw('reader'), 't.deadletter')).toHaveLength(ids.length)
  expect(await copied(source, parts)).toMatchObject({ differences: [] })
  expect(await lettersOf(parts)).toEqual(await lettersOf(source))
}, 60_000)

test('what was erased on a server, but is still in its files, is not brought back by a copy', async () => {
  const [source, target] = [await onServer(), await embedded()]
  await morning(source.logs)
  const log = await source.logs.raw('reader')
  const erased = (await allOf(log)).find(({ stream }) => stream.includes('.user-'))?.stream ?? ''
  await source.server.data.tombstone(erased)
  expect((await allOf(log)).some(({ stream }) => stream === erased)).toBe(true)
  expect(await copied(source.logs, target)).toMatchObject({ kind: 'copied', differences: [] })
  const there = await rawOf(target)
  expect(there.some((line) => line.startsWith(erased))).toBe(false)
  expect(there).toEqual((await rawOf(source.logs)).filter((line) => !line.startsWith(`${erased} `)))
}, 60_000)

describe('the note that a stream was erased', () => {
  const erasedFrom = async (logs: Logs): Promise<Readonly<{ before: bigint; through: bigint; stream: string }>> => {
    const raw = await logs.raw('writer')
    const users = (await allOf(raw)).filter(({ stream }) => stream.includes('.user-'))
    const { stream } = users.find((event) => event.revision === 3) as RecordedEvent
    const { events } = await erase({
      raw,
      tenant: T,
      stream,
      entityId: stream.slice(stream.indexOf('user-') + 5),
      dryRun: false,
      now: () => FROM,
    })
    expect(events).toBeGreaterThan(3)
    const own = users.filter((event) => event.stream === stream).map(({ position }) => position)
    return { stream, before: own[0] as bigint, through: own.at(-1) as bigint }
  }
  const noteOf = async (logs: Logs): Promise<Readonly<{ from: string; through: string }>> => {
    const note = (await allOf(await logs.raw('reader'))).find(({ type }) => type === 'StreamErased') as RecordedEvent
    return JSON.parse(Buffer.from(note.data).toString()) as { from: string; through: string }
  }
  /** Source position → target position of each raw event. */
  const places = async (from: Logs, to: Logs): Promise<ReadonlyMap<bigint, bigint>> => {
    const raw = async (logs: Logs) =>
      (await allOf(await logs.raw('reader'))).filter(({ stream }) => !/\.(kpi-.*|generations|deadletter)$/.test(stream))
    const [ours, theirs] = [await raw(from), await raw(to)]
    return new Map(ours.map(({ position }, index) => [position, theirs[index]!.position]))
  }
  const behind = (known: ReadonlyMap<bigint, bigint>, position: bigint): string =>
    String([...known].filter(([source]) => source <= position).at(-1)?.[1] ?? 0n)

  test.each([1, 2, 64])(
    'speaks of the events before the erased ones in the copy, whose projector asks for a rebuild as that of the source would (%i in flight)',
    async (inFlight) => {
      const [source, target] = [memoryParts(), memoryParts()]
      await morning(source)
      const { before, through } = await erasedFrom(source)
      expect(await copied(source, target, { inFlight })).toMatchObject({ kind: 'copied', differences: [] })
      const known = await places(source, target)
      expect(await noteOf(target)).toMatchObject({ from: behind(known, before), through: behind(known, through) })
      for (const [nth, logs] of [source, target].entries())
        expect(
          await runLiveProjector({ ...live(logs, 40), raw: await logs.raw('reader') }),
          nth === 0 ? 'source' : 'copy',
        ).toMatchObject({
          kind: 'refused',
          reason: expect.stringContaining('streamvane rebuild --promote') as string,
        })
      // A rebuild comes to the same rows in both.
      for (const logs of [source, target]) await rebuilt(logs)
      expect(await rowsOf(target, 'g3')).toEqual(await rowsOf(source, 'g3'))
    },
  )

  test('and a copy goes on behind it, also if more has been erased on both sides since', async () => {
    const [source, target] = [memoryParts(), memoryParts()]
    await morning(source)
    await erasedFrom(source)
    expect(await copied(source, target)).toMatchObject({ kind: 'copied', differences: [] })
    const { stream } = await erasedFrom(source)
    await (await target.raw('writer')).erase(stream)
    await take(await source.raw('writer'), T, lines.slice(-20))
    expect(await copied(source, target)).toMatchObject({
      kind: 'copied',
      differences: [],
      copied: { streams: expect.any(Number) as number },
    })
    const [ours, theirs] = await Promise.all(
      [source, target].map(async (logs) => (await rawOf(logs)).filter((line) => !line.includes('StreamErased'))),
    )
    expect(theirs).toEqual(ours)
  })
})
