import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CorrectionCount,
  readCorrections,
  type CorrectionsWanted,
  type RestatedRow,
} from '../../../src/app/operations/corrections.js'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import { rowEvents } from '../../support/kpi-events.js'
import type { Row } from '../../../src/domain/row.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { right } from '../../support/right.js'
import { at, logOf, restated, row, sales } from '../reconcile/fixtures.js'

const { signal } = new AbortController()
const read = async (log: EventLog, wanted: Partial<CorrectionsWanted> = {}): Promise<readonly RestatedRow[]> => {
  const found: RestatedRow[] = []
  for await (const each of readCorrections(
    { kpi: log, tenant: 't', generation: 'g1', data: undefined },
    { signal, ...wanted },
  ))
    found.push(each)
  return found
}

const first = sales(at(0), { nOffered: 1, tAnswered: [5_000] })
const second = sales(at(1), { nOffered: 4 })
const lateOne = restated(first, { nOffered: 2, tAnswered: [5_000, 9_000] }, 'late')
const again = { ...restated(lateOne, { nOffered: 2, tAnswered: [5_000, 9_000], tHandle: [60_000] }, 'handled') }

describe('a restatement', () => {
  test('names the row, the reason, the place in the log, and the changes against the revision before', async () => {
    const log = await logOf([first, second], [lateOne], [again])
    const [one, two, ...more] = await read(log)
    expect(more).toEqual([])
    expect(one).toEqual({
      key: first.key,
      family: 'queue',
      start: at(0),
      end: at(1),
      reason: 'late',
      revision: { before: 1, after: 2 },
      streamRevision: 3,
      position: expect.any(BigInt),
      foldedThrough: 2n,
      changes: [
        { figure: 'nOffered', statistic: 'count', before: 1, after: 2 },
        { figure: 'tAnswered', statistic: 'count', before: 1, after: 2 },
        { figure: 'tAnswered', statistic: 'sum', before: 5_000, after: 14_000 },
        { figure: 'tAnswered', statistic: 'max', before: 5_000, after: 9_000 },
        { figure: 'tWait', statistic: 'count', before: 1, after: 2 },
        { figure: 'tWait', statistic: 'sum', before: 5_000, after: 14_000 },
        { figure: 'tWait', statistic: 'max', before: 5_000, after: 9_000 },
        { figure: 'abandonRate', statistic: 'denominator', before: 1, after: 2 },
        { figure: 'answerRate', statistic: 'numerator', before: 1, after: 2 },
        { figure: 'answerRate', statistic: 'denominator', before: 1, after: 2 },
        { figure: 'asa', statistic: 'numerator', before: 5_000, after: 14_000 },
        { figure: 'asa', statistic: 'denominator', before: 1, after: 2 },
        { figure: 'averageWait', statistic: 'numerator', before: 5_000, after: 14_000 },
        { figure: 'averageWait', statistic: 'denominator', before: 1, after: 2 },
        { figure: 'flowOutRate', statistic: 'denominator', before: 1, after: 2 },
        { figure: 'serviceLevel', statistic: 'numerator', before: 1, after: 2 },
        { figure: 'serviceLevel', statistic: 'denominator', before: 1, after: 2 },
      ],
    })
    expect(two).toMatchObject({
      reason: 'handled',
      revision: { before: 2, after: 3 },
      streamRevision: 5,
      foldedThrough: 3n,
    })
    expect(two?.changes).toEqual([
      { figure: 'tHandle', statistic: 'count', before: 0, after: 1 },
      { figure: 'tHandle', statistic: 'sum', before: 0, after: 60_000 },
      { figure: 'tHandle', statistic: 'min', before: null, after: 60_000 },
      { figure: 'tHandle', statistic: 'max', before: null, after: 60_000 },
      { figure: 'aht', statistic: 'numerator', before: null, after: 60_000 },
      { figure: 'aht', statistic: 'denominator', before: null, after: 1 },
      { figure: 'transferRate', statistic: 'numerator', before: null, after: 0 },
      { figure: 'transferRate', statistic: 'denominator', before: null, after: 1 },
    ])
  })

  test('by new settings changes KPIs and the target and no count', async () => {
    const other: Row = {
      ...{ ...first, status: 'corrected', correction: 'settings', revision: 2, serviceTarget: 0.8 },
      kpis: { ...first.kpis, serviceLevel: { numerator: 1, denominator: 2 } },
    }
    expect((await read(await logOf([first], [other])))[0]?.changes).toEqual([
      { figure: 'serviceLevel', statistic: 'denominator', before: 1, after: 2 },
      { figure: 'serviceTarget', statistic: 'target', before: null, after: 0.8 },
    ])
  })

  test('of a key without an earlier row has no figures before', async () => {
    const [one] = await read(await logOf([lateOne]))
    expect(one?.revision).toEqual({ before: null, after: 2 })
    expect(one?.changes[0]).toEqual({ figure: 'nOffered', statistic: 'count', before: 0, after: 2 })
  })

  test('in a batch without a checkpoint, after a crash, has no folded position', async () => {
    const log = memoryLog()
    const [whole = []] = appendsOf('t', 'g1', rowEvents('t', 'g1', [first], 1n), 1n)
    const short = rowEvents('t', 'g1', [lateOne], 2n)
    for (const events of [whole, short])
      right((await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
    expect(await read(log)).toMatchObject([{ key: first.key, foldedThrough: null }])
  })

  test('is not reported for open and final rows', async () => {
    const open = sales(at(0), { nOffered: 1 }, { status: 'provisional' })
    expect(
      await read(await logOf([open], [{ ...open, revision: 2 }], [{ ...open, status: 'final', revision: 3 }])),
    ).toEqual([])
    expect(await read(memoryLog())).toEqual([])
  })
})

test('is selected by family, range, key and reason; the revision before it is found under any reason', async () => {
  const agent = row(['anna', 'sales', 'voice', null, null], at(0), { tHandle: [1_000] }, { family: 'agent' })
  const log = await logOf(
    [first, second, agent],
    [lateOne, restated(second, { nOffered: 5 }, 'late'), restated(agent, { tHandle: [2_000] }, 'late')],
    [again],
  )
  const keys = async (wanted: Partial<CorrectionsWanted>) =>
    (await read(log, wanted)).map(({ key, reason }) => `${key} ${reason}`)
  expect(await keys({})).toEqual([
    `${first.key} late`,
    `${second.key} late`,
    `${agent.key} late`,
    `${first.key} handled`,
  ])
  expect(await keys({ family: 'agent' })).toEqual([`${agent.key} late`])
  expect(await keys({ from: at(1) })).toEqual([`${second.key} late`])
  expect(await keys({ to: at(1), key: 'queue/' })).toEqual([`${first.key} late`, `${first.key} handled`])
  expect(await keys({ key: second.key })).toEqual([`${second.key} late`])
  const [handled] = await read(log, { reason: 'handled' })
  expect(handled?.revision).toEqual({ before: 2, after: 3 })
  const count = new CorrectionCount()
  for (const each of await read(log)) count.add(each)
  expect(count.totals()).toEqual({ late: { restatements: 3, rows: 3 }, handled: { restatements: 1, rows: 1 } })
})

test('all changes of a row, applied in order, lead from its first values to its last', async () => {
  const history = fc.array(
    fc.record({ nOffered: fc.nat(9), tAnswered: fc.array(fc.nat(30_000), { minLength: 1, maxLength: 3 }) }),
    {
      minLength: 2,
      maxLength: 8,
    },
  )
  await fc.assert(
    fc.asyncProperty(history, async (values) => {
      const rows: Row[] = []
      for (const each of values) {
        const last = rows.at(-1)
        rows.push(last === undefined ? sales(at(0), each) : restated(last, each, 'late'))
      }
      const figures = new Map<string, number | null>()
      const changes = (await read(await logOf(...rows.map((each) => [each])))).flatMap((each) => each.changes)
      for (const { figure, statistic, before, after } of changes) {
        if (figures.has(`${figure}.${statistic}`)) expect(figures.get(`${figure}.${statistic}`)).toBe(before)
        figures.set(`${figure}.${statistic}`, after)
      }
      const [was, is] = [values[0], values.at(-1)]
      expect(figures.get('nOffered.count') ?? was?.nOffered).toBe(is?.nOffered)
      const sum = (durations: readonly number[] = []) => durations.reduce((a, b) => a + b, 0)
      expect(figures.get('tAnswered.sum') ?? sum(was?.tAnswered)).toBe(sum(is?.tAnswered))
    }),
    { numRuns: 60 },
  )
})
