import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backup } from '../../../../src/app/operations/backup/backup.js'
import { restore } from '../../../../src/app/operations/backup/restore.js'
import { deadLetters } from '../../../../src/app/operations/dead-letters.js'
import { erase } from '../../../../src/app/operations/erase.js'
import { logEncryptionIn } from '../../../../src/app/config/log-encryption.js'
import type { LogEncryption } from '../../../../src/app/pipeline/logs/encryption.js'
import { configSchema } from '../../../../src/app/config/schema.js'
import { decodersName } from '../../../../src/app/pipeline/facts/decode-run.js'
import { decodePool, RunDecoder } from '../../../../src/app/pipeline/facts/run-decoder.js'
import { withFacts } from '../../../../src/app/pipeline/facts/open-feed.js'
import { embeddedLogs, type Logs } from '../../../../src/app/pipeline/logs/logs.js'
import { runProjector } from '../../../../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../../../../src/app/pipeline/projector/snapshots.js'
import { Secret } from '../../../../src/credentials/secret.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { conversationStream, deadLetterStream, kpiStream } from '../../../../src/domain/stream-name.js'
import { isEncrypted } from '../../../../src/log/encryption/encryption-mark.js'
import { openEmbeddedLog } from '../../../../src/log/embedded/log.js'
import { KeyStore } from '../../../../src/log/encryption/key-store.js'
import type { EventLog, RecordedEvent } from '../../../../src/log/event-log.js'
import { isKpiEvent } from '../../../../src/contract/kpi-stream/stored.js'
import { scratchDirectory } from '../../../log/embedded/child-process.js'
import { masterText } from '../../../log/encryption/rig.js'
import { generationOf, silent, take, tickTo } from '../../../support/pipeline.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { copied } from '../../log-copy/fixtures.js'

const T = 't'
const NEVER = new AbortController().signal

const encryption = (data: string, { masters = [1], isEnabled = true } = {}): LogEncryption => ({
  ...logEncryptionIn(
    configSchema.parse({ log: { encryption: { key: Secret.literal(masters.map(masterText).join(' ')) } } }).log,
    data,
  )!,
  isEnabled,
})

const opened = (data: string, how: LogEncryption | null = encryption(data)): Logs => {
  const logs = embeddedLogs(data, 'test', undefined, how ?? undefined)
  onTestFinished(() => logs.close())
  return logs
}

const all = async (batches: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of batches) events.push(...batch)
  return events
}

const FROM = Date.parse('2026-01-05T06:00:00Z')
const LINES = [...simulate({ seed: 3, fromMs: FROM, hours: 1, queues: 2, agents: 12 })].map(({ line }) => line)

/** The rows that a projector makes of the log, with `threads` beside it: their bytes. */
const rowBytes = async (data: string, logs: Logs, threads = 0): Promise<readonly string[]> => {
  const [raw, kpi] = [await logs.raw('reader'), await logs.kpi('g1', 'writer')]
  const end = await withFacts(
    { data, projector: { ...configSchema.parse({}).projector, decodingThreads: threads } },
    silent,
    (facts) =>
      runProjector({
        ...{ tenant: T, generation: generationOf(defaultProfile), raw, kpi, snapshots: noSnapshots, batchMax: 500 },
        ...{ facts, untilCaughtUp: true, signal: NEVER, logger: silent, now: () => 0 },
      }),
  )
  expect(end.kind).toBe('caught-up')
  return (await all(kpi.readStream(kpiStream(T, 'g1'))))
    .filter(isKpiEvent)
    .map(({ id, type, data }) => `${id} ${type} ${Buffer.from(data).toString('base64')}`)
}

