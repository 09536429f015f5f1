import { expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { runProjector } from '../../../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../../../src/app/pipeline/projector/snapshots.js'
import { deliverTo } from '../../../src/ingress/ingest.js'
import { plainEvent, type EventLog, type RecordedEvent } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { generationOf, silent, tickTo } from '../../support/pipeline.js'
import { recordedTracing } from './recorded-spans.js'

const FROM = Date.parse('2026-01-05T09:00:00Z')
const RECEIVED = Date.parse('2026-01-05T12:00:00Z')
const lines = [...simulate({ seed: 7, fromMs: FROM, hours: 1, queues: 2, agents: 12 })].map(({ line }) => line)

/** Takes the lines in and computes their rows; every batch is in a trace, or none is. */
const computed = async (isTraced: boolean) => {
  const log: EventLog = memoryLog()
  const deliver = deliverTo({ log, tenant: 'acme', now: () => RECEIVED })
  const { tracing, ended } = recordedTracing()
  for (let at = 0; at < lines.length; at += 50) {
    const raws = lines.slice(at, at + 50).map((line) => Buffer.from(line))
    const span = isTraced ? tracing.storing(undefined, 'test') : undefined
    const receipt = await deliver({ raws, origin: 'test', ...(span !== undefined && { trace: span.context }) })
    span?.ended(receipt)
  }
  await tickTo(log, 'acme', FROM + 4 * 3_600_000)
  await runProjector({
    ...{ tenant: 'acme', generation: generationOf(defaultProfile), raw: log, kpi: log, snapshots: noSnapshots },
    ...{ batchMax: 100, untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: () => 0 },
    trace: isTraced ? tracing.projector('g1') : undefined,
  })
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll()) events.push(...batch.map(plainEvent))
  return { events, spans: await ended() }
}

test('sampled events have the ids, bytes, streams and rows of the same events without a trace; only the metadata of raw events and of checkpoints differs', async () => {
  const [plain, traced] = [await computed(false), await computed(true)]
  const names = new Set(traced.spans.map(({ name }) => name))
  expect(names).toEqual(new Set(['append raw events', 'process raw events', 'decode', 'fold', 'append rows']))
  // The positions of this log count bytes, as those of EventStoreDB do, and ids in the KPI stream are made of them.
  const content = ({ events }: typeof plain) =>
    events
      .filter(({ type }) => type !== 'Checkpoint')
      .map(({ id, type, stream, revision, data }) => [
        ...[stream === 'acme.kpi-g1' ? '' : id, type, stream, revision],
        Buffer.from(data).toString('hex'),
      ])
  expect(content(traced)).toEqual(content(plain))
  const more = (type: string, place: number): boolean => {
    const bytes = (of: typeof plain) => Buffer.from(of.events[place]!.metadata)
    return traced.events[place]!.type === type && !bytes(traced).equals(bytes(plain))
  }
  const rows = plain.events.flatMap(({ type }, place) => (type.startsWith('Row.') ? [place] : []))
  expect(rows.length).toBeGreaterThan(50)
  expect(rows.filter((place) => more(plain.events[place]!.type, place))).toEqual([])
  expect(plain.events.some((_, place) => more('Checkpoint', place))).toBe(true)
})
