import { describe, expect, test } from 'vitest'
import { deadLetters } from '../../../../src/app/operations/dead-letters.js'
import { erase } from '../../../../src/app/operations/erase.js'
import { explain, type ExplainOptions } from '../../../../src/app/operations/explain/explain.js'
import type { Explanation, RowExplanation } from '../../../../src/app/operations/explain/explanation.js'
import { explanationHtml } from '../../../../src/app/operations/explain/report/html.js'
import { changeConfiguration } from '../../../../src/app/operations/imports/import-configuration.js'
import type { Generation } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { explanationText } from '../../../../src/cli/explain-text.js'
import { encodeKpiEvents } from '../../../../src/contract/kpi-stream/encode.js'
import { appendsOf } from '../../../../src/contract/kpi-stream/marks.js'
import { flatRowOf } from '../../../../src/domain/flat-row.js'
import { MINUTE_MS } from '../../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import { measureIn, type Row } from '../../../../src/domain/row.js'
import { conversationStream, kpiStream } from '../../../../src/domain/stream-name.js'
import { utc } from '../../../../src/domain/zone.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { generationOf, project, rowsOf, silent, take, tickTo } from '../../../support/pipeline.js'

const TEN = Date.UTC(2026, 0, 5, 10)

type Point = Readonly<{ metric: string; value: number; minute: number; queueId?: string | null }>

const record = (conversationId: string, { metric, value, minute, queueId = 'sales' }: Point): string =>
  JSON.stringify({
    topicName: `v2.analytics.conversation.${conversationId}.metrics`,
    eventBody: {
      ...{ metric, value, metricDate: new Date(TEN + minute * MINUTE_MS).toISOString() },
      ...{ recordId: `${conversationId}${metric}${minute}`, conversationId, sessionId: 's', mediaType: 'voice' },
      ...(queueId === null ? {} : { queueId }),
    },
  })

const calls = [
  record('c1', { metric: 'nOffered', value: 1, minute: 1 }),
  record('c1', { metric: 'tAnswered', value: 12_000, minute: 2 }),
  record('c1', { metric: 'tHandle', value: 300_000, minute: 17 }),
  record('c2', { metric: 'nOffered', value: 1, minute: 3 }),
  record('c2', { metric: 'tAnswered', value: 30_000, minute: 4 }),
  record('c2', { metric: 'nOverSla', value: 1, minute: 4 }),
  record('c2', { metric: 'tAnswered', value: 8_000, minute: 9, queueId: 'service' }),
  record('c3', { metric: 'nOffered', value: 1, minute: 5 }),
  record('c3', { metric: 'tAbandon', value: 4_000, minute: 6 }),
  record('c3', { metric: 'tConnected', value: 60_000, minute: 6, queueId: null }),
]

/** Two queues by name, three calls, and the clock at twenty past ten. */
const centre = async (profile: Profile = defaultProfile, serviceName = 'Service desk'): Promise<EventLog> => {
  const log = memoryLog()
  const queue = (queueId: string, name: string) => ({
    ...{ type: 'QueueConfigured' as const, queueId, name, at: TEN - 60 * MINUTE_MS, acw: null },
    serviceLevel: { voice: { durationMs: 20_000, target: 0.8 } },
  })
  const change = { tenant: 't', source: 'test', now: 0, dryRun: false }
  await changeConfiguration(log, [queue('sales', 'Sales'), queue('service', serviceName)], change)
  await take(log, 't', calls)
  await tickTo(log, 't', TEN + 20 * MINUTE_MS)
  await project({ log, tenant: 't', profile })
  return log
}

const explained = (log: EventLog, more: Partial<ExplainOptions> & Readonly<{ generation?: Generation }> = {}) =>
  explain({
    ...{ logs: singleLog(log), data: '/nowhere', tenant: 't', withRaw: false, facts: {}, logger: silent },
    ...{ generation: generationOf(defaultProfile), signal: new AbortController().signal },
    wanted: { family: 'queue', at: TEN + 7 * MINUTE_MS, dimensions: [['queueId', 'sales']] },
    ...more,
  })

const only = ({ rows }: Explanation): RowExplanation => {
  expect(rows).toHaveLength(1)
  return rows[0] as RowExplanation
}

