import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { retryDeadLetters } from '../../../src/app/operations/dead-letters/retry.js'
import { behindHorizon, deadLetters, type DeadLetter } from '../../../src/app/operations/dead-letters.js'
import { importFile } from '../../../src/app/operations/imports/import-events.js'
import { LateCount } from '../../../src/app/operations/imports/late-count.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { ensureLive } from '../../../src/app/pipeline/projector/projector-stage.js'
import { DAY_MS, HOUR_MS } from '../../../src/domain/interval.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { deadLetterStream } from '../../../src/domain/stream-name.js'
import { DEAD_LETTERED } from '../../../src/ingress/dead-letter.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { eventsOf } from '../../ingress/log-content.js'
import { chance } from '../../support/chance.js'
import { memorySnapshots } from '../../support/memory-snapshots.js'
import { Crash, Life } from '../../support/mortal.js'
import { projectOnce } from '../../support/pipeline-life.js'
import { generationOf, take, tickTo } from '../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T23:00:00Z')
const profile = { ...defaultProfile, lateHorizonMs: HOUR_MS }
const generation = generationOf(profile)
/** Two hours that begin on one day and end on the next. */
const history = [...simulate({ seed: 3, fromMs: FROM, hours: 2, queues: 2, agents: 60 })].map(({ line }) => line)

/** A log whose clock is two days further when the history arrives. */
const lateLog = async (): Promise<EventLog> => {
  const log = memoryLog()
  await tickTo(log, 't', FROM + 2 * DAY_MS)
  await take(log, 't', history)
  return log
}

const projected = (log: EventLog, batchMax = 100): Promise<unknown> =>
  projectOnce(log, log, { tenant: 't', generation, batchMax, snapshots: memorySnapshots() })

const stretchesIn = async (log: EventLog) => {
  const stretches = []
  for await (const { note } of deadLetters(singleLog(log), 't'))
    if (note.stretch !== undefined) stretches.push(note.stretch)
  return stretches
}

const live = async (log: EventLog): Promise<void> => {
  await ensureLive(singleLog(log), 't', profile, memoryLog(), () => 0)
}

describe('history behind the late horizon of a generation', () => {
  test('is told by day and topic with count and positions, and not by the event', async () => {
    const log = await lateLog()
    await live(log)
    await projected(log, 1_000)
    const stretches = await stretchesIn(log)
    expect(new Set(stretches.map(({ day }) => day))).toEqual(new Set(['2026-01-05', '2026-01-06']))
    expect(new Set(stretches.map(({ day, topic }) => `${day} ${topic}`)).size).toBe(stretches.length)
    const head = (await log.head()) as bigint
    for (const { first, last, count } of stretches) {
      expect(BigInt(first)).toBeLessThanOrEqual(BigInt(last))
      expect(BigInt(last)).toBeLessThanOrEqual(head)
      expect(count).toBeGreaterThan(0)
    }
    expect(await behindHorizon(singleLog(log), 't')).toBeGreaterThan(500)
    // One record a stretch for each batch that adds to it.
    const records = await eventsOf(log, deadLetterStream('t'))
    expect(records.length).toBeLessThan((await behindHorizon(singleLog(log), 't')) / 5)
  })

  test('counts as many events as an import says before they are projected', async () => {
    const log = memoryLog()
    await live(log)
    const late = new LateCount(log, 't', generation)
    const dir = await mkdtemp(join(tmpdir(), 'streamvane-late-'))
    const imported = async (lines: readonly string[], count = late) => {
      const file = join(dir, 'events.ndjson')
      await writeFile(file, lines.join('\n'))
      const options = { log, tenant: 't', file, late: count, now: Date.now, signal: new AbortController().signal }
      return (await importFile(options)).receipt
    }
    // The ticks of the first file make the second one late.
    await imported(
      [...simulate({ seed: 4, fromMs: FROM + 2 * DAY_MS, hours: 1, queues: 1, agents: 9 })].map(({ line }) => line),
    )
    expect(late.events).toBe(0)
    expect(await imported([...history, history[0] as string])).toMatchObject({ stored: history.length, duplicate: 1 })
    await projected(log)
    expect(late.events).toBe(await behindHorizon(singleLog(log), 't'))
    expect(late.events).toBeGreaterThan(500)
    // Imported again, nothing is stored, and nothing is told.
    const again = new LateCount(log, 't', generation)
    await imported(history, again)
    expect(again.events).toBe(0)
    await rm(dir, { recursive: true })
  })

  test('is counted once, however batches are cut and wherever the projector dies', async () => {
    const calm = await lateLog()
    await live(calm)
    await projected(calm, 100_000)
    const wanted = (await stretchesIn(calm)).map(({ day, topic, count }) => `${day} ${topic} ${count}`).sort()
    for (let seed = 1; seed <= 10; seed++) {
      const random = chance(seed)
      const log = await lateLog()
      await live(log)
      const snapshots = memorySnapshots()
      for (let lives = 0; lives < 8; lives++) {
        const life = new Life(1 + random.below(6), random.oneOf(['before', 'after']))
        const ofLife = life.log(log)
        const batchMax = random.oneOf([20, 70, 300])
        await projectOnce(ofLife, ofLife, {
          ...{ tenant: 't', generation, batchMax },
          snapshots: random.oneOf([life.snapshots(snapshots), life.snapshots(memorySnapshots())]),
        }).catch((cause: unknown) => {
          if (!(cause instanceof Crash)) throw cause
        })
        await life.settled()
      }
      await projected(log, 130)
      expect((await stretchesIn(log)).map(({ day, topic, count }) => `${day} ${topic} ${count}`).sort()).toEqual(wanted)
    }
  })

  test('is not replayed: the raw log holds it, and the answer says how much there is', async () => {
    const log = await lateLog()
    await live(log)
    await projected(log)
    const late = await behindHorizon(singleLog(log), 't')
    const retried = await retryDeadLetters({ logs: singleLog(log), tenant: 't', log, by: 'ana', now: () => 0 })
    expect(retried).toMatchObject({ usable: 0, stored: 0, late })
  })

  test('that an earlier version told by the event stays readable', async () => {
    const log = memoryLog()
    await live(log)
    const note = { reason: 'too-late', detail: 'it happened', stage: 'projector', origin: 's@0', receivedAt: 'then' }
    const event = {
      ...{ id: '00000000-0000-4000-8000-000000000001', type: DEAD_LETTERED },
      ...{ data: Buffer.from('{"a":1}'), metadata: Buffer.from(JSON.stringify(note)) },
    }
    await log.append([{ stream: deadLetterStream('t'), expected: 'any', events: [event] }])
    const letters: DeadLetter[] = []
    for await (const letter of deadLetters(singleLog(log), 't')) letters.push(letter)
    expect(letters).toMatchObject([{ id: event.id, note }])
    expect(Buffer.from(letters[0]?.raw ?? []).toString()).toBe('{"a":1}')
    expect(await behindHorizon(singleLog(log), 't')).toBe(1)
  })
})