describe('an encrypted embedded log', () => {
  test('gives the same rows, byte for byte, as one that is not, also with a decoding thread beside it', async () => {
    const [plain, secret] = [await scratchDirectory(), await scratchDirectory()]
    const [plainLogs, secretLogs] = [opened(plain, null), opened(secret)]
    for (const logs of [plainLogs, secretLogs]) {
      const raw = await logs.raw('writer')
      await take(raw, T, LINES)
      await tickTo(raw, T, FROM + 3 * 3_600_000)
    }
    const rows = await rowBytes(plain, plainLogs)
    expect(rows.length).toBeGreaterThan(50)
    expect(await rowBytes(secret, secretLogs, 1)).toEqual(rows)
  })

  test('is read by a decoding thread itself, with the keys that the log names', async () => {
    const data = await scratchDirectory()
    const raw = await opened(data).raw('writer')
    await take(raw, T, LINES.slice(0, 700))
    const pool = decodePool(1)
    onTestFinished(() => pool.close())
    const faults: string[] = []
    const origin = { decoders: decodersName, logId: await raw.id(), tenant: T, points: 'metric-records' }
    const decoder = new RunDecoder(origin, pool, ({ message }) => faults.push(message))
    const through = (await raw.head())!
    const stretch = { after: undefined, through, bytesMax: 1e9, eventsMin: 1 }
    const found = await decoder.read({ folder: raw.folder!, keys: raw.keys, ...stretch })
    expect(faults).toEqual([])
    expect(found?.run.events).toBeGreaterThan(100)
    const events = await all(raw.readAll({ through }))
    const { run } = await new RunDecoder(origin, undefined, () => undefined).decode({ ...stretch, events })
    expect([found?.run.rawEvents, found?.run.events]).toEqual([run.rawEvents, run.events])
    expect(found?.run.undecodable).toEqual([])
  })

  test('holds no id, name or other word of what was received in any file of its raw part and its keys', async () => {
    const data = await scratchDirectory()
    const logs = opened(data)
    const raw = await logs.raw('writer')
    const broken = '{"topicName":"v2.users.77.presence","eventBody":"Konstantin Habicht'
    await take(raw, T, [...LINES.slice(0, 400), broken])
    await logs.close()
    // What the log needs in the clear: names of streams, which hold the entity's id, and types, which are templates of topics.
    const reader = await openEmbeddedLog({ dir: join(data, 'log/raw'), mode: 'reader' })
    const clear = (await all(reader.readAll())).flatMap(({ stream, type }) => [stream, type]).join('\n')
    await reader.close()
    const words = new Set([...LINES.slice(0, 400), broken].flatMap((line) => line.match(/[\w .@:+-]{8,}/g) ?? []))
    const secret = [...words].filter((word) => !clear.includes(word))
    expect(secret.length).toBeGreaterThan(1_000)
    const bytes = filesIn(data).map((file) => readFileSync(file).toString('latin1'))
    expect(filesIn(data).length).toBeGreaterThanOrEqual(3)
    expect(secret.filter((word) => bytes.some((text) => text.includes(word)))).toEqual([])
  })
})

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())

