import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { rowsAs, type AsWhat, type RowsThen } from '../../../../src/app/operations/as-of/as-of.js'
import type { Generation } from '../../../../src/app/pipeline/generations.js'
import type { Scope } from '../../../../src/app/scoped/scope.js'
import { rowJson } from '../../../../src/contract/row-json.js'
import { decodeRow, familyOf } from '../../../../src/contract/kpi-stream/stored.js'
import { familyNames } from '../../../../src/domain/family.js'
import { rowOf } from '../../../../src/domain/flat-row.js'
import { HOUR_MS, MINUTE_MS } from '../../../../src/domain/interval.js'
import { defaultProfile, type PointSource, type Profile } from '../../../../src/domain/profile.js'
import { isEmptyRow, type Row } from '../../../../src/domain/row.js'
import { kpiStream, rawPrefixes } from '../../../../src/domain/stream-name.js'
import { decodeRaw } from '../../../../src/ingress/decode/decoders.js'
import { ingest } from '../../../../src/ingress/ingest.js'
import { receivedAtOf } from '../../../../src/ingress/metadata.js'
import type { EventLog, RecordedEvent } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { KpiProjection } from '../../../../src/projections/kpi-projection.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { lawRuns } from '../../../support/law-runs.js'
import { generationOf, project, silent, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const HOURS = 2
const TENANT = 't'

type Source = Exclude<PointSource, 'conversation-details' | 'metric-records-and-details'>

const profileOf = (points: Source): Profile => ({
  ...defaultProfile,
  points,
  families: familyNames,
  rollUps: ['PT1H'],
})

type History = Readonly<{ log: EventLog; generation: Generation }>

/** Two hours that come minute by minute, some of it late; the projector runs now and then, in batches of `batchMax`. */
const historyOf = async (points: Source, batchMax: number): Promise<History> => {
  const log = memoryLog()
  const profile = profileOf(points)
  const deliveries = [
    ...simulate({
      ...{ seed: 17, fromMs: FROM, hours: HOURS, queues: 2, agents: 6, emit: points, reconfigure: true },
      ...{ reorder: 0.1, lateness: { share: 0.05, maxMs: HOUR_MS } },
    }),
  ]
  const run = () => project({ log, tenant: TENANT, profile, batchMax })
  let next = 0
  for (let minute = 1; minute <= HOURS * 60 + 180; minute++) {
    const receivedAt = FROM + minute * MINUTE_MS
    const lines: Buffer[] = []
    for (; deliveries[next] !== undefined && deliveries[next]!.deliverAtMs < receivedAt; next++)
      lines.push(Buffer.from(deliveries[next]!.line))
    if (lines.length > 0) await ingest(log, lines, { tenant: TENANT, source: 'test', receivedAt })
    await tickTo(log, TENANT, receivedAt)
    if (minute % 20 === 0) await run()
  }
  await run()
  return { log, generation: generationOf(profile) }
}

const asOf = ({ log, generation }: History, what: AsWhat, scope: Scope = {}): Promise<RowsThen> =>
  rowsAs(
    {
      ...{ tenant: TENANT, generation, scope, raw: log, kpi: log, data: undefined, facts: {} },
      ...{ signal: new AbortController().signal, logger: silent },
    },
    what,
  )

/** The rows of a fold of everything up to the first event that is `later`. */
const foldUntil = async (
  { log, generation }: History,
  later: (event: RecordedEvent, before: RecordedEvent | undefined) => boolean,
): Promise<ReadonlyMap<string, Row>> => {
  const projection = new KpiProjection(TENANT, generation.profile)
  let before: RecordedEvent | undefined
  reading: for await (const batch of log.readAll({ prefixes: rawPrefixes(TENANT) }))
    for (const event of batch) {
      if (later(event, before)) break reading
      before = event
      const facts = decodeRaw(event.type, event.data)
      for (const fact of E.isRight(facts) ? facts.right : []) projection.apply(fact, receivedAtOf(event.metadata))
    }
  const rows = projection.drainEvents('all').flatMap((event) => (event.kind === 'row' ? [rowOf(event.row)] : []))
  return new Map(rows.filter((row) => !isEmptyRow(row)).map((row) => [row.key, row]))
}

const tickIn = ({ type, data }: RecordedEvent): number =>
  type === 'ClockTicked' ? (JSON.parse(Buffer.from(data).toString()) as { at: number }).at : -Infinity

const textOf = (row: Row): string => JSON.stringify({ ...rowJson(row), revision: null })

/** Every row has the values of the fold, and one that the KPI log holds its revision too. */
const expectEqual = ({ rows }: RowsThen, folded: ReadonlyMap<string, Row>): void => {
  expect(rows.map(({ row }) => row.key).sort()).toEqual([...folded.keys()].sort())
  for (const { row, from } of rows) {
    const wanted = folded.get(row.key) as Row
    expect(textOf(row)).toBe(textOf(wanted))
    if (from === 'kpi-log') expect(row.revision).toBe(wanted.revision)
  }
}

describe.each([
  ['metric-records', 50],
  ['metric-records', 100_000],
  ['detail-events', 50],
] as const)('a log of %s that was projected in batches of %i', (points, batchMax) => {
  let history: History
  beforeAll(async () => {
    history = await historyOf(points, batchMax)
  }, 60_000)

  const anyInstant = fc.integer({ min: -10, max: (HOURS * 60 + 190) * 2 }).map((half) => FROM + (half * MINUTE_MS) / 2)

  test('as of any instant of event time its rows are those of a fold that stops where the clock reached it', async () => {
    await fc.assert(
      fc.asyncProperty(anyInstant, async (at) => {
        const then = await asOf(history, { kind: 'as-of', at, by: 'event-time' })
        const folded = await foldUntil(history, (_, before) => before !== undefined && tickIn(before) >= at)
        expectEqual(then, folded)
      }),
      lawRuns(15),
    )
  })

  test('as known at any instant its rows are those of a fold of what had been received by then', async () => {
    await fc.assert(
      fc.asyncProperty(anyInstant, async (at) => {
        const then = await asOf(history, { kind: 'as-of', at, by: 'known' })
        expectEqual(then, await foldUntil(history, ({ metadata }) => (receivedAtOf(metadata) ?? -Infinity) > at))
      }),
      lawRuns(15),
    )
  })

  test('as first published, first final and latest its rows are those revisions of its KPI log', async () => {
    const revisions = new Map<string, Row[]>()
    for await (const batch of history.log.readStream(kpiStream(TENANT, 'g1')))
      for (const event of batch)
        if (familyOf(event) !== undefined) {
          const { row } = decodeRow(event)
          revisions.set(row.key, [...(revisions.get(row.key) ?? []), row])
        }
    const expected = (chosen: (of: readonly Row[]) => Row | undefined) =>
      [...revisions.values()]
        .flatMap((of) => chosen(of) ?? [])
        .filter((row) => !isEmptyRow(row))
        .map((row) => `${row.key} ${row.revision}`)
        .sort()
    const found = async (kind: 'first' | 'first-final' | 'latest') =>
      (await asOf(history, { kind })).rows.map(({ row }) => `${row.key} ${row.revision}`).sort()
    expect(await found('first')).toEqual(expected((of) => of[0]))
    expect(await found('first-final')).toEqual(expected((of) => of.find(({ status }) => status !== 'provisional')))
    expect(await found('latest')).toEqual(expected((of) => of.at(-1)))
    expect(await found('first')).not.toEqual(await found('latest'))
  })

  test('a range that settled before the moment is answered from the KPI log, revisions and all', async () => {
    const scope = { families: new Set(['queue'] as const), from: FROM, to: FROM + 30 * MINUTE_MS }
    const at = FROM + (HOURS + 2) * HOUR_MS
    const { rows, isReached } = await asOf(history, { kind: 'as-of', at, by: 'event-time' }, scope)
    expect(rows.length).toBeGreaterThan(0)
    expect(isReached).toBe(true)
    expect(new Set(rows.map(({ from }) => from))).toEqual(new Set(['kpi-log']))
  })

  test('a moment that the clock has not reached is told, with the rows of now', async () => {
    const { rows, isReached } = await asOf(history, { kind: 'as-of', at: FROM + 900 * HOUR_MS, by: 'event-time' })
    expect(isReached).toBe(false)
    expect(rows.map(({ row }) => row.key)).toEqual(
      (await asOf(history, { kind: 'latest' })).rows.map(({ row }) => row.key),
    )
  })
})
