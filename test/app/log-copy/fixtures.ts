import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { deadLetters } from '../../../src/app/operations/dead-letters.js'
import { runEgress } from '../../../src/app/pipeline/egress/egress.js'
import { latestRows } from '../../../src/contract/kpi-stream/latest.js'
import { isKpiEvent } from '../../../src/contract/kpi-stream/stored.js'
import { runLiveProjector } from '../../../src/app/pipeline/projector/projector-stage.js'
import { copyLog, type CopyOptions, type CopyOutcome } from '../../../src/app/log-copy/copy.js'
import { embeddedLogs, singleLog, type Logs } from '../../../src/app/pipeline/logs/logs.js'
import { rebuild } from '../../../src/app/operations/generations/rebuild.js'
import { HOUR_MS, MINUTE_MS } from '../../../src/domain/interval.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import type { Progress } from '../../../src/egress/sink.js'
import { plainEvent } from '../../../src/log/event-log.js'
import type { EventLog, RecordedEvent } from '../../../src/log/event-log.js'
import { openEventStoreDbLog } from '../../../src/log/eventstoredb/log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { startEventStoreDbServer, type EventStoreDbServer } from '../../support/eventstoredb/server.js'
import { silent, take, tickTo } from '../../support/pipeline.js'
import { recordingSink } from '../../support/recording-sink.js'

export const FROM = Date.parse('2026-01-05T06:00:00Z')
export const T = 't'
const never = new AbortController().signal
export const junk = ['not json', '{"topicName": "v3.something.else", "eventBody": {}}']
export const lines: readonly string[] = [
  ...simulate({ seed: 13, fromMs: FROM, hours: 1, queues: 2, agents: 10, reorder: 0.1 }),
].map(({ line }) => line)

const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-copy-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}
export const embedded = async (): Promise<Logs> => closed(embeddedLogs(await folder(), 'test'))
const closed = (logs: Logs): Logs => {
  onTestFinished(() => logs.close())
  return logs
}
/** Each part is a memory log of its own: positions count the raw part alone, and are not dense. */
export const memoryParts = (): Logs => {
  const logs = new Map<string, EventLog>()
  const part = (name: string): Promise<EventLog> => {
    const log = logs.get(name) ?? memoryLog()
    logs.set(name, log)
    return Promise.resolve(log)
  }
  return {
    ...singleLog(memoryLog()),
    raw: () => part('raw'),
    kpi: part,
    control: () => part('control'),
    changingControl: async (work) => work(await part('control')),
  }
}
export const onServer = async (): Promise<Readonly<{ server: EventStoreDbServer; logs: Logs }>> => {
  const server = await startEventStoreDbServer()
  onTestFinished(() => server.stop())
  return {
    server,
    logs: closed(singleLog(openEventStoreDbLog({ connectionString: server.connectionString, headPollMs: 10 }))),
  }
}

export const live = (logs: Logs, batchMax: number) => ({
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
export const projected = async (logs: Logs, batchMax = 40): Promise<void> => {
  expect(await runLiveProjector({ ...live(logs, batchMax), raw: await logs.raw('reader') })).toMatchObject({
    kind: 'caught-up',
  })
}
export const rebuilt = async (logs: Logs): Promise<void> => {
  await rebuild({ ...live(logs, 1_000), raw: await logs.raw('reader'), promote: false })
}

/** Most events of the morning, projected in two halves with a rebuild between them. */
export const morning = async (logs: Logs, withJunk = true): Promise<void> => {
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
/** The last events of the morning. */
export const goneOn = async (logs: Logs): Promise<void> => {
  const raw = await logs.raw('writer')
  await take(raw, T, lines.slice(-20))
  await tickTo(raw, T, FROM + 4 * HOUR_MS)
  await projected(logs)
}

export const copied = (from: Logs, to: Logs, more: Partial<CopyOptions> = {}): Promise<CopyOutcome> =>
  copyLog({ from, to, tenant: T, dryRun: false, inFlight: 64, signal: never, logger: silent, ...more })
/** Closes an embedded target after the copy, as the command does. */
export const copiedInto = async (from: Logs, to: Logs): Promise<CopyOutcome> =>
  copied(from, to).finally(() => to.close())

export const streamOf = async (log: EventLog, stream: string): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readStream(stream)) events.push(...batch)
  return events
}
export const allOf = async (log: EventLog): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll({ prefixes: [`${T}.`] })) events.push(...batch)
  return events
}
export const text = ({ stream, revision, id, type, data, metadata }: RecordedEvent): string =>
  [stream, revision, id, type, Buffer.from(data).toString('hex'), Buffer.from(metadata).toString('hex')].join(' ')
/** An event of a row stream; of a checkpoint only its position, because each log has an id of its own. */
export const rowText = (event: RecordedEvent): string => {
  if (isKpiEvent(event)) return text(event)
  const { position } = JSON.parse(Buffer.from(event.data).toString()) as { position: string }
  return text({ ...plainEvent(event), data: Buffer.from(JSON.stringify({ position })) })
}
export const rowsOf = async (logs: Logs, generation: string): Promise<readonly string[]> =>
  [...(await latestRows(await logs.kpi(generation, 'reader'), T, generation))].map(
    ([key, { avro }]) => `${key} ${Buffer.from(avro).toString('hex')}`,
  )
export const rowEvents = async (logs: Logs, generation: string): Promise<readonly string[]> =>
  (await streamOf(await logs.kpi(generation, 'reader'), `${T}.kpi-${generation}`)).map(
    ({ revision, type, data }) =>
      `${revision} ${type} ${type.startsWith('Row.') ? Buffer.from(data).toString('hex') : ''}`,
  )
export const deadLettersOf = async (logs: Logs): Promise<readonly string[]> => {
  const found: string[] = []
  for await (const { id, note } of deadLetters(logs, T)) found.push(`${id} ${note.stage} ${note.reason}`)
  return found.sort()
}
export const rawOf = async (logs: Logs): Promise<readonly string[]> =>
  (await allOf(await logs.raw('reader')))
    .filter(({ stream }) => !/\.(kpi-.*|generations|deadletter)$/.test(stream))
    .map((event) => text(event))

/**
 * Publishes the rows of the live generation after this progress. A copy has an id of its own, so its egress goes on
 * where the operator accepts that.
 */
export const published = async (logs: Logs, before?: Progress) => {
  const recording = recordingSink(before)
  const end = await runEgress({ ...live(logs, 40), sink: recording.sink, acceptProgress: ['other-log'] })
  expect(end).toEqual({ kind: 'caught-up' })
  return {
    progress: recording.progress(),
    records: recording.records.map(({ avro }) => Buffer.from(avro).toString('hex')),
  }
}
