import { beforeEach, describe, expect, test } from 'vitest'
import { runProjector, type ProjectorEnd } from '../../../../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../../../../src/app/pipeline/projector/snapshots.js'
import type { ProjectorOptions } from '../../../../src/app/pipeline/projector/projector-options.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import { LogUnavailable, type EventLog, type NewEvent } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { eventsOf } from '../../../ingress/log-content.js'
import { answers } from '../../../support/answers.js'
import { memorySnapshots } from '../../../support/memory-snapshots.js'
import { bookOfLog } from '../../../support/pipeline-life.js'
import { generationOf, silent, take } from '../../../support/pipeline.js'

/** A log with the events of another, its id included: what a backup holds. */
const restored = async (log: EventLog): Promise<EventLog> => {
  const copy = memoryLog()
  for await (const batch of log.readAll())
    for (const event of batch) await copy.append([{ stream: event.stream, expected: 'any', events: [event] }])
  const id = await log.id()
  return { ...copy, id: () => Promise.resolve(id) }
}

const projected = (raw: EventLog, kpi: EventLog, more: Partial<ProjectorOptions> = {}): Promise<ProjectorEnd> =>
  runProjector({
    ...{ tenant: 't', generation: generationOf(defaultProfile), raw, kpi, snapshots: noSnapshots, batchMax: 10 },
    ...{ untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: () => 0, ...more },
  })

/** The KPI log without what says whose it is: as an earlier version wrote it. */
const withoutOrigins = async (kpi: EventLog): Promise<EventLog> => {
  const old = memoryLog()
  const events: NewEvent[] = (await eventsOf(kpi, kpiStream('t', 'g1'))).map(({ id, type, data, metadata }) => ({
    ...{ id, type, metadata },
    data: type.startsWith('Row.')
      ? data
      : Buffer.from(
          JSON.stringify({ position: (JSON.parse(Buffer.from(data).toString()) as { position: string }).position }),
        ),
  }))
  await old.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }])
  return old
}

let raw: EventLog
let kpi: EventLog
let older: EventLog
beforeEach(async () => {
  raw = memoryLog()
  kpi = memoryLog()
  await take(raw, 't', answers(20))
  older = await restored(raw)
  await take(raw, 't', answers(20, 20))
  await projected(raw, kpi)
})

describe('a projector whose raw log was restored from an older copy than the KPI log', () => {
  test('refuses, with the reason and what to do, while the raw log is still shorter', async () => {
    const end = await projected(older, kpi)
    expect(end).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/the raw log ends at \d+/) as string })
    expect(end).toMatchObject({ reason: expect.stringMatching(/rebuild --promote.*other-history/) as string })
  })

  test('refuses too once new events have brought the raw log beyond the checkpoint', async () => {
    await take(older, 't', answers(60, 100))
    expect(await projected(older, kpi)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/has folded event .*, and the raw log holds (none|another event) there/) as string,
    })
  })

  test('is not deceived by a snapshot', async () => {
    const snapshots = memorySnapshots()
    kpi = memoryLog()
    await projected(raw, kpi, { snapshots })
    await take(older, 't', answers(60, 100))
    expect(await projected(older, kpi, { snapshots })).toMatchObject({ kind: 'refused' })
  })

  test('refuses by its length alone where an earlier version wrote the checkpoints', async () => {
    expect(await projected(older, await withoutOrigins(kpi))).toMatchObject({ kind: 'refused' })
  })

  test('goes on where the operator accepts the mismatch, and records the log that it went on from', async () => {
    await take(older, 't', answers(60, 100))
    expect(await projected(older, kpi, { acceptCheckpoint: ['other-history'] })).toMatchObject({ kind: 'caught-up' })
    expect(await projected(older, kpi)).toMatchObject({ kind: 'caught-up' })
  })
})

describe('a projector beside another raw log', () => {
  test('refuses although that log holds the same events', async () => {
    const other = memoryLog()
    await take(other, 't', answers(20))
    await take(other, 't', answers(20, 20))
    const [own, foreign] = [await raw.id(), await other.id()]
    const end = await projected(other, kpi)
    expect(end).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('--accept-checkpoint other-log') as string,
    })
    expect(end).toMatchObject({ reason: expect.stringContaining(own) as string })
    expect(end).toMatchObject({ reason: expect.stringContaining(foreign) as string })
  })

  test('refuses a generation that was started from another raw log before it has rows', async () => {
    const generation = { ...generationOf(defaultProfile), rawLogId: await raw.id() }
    expect(await projected(memoryLog(), memoryLog(), { generation })).toMatchObject({ kind: 'refused' })
    expect(await projected(raw, memoryLog(), { generation })).toMatchObject({ kind: 'caught-up' })
  })
})

describe('a projector goes on', () => {
  test('behind the checkpoints of an earlier version, and its own then say whose they are', async () => {
    const old = await withoutOrigins(kpi)
    await take(raw, 't', answers(5, 40))
    expect(await projected(raw, old)).toMatchObject({ kind: 'caught-up' })
    const whole = memoryLog()
    await projected(raw, whole)
    expect([...(await bookOfLog(old, 't', 'g1')).keys()].sort()).toEqual(
      [...(await bookOfLog(whole, 't', 'g1')).keys()].sort(),
    )
    expect(await projected(older, old)).toMatchObject({ kind: 'refused' })
  })

  test('where the raw log has no id yet, because a version before ids wrote it', async () => {
    const noId: EventLog = { ...raw, id: () => Promise.reject(new LogUnavailable('no id')) }
    const fresh = memoryLog()
    expect(await projected(noId, fresh)).toMatchObject({ kind: 'caught-up' })
    expect(await projected(raw, fresh)).toMatchObject({ kind: 'caught-up' })
  })
})