const text = (explanation: Explanation, width?: number): string =>
  explanationText(explanation, { output: { width, color: false }, zone: utc, limit: 0 })

describe('the explanation of a row', () => {
  test('puts the values into the formula, and names each point with its conversation and raw position', async () => {
    const one = only(await explained(await centre(), { kpi: 'serviceLevel' }))
    expect(one.kpis).toMatchObject([
      {
        name: 'serviceLevel',
        numerator: 1,
        denominator: 3,
        withValues: '(2 - 1) / (2 + 1 * 1 - 1 * 1 + 1 * 1 * 1 + 0 * 0)',
      },
    ])
    expect(one.contributions.map(({ metric, value, conversationId }) => [metric, value, conversationId])).toEqual([
      ['tAnswered', 12_000, 'c1'],
      ['tAnswered', 30_000, 'c2'],
      ['nOverSla', 1, 'c2'],
      ['tAbandon', 4_000, 'c3'],
    ])
    expect(one.contributions[3]).toMatchObject({ isShortAbandon: true, at: '2026-01-05T10:06:00.000Z' })
    expect(one.verdict).toEqual({ addsUp: true, differences: [], notes: [] })
    expect(one.queueName).toBe('Sales')
  })

  test('says which settings are in force, since when, and where in the log they stand', async () => {
    const { inForce } = only(await explained(await centre()))
    expect(inForce).toContainEqual({
      ...{ what: 'queue settings', value: '80 % within 20000 ms', since: '2026-01-05T09:00:00.000Z' },
      position: expect.stringMatching(/^\d+$/) as string,
    })
    expect(inForce[0]).toMatchObject({ what: 'profile', since: null })
  })

  test('lists what its conversations have in other intervals and other queues', async () => {
    const { notCounted } = only(await explained(await centre()))
    expect(notCounted.map(({ reason, metric, detail }) => [reason, metric, detail])).toEqual([
      ['other-interval', 'tHandle', 'its instant lies behind the interval'],
      ['other-queue', 'tAnswered', 'its queue is Service desk'],
      ['other-row', 'tConnected', 'it is of no queue'],
    ])
  })

  test('gives the raw events as they were received', async () => {
    const { raw = [] } = only(await explained(await centre(), { withRaw: true, kpi: 'abandonRate' }))
    expect(raw.map(({ data }) => /"metric":"(\w+)"/.exec(data)?.[1])).toEqual([
      'nOffered',
      'nOffered',
      'nOffered',
      'tAbandon',
    ])
  })

  test('finds a queue by its name', async () => {
    const dimensions = [['queueId', 'service DESK']] as const
    const one = only(await explained(await centre(), { wanted: { family: 'queue', at: TEN, dimensions } }))
    expect(one.row).toMatchObject({ queueId: 'service' })
  })

  test('says that a row is provisional', async () => {
    const wanted = { family: 'queue', at: TEN + 16 * MINUTE_MS, dimensions: [] } as const
    const one = only(await explained(await centre(), { wanted }))
    expect(one.row.status).toBe('provisional')
    expect(one.verdict.notes.join()).toContain('provisional')
  })

  test('names what came too late, which a rebuild takes in', async () => {
    const profile = { ...defaultProfile, lateHorizonMs: 0 }
    const log = await centre(profile)
    await tickTo(log, 't', TEN + 60 * MINUTE_MS)
    await take(log, 't', [record('c9', { metric: 'nOffered', value: 1, minute: 8 })])
    await take(log, 't', [record('c1', { metric: 'nTransferred', value: 1, minute: 8 })])
    await project({ log, tenant: 't', profile })
    // A row that was final before it came is as it was then; one that is published behind it knows of it.
    const late = only(await explained(log, { generation: generationOf(profile) }))
    expect(late.verdict.addsUp).toBe(true)
    expect(late.notCounted.filter(({ reason }) => reason === 'too-late')).toMatchObject([
      { metric: 'nOffered', conversationId: 'c9' },
      { metric: 'nTransferred', conversationId: 'c1' },
    ])
  })

  test('counts what was erased before the generation began, and says so', async () => {
    const log = await centre()
    await erase({
      ...{ raw: log, tenant: 't', stream: conversationStream('t', 'c3'), entityId: 'c3', dryRun: false },
      ...{ now: () => TEN, deadLetters: () => deadLetters(singleLog(log), 't') },
    })
    const generation = { ...generationOf(defaultProfile, 'g2'), historyThrough: String(await log.head()) }
    await project({
      log,
      tenant: 't',
      profile: defaultProfile,
      generation: 'g2',
      historyThrough: generation.historyThrough,
    })
    const one = only(await explained(log, { generation }))
    expect(one.verdict.addsUp).toBe(true)
    expect(one.row.erased).toBe(2)
    expect(
      one.notCounted.filter(({ reason }) => reason === 'erased').map(({ metric, count }) => [metric, count]),
    ).toEqual([
      ['nOffered', 1],
      ['tAbandon', 1],
    ])
  })

  test('says that a row keeps points of what was erased since, and does not add up', async () => {
    const log = await centre()
    await erase({
      ...{ raw: log, tenant: 't', stream: conversationStream('t', 'c3'), entityId: 'c3', dryRun: false },
      ...{ now: () => TEN, deadLetters: () => deadLetters(singleLog(log), 't') },
    })
    const { verdict } = only(await explained(log))
    expect(verdict.addsUp).toBe(false)
    expect(verdict.notes.join()).toContain('erased since')
  })

  test('says where a published row differs from its contributions', async () => {
    const log = await centre()
    const row = (await rowsOf(log, 't')).find(({ key }) => key.startsWith('queue/sales/')) as Row
    const offered = measureIn(row, 'nOffered')
    const measures = row.measures.map((measure) =>
      measure === offered && measure ? { ...measure, count: 7 } : measure,
    )
    await append(log, { ...row, measures, revision: row.revision + 1 })
    const explanation = await explained(log)
    expect(explanation.addsUp).toBe(false)
    expect(only(explanation).verdict.differences).toContainEqual({
      ...{ figure: 'nOffered', statistic: 'count', before: 7, after: 3 },
    })
    expect(text(explanation)).toContain('do NOT add up')
  })
})

