import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ContractRefused,
  contractSchema,
  defineContract,
  loadContract,
  readContracts,
  signContract,
  type Contract,
} from '../../../../src/app/operations/acceptance/contract.js'
import { judgeContract, type AcceptanceReport } from '../../../../src/app/operations/acceptance/evaluate.js'
import {
  readReconciliations,
  ReconciliationRecord,
  storeReconciliation,
  type Reconciliation,
} from '../../../../src/app/operations/acceptance/reconciliation.js'
import { acceptanceHtml } from '../../../../src/app/operations/acceptance/report-html.js'
import { acceptanceText } from '../../../../src/app/operations/acceptance/report-text.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { at, compare, QUARTER, sales, salesSaid, said } from '../../reconcile/fixtures.js'

const T = 't'
const HALF = 2 * QUARTER
const iso = (ms: number): string => new Date(ms).toISOString()
/** The nth half hour. */
const half = (n: number): readonly [number, number] => [at(2 * n), at(2 * n + 2)]

const contract = (more: Partial<Contract> = {}): Contract => ({
  ...contractSchema.parse({ name: 'go-live', granularity: 'PT30M', period: { from: iso(at(0)), to: iso(at(6)) } }),
  ...more,
})

/** Ours: two offered and answered in each of the first two half hours. */
const rows = [
  sales(at(0), { nOffered: 2, tAnswered: [5_000, 9_000] }),
  sales(at(2), { nOffered: 2, tAnswered: [4_000, 6_000] }),
]

let reconciled = 0

/** Compares with these answers of the API, and keeps the outcome. */
const reconcile = async (log: EventLog, ...data: readonly ReturnType<typeof said>[]): Promise<Reconciliation> => {
  const record = new ReconciliationRecord()
  const response = { results: [salesSaid(...data)] }
  const report = await compare([rows], [response], { onFigure: record.figure, onCovered: record.covered })
  const about = { by: 'ana', at: iso(reconciled++), source: { file: 'a.json', sha256: 'ab' }, query: {} }
  const kept = record.of(report, about)
  await storeReconciliation(singleLog(log), T, kept)
  return kept
}

const judged = async (log: EventLog, more: Partial<Contract> = {}): Promise<AcceptanceReport> => {
  await defineContract(singleLog(log), T, contract(more), { by: 'ana', at: iso(0) })
  return judgeContract(log, { tenant: T, name: 'go-live' })
}

const verdicts = ({ groups }: AcceptanceReport): readonly (readonly string[])[] =>
  groups.map(({ intervals }) => intervals.map(({ verdict }) => verdict))

const first = said(half(0), { nOffered: 2, tAnswered: [5_000, 9_000] })
const second = said(half(1), { nOffered: 2, tAnswered: [4_000, 6_000] })
const secondOff = said(half(1), { nOffered: 3, tAnswered: [4_000, 7_000] })

