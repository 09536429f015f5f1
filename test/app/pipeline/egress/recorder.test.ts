import { describe, expect, test } from 'vitest'
import { decodePublication, type Publication } from '../../../../src/app/pipeline/egress/publications/publication.js'
import { PublicationRecorder, type Gap } from '../../../../src/app/pipeline/egress/publications/recorder.js'
import { publicationsStream } from '../../../../src/domain/stream-name.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { silent } from '../../../support/pipeline.js'

const AT = '2026-01-05T08:00:00.000Z'

const batch = (from: number, through: number): Publication => ({
  ...{ type: 'Published', generation: 'g1', promotion: 1, from, through, rows: 'all', records: through - from + 1 },
  offsets: [{ topic: 'queue', partition: 0, first: from, last: through, records: through - from + 1 }],
  ...{ at: AT, until: AT },
})

const recorded = async (log: EventLog): Promise<readonly unknown[]> => {
  const events: unknown[] = []
  for await (const read of log.readStream(publicationsStream('t', 'kafka')))
    for (const event of read) {
      const said = decodePublication(event)
      if (said.type === 'Published') events.push([said.from, said.through, said.records, said.recovered === true])
      else events.push(said.type)
    }
  return events
}

const recorderOn = (log: () => Promise<EventLog>, recover?: (gap: Gap) => Promise<Publication | undefined>) =>
  new PublicationRecorder({
    ...{ tenant: 't', sink: 'kafka', logger: silent, everyMs: 3_600_000 },
    logs: { publications: log },
    ...(recover !== undefined && { recover }),
  })

describe('publications', () => {
  test('that follow each other without a gap are recorded as one', async () => {
    const log = memoryLog()
    const recorder = recorderOn(() => Promise.resolve(log))
    recorder.reached({ generation: '', through: -1, at: AT })
    for (const from of [0, 10, 20]) recorder.published(batch(from, from + 9))
    await recorder.close()
    expect(await recorded(log)).toEqual(['RecordingBegan', [0, 29, 30, false]])
  })

  test('wait while the log is away, joined to few, and nothing that publishes notices', async () => {
    const log = memoryLog()
    let isAway = true
    const recorder = recorderOn(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(log)))
    recorder.reached({ generation: '', through: -1, at: AT })
    for (let from = 0; from < 5_000; from += 10) {
      recorder.published(batch(from, from + 9))
      if (from % 1_000 === 0) await recorder.flush()
    }
    isAway = false
    await recorder.close()
    const events = await recorded(log)
    expect(events.length).toBeLessThan(10)
    expect(events.at(0)).toBe('RecordingBegan')
    const counted = events.flatMap((each) => (Array.isArray(each) ? [each[2] as number] : []))
    expect(counted.reduce((a, b) => a + b, 0)).toBe(5_000)
  })

  test('of a process that died are looked for by the next one', async () => {
    const log = memoryLog()
    const first = recorderOn(() => Promise.resolve(log))
    first.reached({ generation: '', through: -1, at: AT })
    first.published(batch(0, 9))
    await first.flush()
    first.published(batch(10, 19)) // and dies
    const gaps: Gap[] = []
    const next = recorderOn(
      () => Promise.resolve(log),
      (gap) => (gaps.push(gap), Promise.resolve({ ...batch(gap.from, gap.through), recovered: true })),
    )
    next.reached({ generation: 'g1', promotion: 1, through: 19, at: AT })
    next.published(batch(20, 29))
    await next.close()
    expect(gaps).toEqual([{ generation: 'g1', promotion: 1, from: 10, through: 19 }])
    expect(await recorded(log)).toEqual(['RecordingBegan', [0, 9, 10, false], [10, 19, 10, true], [20, 29, 10, false]])
  })

  test('of an installation that recorded none before begin where it stands', async () => {
    const log = memoryLog()
    const recorder = recorderOn(
      () => Promise.resolve(log),
      () => expect.fail('there is nothing to look for'),
    )
    recorder.reached({ generation: 'g1', promotion: 1, through: 99, at: AT })
    recorder.published(batch(100, 109))
    await recorder.close()
    expect(await recorded(log)).toEqual(['RecordingBegan', [100, 109, 10, false]])
  })
})
