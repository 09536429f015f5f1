import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import { filterChange, isWider } from '../../../../src/app/pipeline/egress/selection.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import type { Progress, RowFilter, Sink } from '../../../../src/egress/sink.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { recordingSink } from '../../../support/recording-sink.js'
import { kpiLog, type Change } from './kpi-log.js'

const published = async (log: EventLog, sink: Sink, filter?: RowFilter): Promise<readonly string[]> => {
  const lines: string[] = []
  const end = await runEgress({
    ...{ tenant: 't', logs: singleLog(log), sink, filter, batchMax: 100, untilCaughtUp: true },
    signal: new AbortController().signal,
    logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    now: () => 0,
  })
  expect(end).toEqual({ kind: 'caught-up' })
  return lines
}

const QUEUE = 0
const AGENT = 1
const agents = (count: number): readonly Change[] => Array.from({ length: count }, () => ({ row: AGENT }))

describe('rows that a filter leaves out', () => {
  test('move the progress, which is written once for ten thousand of them', async () => {
    const { log, append } = await kpiLog()
    const written: Progress[] = []
    const { sink, records } = recordingSink()
    const counting: Sink = {
      ...sink,
      write: (batch, signal) => (written.push(batch.progress as Progress), sink.write(batch, signal)),
    }
    await append(agents(10_500))
    await published(log, counting, { families: ['queue'] })
    expect(records).toEqual([])
    expect(written.map(({ generation, filter }) => ({ generation, filter }))).toEqual(
      Array(2).fill({ generation: 'g1', filter: { families: ['queue'] } }),
    )
    expect(written[1]!.revision - written[0]!.revision).toBeGreaterThanOrEqual(10_000)
  })

  test('are not published when the filter lets them pass later: the operator is told how to publish them', async () => {
    const { log, append } = await kpiLog()
    const { sink, records, progress } = recordingSink()
    await append([{ row: AGENT }, { row: QUEUE }])
    await published(log, sink, { families: ['queue'] })
    const through = progress()?.revision
    await append([{ row: AGENT }])
    const told = await published(log, sink)
    expect(records.map(({ header }) => [header.family, header.revision])).toEqual([
      ['queue', 1],
      ['agent', 2],
    ])
    expect(told.filter((line) => line.includes('"level":40'))).toEqual([
      expect.stringContaining(
        `from families queue to everything: rows that it left out through revision ${through} of g1 are not published ` +
          'by themselves; publish them with `streamvane replay --sink recording',
      ),
    ])
    expect(progress()).not.toHaveProperty('filter')
    expect((await published(log, sink)).filter((line) => line.includes('filter'))).toEqual([])
  })
})

describe('a change of filter', () => {
  const queue: RowFilter = { families: ['queue'] }
  test.each<readonly [RowFilter, RowFilter, boolean]>([
    [{}, queue, false],
    [queue, {}, true],
    [queue, { families: ['queue', 'agent'] }, true],
    [{ families: ['agent', 'queue'] }, queue, false],
    [{ only: 'final' }, queue, true],
    [queue, { ...queue, only: 'final' }, false],
    [{ granularities: ['PT1H'] }, { granularities: ['PT15M'] }, true],
  ])('from %j to %j lets more pass: %j', (before, now, expected) => {
    expect(isWider(now, before)).toBe(expected)
    expect(filterChange('s', { generation: 'g1', revision: 4, filter: before }, now)?.isWider).toBe(expected)
  })

  test('is none where the same families are named in another order, and where nothing was published yet', () => {
    const before = { generation: 'g1', revision: 4, filter: { families: ['agent', 'queue'] } } as const
    expect(filterChange('s', before, { families: ['queue', 'agent'] })).toBeUndefined()
    expect(filterChange('s', undefined, queue)).toBeUndefined()
  })
})
