import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { publicationEvent } from '../../../src/app/pipeline/egress/publications/publication.js'
import { encodeKpiEvents } from '../../../src/contract/kpi-stream/encode.js'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import type { KpiEvent } from '../../../src/domain/kpi-event.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import { openEmbeddedLog } from '../../../src/log/embedded/log.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { take } from '../pipeline.js'
import { DAY } from './simulated-day.js'

/** What `work` makes an embedded log grow by. */
const grownBy = async (work: (log: EventLog) => Promise<unknown>): Promise<number> => {
  const dir = mkdtempSync(join(tmpdir(), 'streamvane-plan-'))
  const size = (): number => statSync(join(dir, 'data.mdb')).size
  try {
    const log = await openEmbeddedLog({ dir, mode: 'writer' })
    try {
      const before = size()
      await work(log)
      return size() - before
    } finally {
      await log.close()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Bytes of the raw log an event, where so many events come in one request; of the morning of the simulated day. */
export const bytesOfRawEvent = async (perRequest: number, events: number): Promise<number> => {
  const lines: string[] = []
  const morning = { ...DAY, fromMs: DAY.fromMs + 9 * 3_600_000, hours: 1, emit: 'metric-records' } as const
  for (const { line } of simulate(morning)) if (lines.push(line) === events) break
  return (await grownBy((log) => take(log, 't', lines, perRequest))) / lines.length
}

/** Bytes of the KPI log a record, where each delivery is appended with a checkpoint of its own. */
export const bytesOfRecord = async (deliveries: readonly (readonly KpiEvent[])[]): Promise<number> => {
  let [records, at] = [0, 0n]
  const grown = await grownBy(async (log) => {
    for (const events of deliveries) {
      const from = records
      records += events.length
      const event = { stream: 't.2a.conversation-2f0c5b1e', revision: 7, id: '00000000-0000-0000-0000-000000000000' }
      const mark = { logId: '00000000-0000-0000-0000-000000000000', event }
      const encoded = encodeKpiEvents('t', 'g1', events, (at += 3n), from)
      for (const append of appendsOf('t', 'g1', encoded, at, mark, from)) {
        const [done] = await log.append([{ stream: kpiStream('t', 'g1'), events: append, expected: 'any' }])
        if (done === undefined || E.isLeft(done)) throw new Error('the log did not take the rows')
      }
    }
  })
  return grown / records
}

/** Bytes of a record of what was published, on three topics, one in a commit. */
export const bytesOfPublication = async (count: number): Promise<number> => {
  const stream = 't.publications-kafka'
  const topics = ['genesys.queue-metrics', 'genesys.agent-metrics', 'genesys.agent-state']
  const grown = await grownBy(async (log) => {
    for (let from = 0; from < count; from++) {
      const offsets = topics.map((topic, partition) => ({ topic, partition, first: from, last: from, records: 1 }))
      const at = new Date(DAY.fromMs + 1_000 * from).toISOString()
      const of = { type: 'Published', generation: 'g1', promotion: 1, rows: 'all' } as const
      const events = [publicationEvent(stream, { ...of, from, through: from, records: 3, offsets, at, until: at })]
      const [done] = await log.append([{ stream, events, expected: 'any' }])
      if (done === undefined || E.isLeft(done)) throw new Error('the log did not take the record')
    }
  })
  return grown / count
}
