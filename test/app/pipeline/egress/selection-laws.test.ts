import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import type { Periods } from '../../../../src/app/pipeline/egress/periods.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { isRow, type Progress, type RowFilter, type RowRecord, type Sink } from '../../../../src/egress/sink.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { lawRuns } from '../../../support/law-runs.js'
import { silent } from '../../../support/pipeline.js'
import { kpiLog, rowsInLog, type Change, type InLog } from './kpi-log.js'

/** What becomes of the process at a write: it goes on, or dies before or after the write has arrived. */
type Fate = 'lives' | 'dies before' | 'dies after'

/** A destination that outlives its processes. */
const destination = () => {
  const records: RowRecord[] = []
  let progress: Progress | undefined
  let fates: Fate[] = []
  const sink = (die: () => void): Sink => ({
    name: 'mortal',
    connect: () => () => Promise.resolve(E.right(progress)),
    write: (batch) => () => {
      const fate = fates.shift() ?? 'lives'
      if (fate !== 'dies before') {
        records.push(...batch.records.filter(isRow))
        progress = batch.progress
      }
      if (fate === 'lives') return Promise.resolve(E.right(undefined))
      die()
      return Promise.resolve(E.left({ tag: 'NotConnected', cause: fate }))
    },
    close: () => Promise.resolve(),
  })
  return { records, sink, happens: (next: readonly Fate[]) => (fates = [...next]) }
}

const atOnce: Periods = { due: () => Promise.resolve(), done: () => undefined }

type Mode = 'streaming' | 'periods'

/** One life of an egress: it works off what the log holds, or dies. */
const live = async (log: EventLog, to: ReturnType<typeof destination>, filter: RowFilter, mode: Mode) => {
  const dying = new AbortController()
  const end = await runEgress({
    ...{ tenant: 't', logs: singleLog(log), sink: to.sink(() => dying.abort()), filter },
    ...{ batchMax: 3, windowMax: 7, untilCaughtUp: true, signal: dying.signal, logger: silent, now: () => 0 },
    periods: mode === 'periods' ? atOnce : undefined,
  })
  expect(end.kind).toBe(dying.signal.aborted ? 'stopped' : 'caught-up')
}

const anyChange: fc.Arbitrary<Change> = fc.record({ row: fc.nat(7), close: fc.boolean() })
const anyFilter: fc.Arbitrary<RowFilter> = fc.record(
  {
    families: fc.constantFrom(['queue'] as const, ['agent', 'queue'] as const, ['skill'] as const),
    granularities: fc.constantFrom(['PT15M'] as const, ['PT1H', 'PT15M'] as const),
    only: fc.constant('final' as const),
  },
  { requiredKeys: [] },
)
const anyLife = (modes: readonly Mode[]) =>
  fc.record({
    changes: fc.array(anyChange, { maxLength: 12 }),
    isWhole: fc.boolean(),
    mode: fc.constantFrom(...modes),
    fates: fc.array(fc.constantFrom<Fate>('lives', 'lives', 'dies before', 'dies after'), { maxLength: 4 }),
  })

/** What the filter says, independently of the code under test. */
const wanted =
  ({ families, granularities, only }: RowFilter) =>
  ({ header: { family, granularity, status } }: InLog): boolean => {
    if (families !== undefined && !families.includes(family)) return false
    if (granularities !== undefined && !granularities.includes(granularity)) return false
    return only === undefined || status === 'final' || status === 'corrected'
  }

const nameOf = ({ header }: RowRecord): string => `${header.key} ${header.revision}`

/** Lives of an egress with appends between them, and a last one that nothing interrupts. */
const afterLives = async (
  filter: RowFilter,
  lives: readonly Readonly<{ changes: readonly Change[]; isWhole: boolean; mode: Mode; fates: readonly Fate[] }>[],
  last: Mode,
) => {
  const { log, append } = await kpiLog()
  const to = destination()
  for (const { changes, isWhole, mode, fates } of lives) {
    await append(changes, isWhole)
    to.happens(fates)
    await live(log, to, filter, mode)
  }
  to.happens([])
  await live(log, to, filter, last)
  return { inLog: (await rowsInLog(log)).filter(wanted(filter)), records: to.records }
}

test('whatever the filter, the periods and the crashes: only what the filter says, in the order of the log, each revision once with its bytes, the last one always', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyFilter,
      fc.array(anyLife(['streaming', 'periods']), { maxLength: 5 }),
      fc.constantFrom<Mode>('streaming', 'periods'),
      async (filter, lives, last) => {
        const { inLog, records } = await afterLives(filter, lives, last)
        const byName = new Map(inLog.map((row) => [row.name, row]))
        const places = records.map(
          (record) => byName.get(nameOf(record))?.at ?? expect.fail('the filter leaves it out'),
        )
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
        for (const record of records)
          expect(Buffer.from(record.avro).toString('hex')).toBe(byName.get(nameOf(record))?.bytes)
        const lastOf = (names: readonly Readonly<{ key: string; name: string }>[]) =>
          Object.fromEntries(names.map(({ key, name }) => [key, name]))
        expect(lastOf(records.map((record) => ({ key: record.header.key, name: nameOf(record) })))).toEqual(
          lastOf(inLog),
        )
      },
    ),
    lawRuns(300),
  )
}, 60_000)

test('streaming publishes every revision that the filter lets pass, whatever the crashes', async () => {
  await fc.assert(
    fc.asyncProperty(anyFilter, fc.array(anyLife(['streaming']), { maxLength: 5 }), async (filter, lives) => {
      const { inLog, records } = await afterLives(filter, lives, 'streaming')
      expect(records.map(nameOf)).toEqual(inLog.map(({ name }) => name))
    }),
    lawRuns(100),
  )
}, 60_000)