/** Appends a row to the KPI stream, as something that is not the projector might. */
const append = async (log: EventLog, row: Row): Promise<void> => {
  const head = (await log.head()) as bigint
  const events = encodeKpiEvents('t', 'g1', [{ kind: 'row', row: flatRowOf(row) }], head)
  const [batch = []] = appendsOf('t', 'g1', events, head)
  await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events: batch }])
}

describe('what cannot be explained is told with what there is', () => {
  const wanted = (more: Partial<ExplainOptions['wanted']>) => ({
    ...{ wanted: { family: 'queue' as const, at: TEN, dimensions: [['queueId', 'sales'] as const], ...more } },
  })

  test.each<[string, Partial<ExplainOptions>, RegExp]>([
    [
      'an unknown queue',
      wanted({ dimensions: [['queueId', 'Salse']] }),
      /no row .* has queueId Salse; did you mean Sales/,
    ],
    ['an interval without rows', wanted({ at: TEN + 90 * MINUTE_MS }), /no row of the interval .* begin at .*T10:15/],
    ['a length the profile lacks', wanted({ granularity: 'P1D' }), /no intervals of P1D; it has PT15M/],
    ['a family that is not computed', wanted({ family: 'skill', dimensions: [] }), /no rows of family skill/],
    ['a revision that was not published', { revision: 3 }, /revision 3 was never published.*Published are/],
    ['an unknown KPI', { kpi: 'serviceLevl' }, /no KPI serviceLevl; did you mean serviceLevel/],
  ])('%s', async (_, options, message) => {
    await expect(explained(await centre(), options)).rejects.toThrow(message)
  })
})

describe('what is shown', () => {
  test('fits 80 columns, and holds no character that a terminal obeys', async () => {
    const shown = text(await explained(await centre(defaultProfile, 'Service \u001b[31m desk')), 80)
    expect(shown.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(shown).not.toContain('\u001b')
    expect(shown).toContain('The contributions add up to the published row.')
  })

  test('as a page holds nothing that was not escaped, and no script', async () => {
    const page = explanationHtml(await explained(await centre(defaultProfile, '<script>alert(1)</script>')), utc)
    expect(page).toContain('its queue is &lt;script&gt;alert(1)')
    expect(page).not.toContain('<script')
    expect(page).toContain('The contributions add up')
  })
})