/** The conversation of which the log has most events. */
const busiest = async (logs: Logs): Promise<string> => {
  const counts = new Map<string, number>()
  for (const { stream } of await all((await logs.raw('reader')).readAll()))
    if (stream.includes('.conversation-')) counts.set(stream, (counts.get(stream) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]![0].replace(/^.*conversation-/, '')
}

const erased = async (logs: Logs, id: string): Promise<number> =>
  (
    await erase({
      ...{ raw: await logs.raw('writer'), tenant: T, stream: conversationStream(T, id), entityId: id },
      ...{ dryRun: false, now: () => FROM, deadLetters: () => deadLetters(logs, T) },
    })
  ).events

describe('erasing in an encrypted log', () => {
  test('reaches the backups of before: a restored log reads as one from which the conversation was erased', async () => {
    const [data, copies] = [await scratchDirectory(), await scratchDirectory()]
    const logs = opened(data)
    await take(await logs.raw('writer'), T, LINES)
    const id = await busiest(logs)
    const stream = conversationStream(T, id)
    const to = join(copies, 'backup')
    await backup({ data, to, version: '1', now: () => FROM, signal: NEVER })
    const events = await erased(logs, id)
    expect(events).toBeGreaterThan(5)
    await logs.close()

    const restored = join(copies, 'restored')
    await restore({ from: to, data: restored, dryRun: false, force: false, now: () => FROM, signal: NEVER })
    const held = await openEmbeddedLog({ dir: join(restored, 'log/raw'), mode: 'reader' })
    expect(await all(held.readStream(stream))).toHaveLength(events)
    await held.close()
    cpSync(join(data, 'keys'), join(restored, 'keys'), { recursive: true })

    const raw = await opened(restored).raw('writer')
    expect(await raw.streamRevision(stream)).toBeUndefined()
    expect(await all(raw.readStream(stream))).toEqual([])
    const streams = (await all(raw.readAll())).map((event) => event.stream)
    expect([streams.length > 500, streams.includes(stream)]).toEqual([true, false])
    const receipts = await take(raw, T, LINES)
    expect(receipts.reduce((sum, receipt) => sum + receipt.erased, 0)).toBeGreaterThanOrEqual(events)
  })

  test('that dies between the key and the events is as good as done, and is finished by the next attempt', async () => {
    const data = await scratchDirectory()
    const logs = opened(data)
    const raw = await logs.raw('writer')
    await take(raw, T, LINES.slice(0, 600))
    const id = await busiest(logs)
    const stream = conversationStream(T, id)
    const plain = await openEmbeddedLog({ dir: join(data, 'log/raw'), mode: 'reader' })
    onTestFinished(() => plain.close())
    const keys = new KeyStore(encryption(data))
    onTestFinished(() => keys.close())
    const killed: EventLog['erase'] = (name) => {
      keys.destroy(name)
      throw new Error('killed')
    }
    await expect(erased({ ...logs, raw: async () => ({ ...raw, erase: killed }) }, id)).rejects.toThrow('killed')
    expect(await plain.streamRevision(stream)).toBeGreaterThan(0)
    expect(await all(raw.readStream(stream))).toEqual([])
    expect(await erased(logs, id)).toBe(0)
    expect(await plain.streamRevision(stream)).toBeUndefined()
  })
})

test('a log is copied to an encrypted one and back to a plain one, event for event', async () => {
  const [first, second, third] = [await scratchDirectory(), await scratchDirectory(), await scratchDirectory()]
  const plain = opened(first, null)
  await take(await plain.raw('writer'), T, [...LINES.slice(0, 300), 'no event'])
  const secret = opened(second)
  const there = await copied(plain, secret)
  const bare = opened(third, encryption(second, { isEnabled: false }))
  const back = await copied(secret, bare)
  for (const { kind, differences, digests } of [there, back]) {
    expect([kind, differences]).toEqual(['copied', []])
    for (const { source, target } of digests) expect(target).toBe(source)
  }
  const stored = async (data: string): Promise<ReadonlySet<boolean>> => {
    const log = await openEmbeddedLog({ dir: join(data, 'log/raw'), mode: 'reader' })
    const events = await all(log.readAll())
    await log.close()
    expect(events.map(({ stream }) => stream)).toContain(deadLetterStream(T))
    return new Set(events.filter(({ stream }) => !stream.endsWith('.clock')).map(isEncrypted))
  }
  for (const logs of [plain, secret, bare]) await logs.close()
  expect([await stored(first), await stored(second), await stored(third)]).toEqual(
    [false, true, false].map((each) => new Set([each])),
  )
})

test('without log.encryption, with another key, or without its keys an encrypted log is refused, and nothing is written', async () => {
  const data = await scratchDirectory()
  const logs = opened(data)
  await take(await logs.raw('writer'), T, LINES.slice(0, 10))
  await logs.close()
  const read = async (how: LogEncryption | null): Promise<number> =>
    (await all((await opened(data, how).raw('reader')).readAll())).length
  await expect(read(null)).rejects.toThrow(/set log\.encryption\.key/)
  await expect(read(encryption(data, { masters: [2] }))).rejects.toThrow(
    /is wrapped by master key .* write that key behind/,
  )
  expect(await read(encryption(data, { masters: [2, 1] }))).toBe(10)
  rmSync(join(data, 'keys', 'data-keys'))
  await expect(read(encryption(data))).rejects.toThrow(/it is gone\. Put the newest copy there/)
  rmSync(join(data, 'keys'), { recursive: true })
  await expect(read(encryption(data))).rejects.toThrow(/position 1 .*it has no key 0/)
})
