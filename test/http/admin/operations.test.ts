import { expect, test } from 'vitest'
import { readOperations } from '../../../src/app/operations/journal/read-operations.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { computedLog, endedJob, servedAdmin, type ServedAdmin } from './served-admin.js'

type Json = Readonly<Record<string, unknown>>

const posted = async (served: ServedAdmin, path: string, body: Json, token: string): Promise<Json> => {
  const answer = await served.call(path, { method: 'POST', token, body })
  expect(answer.status, await answer.clone().text()).toBe(202)
  return endedJob(served, answer, token)
}

type RowItem = Readonly<{
  queueId: string
  mediaType: string
  intervalStart: string
  intervalEnd: string
  measures: Readonly<Record<string, Readonly<{ count: number }>>>
}>

const countOf = (measure: Readonly<{ count: number }> | undefined): number => measure?.count ?? 0

/** Offered calls of one queue as Genesys would answer, `more` than our rows have. */
const offeredBy = (rows: readonly RowItem[], more: number) => ({
  results: [
    {
      group: { queueId: rows[0]?.queueId, mediaType: 'voice' },
      data: rows.map(({ intervalStart, intervalEnd, measures }) => ({
        interval: `${intervalStart}/${intervalEnd}`,
        metrics: [{ metric: 'nOffered', stats: { count: countOf(measures['nOffered']) + more } }],
      })),
    },
  ],
})

test('a reconciliation is kept by who may change something, compared by an auditor, and a contract is judged by it', async () => {
  const log = await computedLog('acme')
  const served = await servedAdmin({ log })
  const { call, tokens } = served
  const query = '/rows?family=queue&granularity=PT15M&where=mediaType%3Dvoice&limit=1000'
  const { items } = (await (await call(query, { token: tokens.viewer })).json()) as { items: readonly RowItem[] }
  const rows = items.filter(
    ({ queueId, measures }) => queueId === items[0]?.queueId && measures['nOffered'] !== undefined,
  )
  const metrics = ['nOffered']
  const [wrong, right] = [1, 0].map((more) => ({ answers: offeredBy(rows, more), metrics, limit: 1 }))

  const compared = await posted(served, '/comparisons', wrong as Json, tokens.auditor)
  expect(compared).toMatchObject({
    state: 'done',
    result: { figures: { compared: rows.length, different: rows.length } },
  })
  expect((compared['result'] as { differences: unknown[] }).differences).toHaveLength(1)
  expect((await call('/reconciliations', { method: 'POST', token: tokens.auditor, body: right })).status).toBe(403)

  const period = { from: rows[0]?.intervalStart, to: rows.at(-1)?.intervalEnd }
  const contract = { name: 'go-live', granularity: 'PT15M', period, signatories: ['token:operator'] }
  const change = (path: string, body: Json) => call(path, { method: 'POST', token: tokens.operator, body })
  const refused = await change('/acceptance-contracts', { contract: { ...contract, granularity: 'P1D' } })
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('granularity')])
  expect((await change('/acceptance-contracts', { contract })).status).toBe(200)
  expect(await (await change('/acceptance-contracts/go-live/sign', { why: 'checked' })).json()).toMatchObject({
    version: 1,
    signatures: [{ by: 'token:operator', why: 'checked' }],
  })
  const judged = () => posted(served, '/acceptance-contracts/go-live/reports', {}, tokens.auditor)
  expect(await judged()).toMatchObject({ result: { holds: false, reconciliations: 0, unsigned: [] } })
  for (const [input, holds] of [
    [wrong, false],
    [right, true],
  ] as const) {
    const kept = await posted(served, '/reconciliations', { ...input, why: 'go-live' }, tokens.operator)
    expect(kept, JSON.stringify(kept['problem'])).toMatchObject({ state: 'done' })
    expect(await judged()).toMatchObject({ result: { holds } })
  }
  const { items: kept } = (await (await call('/reconciliations', { token: tokens.auditor })).json()) as {
    items: readonly { id: string }[]
  }
  expect(kept).toMatchObject([
    { by: 'token:operator', counts: { different: rows.length }, classes: { 'missing-event': rows.length } },
    { counts: { different: 0 }, classes: {} },
  ])
  const path = `/reconciliations/${kept[0]?.id}/differences?limit=1`
  expect(await (await call(path, { token: tokens.auditor })).json()).toMatchObject({
    items: [{ metric: 'nOffered', class: 'missing-event', intervalStart: expect.stringMatching(/^2026-01-05T/) }],
  })
  expect((await call('/reconciliations/r9/differences', { token: tokens.auditor })).status).toBe(404)

  const recorded = await readOperations(await singleLog(log).control('reader'), 'acme', { operation: 'reconcile' })
  expect(recorded).toMatchObject([{ result: 'refused' }, { by: 'token:operator', why: 'go-live' }, { result: 'done' }])
  expect(JSON.stringify(recorded)).not.toContain('results')
})

test('profile tests refer to no files: neither a profile nor given events are read from the disk of the process', async () => {
  const served = await servedAdmin()
  const row = { family: 'queue', interval: '2026-01-05T08:00:00Z' }
  const content = { profile: '/etc/hostname', tests: [{ name: 'a', expect: [row] }] }
  const profile = await posted(served, '/profile/tests', { content }, served.tokens.operator)
  expect(profile).toMatchObject({ state: 'failed', problem: { status: 422 } })
  expect(JSON.stringify(profile)).toContain('no file is read here')
  const given = [{ file: '/etc/hostname' }]
  const read = { content: { profile: { id: 'a', version: 1 }, given, tests: [{ name: 'a', expect: [row] }] } }
  const events = await posted(served, '/profile/tests', read, served.tokens.operator)
  expect(JSON.stringify(events['problem'])).toContain('given[0]: no file is read here')
})

test('rows as they were, and what-if, are given for intervals of one length, with names where they are asked for', async () => {
  const served = await servedAdmin({ log: await computedLog('acme') })
  const { call, tokens } = served
  const listed = async (length: string) => {
    const answer = await call(`/rows/as?family=queue&what=first&granularity=${length}&names=true`, {
      token: tokens.auditor,
    })
    return ((await answer.json()) as { items: readonly { granularity: string; names: object }[] }).items
  }
  const supposed = { set: ['serviceLevel.durationMs=1s'], from: '2026-01-05', to: '2026-01-06' }
  const totals = async (granularity: string) => {
    const job = await posted(served, '/what-if', { ...supposed, granularity }, tokens.auditor)
    return (job['result'] as { totals: readonly { granularity: string }[] }).totals
  }
  const items = await listed('PT15M')
  expect(items[0]).toMatchObject({ granularity: 'PT15M', names: {} })
  expect((await totals('PT15M'))[0]).toMatchObject({ granularity: 'PT15M' })
  // The profile of this log has no longer intervals.
  expect(await listed('PT1H')).toEqual([])
  expect(await totals('PT1H')).toEqual([])
})