describe('a contract of acceptance', () => {
  test('holds where every reconciled interval is within tolerance, and names those that were not reconciled', async () => {
    const log = memoryLog()
    await reconcile(log, first, second)
    const report = await judged(log, { minimumShare: 60 })
    expect(verdicts(report)).toEqual([['held', 'held', 'not-reconciled']])
    expect(report).toMatchObject({ holds: true, counts: { held: 2, failed: 0, 'not-reconciled': 1 } })
    expect(report.share).toBeCloseTo(66.67, 1)
    expect((await judged(log)).holds).toBe(false)
    expect(acceptanceText(report, 10)).toContain(`${iso(at(4))} mediaType voice, queueId sales: not reconciled`)
  })

  test('fails by value, says by how much and why, and tolerances are absolute or a share of the figure of Genesys', async () => {
    const log = memoryLog()
    await reconcile(log, first, secondOff)
    const strict = await judged(log)
    expect(verdicts(strict)).toEqual([['held', 'failed', 'not-reconciled']])
    const [, failed] = strict.groups[0]?.intervals ?? []
    expect(failed?.failures).toContainEqual(
      expect.objectContaining({ figure: 'nOffered count', theirs: 3, ours: 2, difference: 1, allowed: '0' }),
    )
    expect(failed?.failures[0]?.class).toEqual(expect.any(String))
    const tolerances = ['nOffered=count:1', 'tAnswered=sum:10%,max:1000']
    expect(verdicts(await judged(log, { tolerances }))).toEqual([['held', 'held', 'not-reconciled']])
    expect(verdicts(await judged(log, { metrics: ['nFlow'] }))).toEqual([['held', 'held', 'not-reconciled']])
  })

  test('compares KPIs of both sides', async () => {
    const log = memoryLog()
    await reconcile(log, first, secondOff)
    const metrics = ['nFlow']
    const close = await judged(log, { metrics, kpis: { averageSpeedOfAnswer: '10%' } })
    expect(verdicts(close)).toEqual([['held', 'held', 'not-reconciled']])
    const exact = await judged(log, { metrics, kpis: { averageSpeedOfAnswer: '499' } })
    expect(exact.groups[0]?.intervals[1]?.failures).toEqual([
      { figure: 'averageSpeedOfAnswer', theirs: 5_500, ours: 5_000, difference: 500, allowed: '499' },
    ])
  })

  test('is judged by the last reconciliation of each interval', async () => {
    const log = memoryLog()
    await reconcile(log, first, secondOff)
    const later = await reconcile(log, second)
    const report = await judged(log)
    expect(verdicts(report)).toEqual([['held', 'held', 'not-reconciled']])
    expect(report.groups[0]?.intervals[1]?.reconciliation?.id).toBe(later.id)
    expect(report.reconciliations).toBe(2)
  })

  test('expects the groups that it names, even if nothing was reconciled of them', async () => {
    const log = memoryLog()
    await reconcile(log, first, second)
    const report = await judged(log, { groups: { queueId: ['sales', 'support'] } })
    expect(report.groups.map(({ group }) => group['queueId'])).toEqual(['sales', 'support'])
    expect(verdicts(report)[1]).toEqual(['not-reconciled', 'not-reconciled', 'not-reconciled'])
    expect(verdicts(await judged(log, { groups: { queueId: ['support'] } }))).toHaveLength(1)
  })

  test('is judged in part on the intervals of its period', async () => {
    const log = memoryLog()
    await reconcile(log, first, second)
    await judged(log)
    const part = await judgeContract(log, { tenant: T, name: 'go-live', from: at(1), to: at(4) })
    expect(part.groups[0]?.intervals.map(({ start, verdict }) => [start, verdict])).toEqual([[iso(at(2)), 'held']])
    expect(part.holds).toBe(true)
  })

  test('keeps both values and their reasons, over a restart', async () => {
    const log = memoryLog()
    const kept = await reconcile(log, first, secondOff)
    const found: Reconciliation[] = []
    for await (const each of readReconciliations(log, T)) found.push(each)
    expect(found).toEqual([JSON.parse(JSON.stringify(kept))])
    expect(found[0]?.figures.length).toBeGreaterThan(2)
    expect(found[0]?.reasons.map(({ metric }) => metric)).toContain('nOffered')
  })

  test('is a page that escapes what comes from outside', async () => {
    const log = memoryLog()
    await reconcile(log, first)
    const page = acceptanceHtml(await judged(log, { title: '<script>alert(1)</script>' }))
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).not.toContain('<script>')
  })
})

describe('signatures', () => {
  test('count for the version that was signed, by those who are to sign, once', async () => {
    const log = memoryLog()
    const logs = singleLog(log)
    const agreed = contract({ signatories: ['ana', 'ben'] })
    const ana = { by: 'ana', why: 'checked', at: iso(1) }
    await defineContract(logs, T, agreed, { by: 'ana', at: iso(0) })
    await expect(signContract(logs, T, 'go-live', { by: 'eve', at: iso(1) })).rejects.toThrow(ContractRefused)
    expect((await signContract(logs, T, 'go-live', ana)).signatures).toEqual([ana])
    await expect(signContract(logs, T, 'go-live', ana)).rejects.toThrow('signed by ana already')
    expect(await judgeContract(log, { tenant: T, name: 'go-live' })).toMatchObject({ unsigned: ['ben'], version: 1 })
    const redefined = await defineContract(logs, T, agreed, { by: 'ana', at: iso(2) })
    expect(redefined).toMatchObject({ version: 2, signatures: [] })
    expect((await readContracts(log, T)).get('go-live')?.version).toBe(2)
    await expect(signContract(logs, T, 'go', ana)).rejects.toThrow('there is no contract go; there are go-live')
  })
})

test('a file that is no contract is refused with all that is wrong', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'streamvane-contract-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'c.yaml')
  await writeFile(
    file,
    'name: Go Live\ngranularity: P1D\nperiod: {from: x, to: y}\ntolerances: [tHandle]\nkpis: {asa: 1}\n',
  )
  const read = (): Contract => loadContract(file)
  expect(read).toThrow(ContractRefused)
  for (const place of ['name:', 'granularity:', 'period.from:', 'tolerances:', 'kpis']) expect(read).toThrow(place)
  await writeFile(
    file,
    `name: go-live\ngranularity: PT30M\nperiod: {from: ${iso(at(0))}, to: ${iso(at(0) + HALF)}}\ntolerances: ['*=sum:0.1%']\nkpis: {serviceLevel: 0.5%}\n`,
  )
  expect(read()).toMatchObject({ name: 'go-live', minimumShare: 100, kpis: { serviceLevel: '0.5%' } })
})
