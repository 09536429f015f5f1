import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { intervalRowsOf } from '../../../../src/app/pipeline/egress/interval-rows.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { keepRowIndex } from '../../../../src/app/row-index/row-events.js'
import { encodeKpiEvents } from '../../../../src/contract/kpi-stream/encode.js'
import { appendsOf } from '../../../../src/contract/kpi-stream/marks.js'
import { flatRowOf } from '../../../../src/domain/flat-row.js'
import type { IntervalComplete } from '../../../../src/domain/interval-complete.js'
import type { KpiEvent } from '../../../../src/domain/kpi-event.js'
import { addToDigest, rowNumber } from '../../../../src/domain/row-digest.js'
import type { Row } from '../../../../src/domain/row.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import { isWhole, type WantedInterval } from '../../../../src/egress/objects/interval-rows.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { right } from '../../../support/right.js'
import { at, restated, row } from '../../reconcile/fixtures.js'

const queue = (id: string, quarter: number): Row => row([id, 'voice', null, null], at(quarter), { nOffered: 1 })

const markerOf = (quarter: number, rows: readonly Row[], number = 1): IntervalComplete => ({
  ...{ tenant: 't', family: 'queue', granularity: 'PT15M', start: at(quarter), end: at(quarter + 1), zone: null },
  ...{ number, rows: rows.length, closedAt: at(quarter + 2) },
  digest: rows.map(({ key, revision }) => rowNumber(key, revision)).reduce(addToDigest, 0),
})

type Batch = readonly (Row | IntervalComplete)[]

const append = async (log: EventLog, batches: readonly Batch[], before = 0): Promise<void> => {
  for (const [index, batch] of batches.entries()) {
    const position = BigInt(before + index + 1)
    const events = batch.map((each): KpiEvent =>
      'key' in each ? { kind: 'row', row: flatRowOf(each) } : { kind: 'interval-complete', marker: each },
    )
    for (const appended of appendsOf('t', 'g1', encodeKpiEvents('t', 'g1', events, position), position))
      right((await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events: appended }]))[0])
  }
}

const { signal } = new AbortController()
const [a, b, c] = [queue('a', 0), queue('b', 0), queue('c', 1)]
const later = restated(a, { nOffered: 2 }, 'late')
const wanted = (quarter: number, number?: number): WantedInterval => ({
  ...{ family: 'queue', granularity: 'PT15M', start: at(quarter), number },
})

/** The revisions of rows of what is wanted, by name, and that they are what the marker counts. */
const read = async (kpi: EventLog, data: string | undefined, ...asked: readonly WantedInterval[]) => {
  const found = await intervalRowsOf({ tenant: 't', logs: singleLog(kpi), data })('g1', asked, signal)
  return Object.fromEntries(
    [...found].map(([name, { marker, rows }]) => [
      name.replace(/^.*T(\d\d:\d\d).*\//, '$1 '),
      [isWhole({ marker, rows }), ...rows.map(({ key, revision }) => `${key.split('/')[1]}${revision}`)],
    ]),
  )
}

describe.each(['without an index', 'with an index', 'with an index that is behind'])('complete intervals %s', (how) => {
  const opened = async (): Promise<readonly [EventLog, string | undefined]> => {
    const first: readonly Batch[] = [[b, a, markerOf(0, [a, b])], [c]]
    const rest: readonly Batch[] = [[markerOf(1, [c])], [later, markerOf(0, [later, b], 3)]]
    const log = memoryLog()
    await append(log, first)
    if (how === 'without an index') {
      await append(log, rest, first.length)
      return [log, undefined]
    }
    const data = await mkdtemp(join(tmpdir(), 'streamvane-intervals-'))
    onTestFinished(() => rm(data, { recursive: true, force: true }))
    const of = { kpi: log, tenant: 't', generation: 'g1', data }
    await keepRowIndex(of)
    await append(log, rest, first.length)
    if (how === 'with an index') await keepRowIndex(of)
    return [log, data]
  }

  test('hold the rows as they were at each marker, ordered by key', async () => {
    const [log, data] = await opened()
    const [first, second, other] = [a, later, c].map(({ revision }) => revision)
    const found = await read(log, data, wanted(0, 1), wanted(0, 3), wanted(1))
    const quarter = (n: number): string => new Date(at(n)).toISOString().slice(11, 16)
    expect(found).toEqual({
      [`${quarter(0)} 1`]: [true, `a${first}`, `b${b.revision}`],
      [`${quarter(0)} 3`]: [true, `a${second}`, `b${b.revision}`],
      [`${quarter(1)} last`]: [true, `c${other}`],
    })
  })

  test('are left out where the log has no such marker', async () => {
    const [log, data] = await opened()
    expect(await read(log, data, wanted(0, 2), wanted(2))).toEqual({})
  })
})
