import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { entraTokens } from '../../../src/credentials/entra-id.js'
import { familyNames } from '../../../src/domain/family.js'
import { Quota } from '../../../src/egress/power-bi/limits.js'
import { powerBiDestination, type Clock } from '../../../src/egress/power-bi/destination.js'
import { defaultFigures, isFigureOf, pushTable } from '../../../src/egress/power-bi/tables.js'
import { recordIdentity } from '../../../src/egress/record-identity.js'
import { agentRow, queueRow, sinkRecord, stateRow } from '../../contract/some-rows.js'
import { standInIssuer } from '../../support/secure-kafka/token-issuer.js'
import { idle, opened, optionsFor, service } from './power-bi-rig.js'

const OK = E.right(undefined)
const rows = (count: number) =>
  Array.from({ length: count }, (_, n) => sinkRecord(queueRow({ queueId: `queue-${n}`, revision: 1 })))

describe('a row in Power BI', () => {
  test('has the columns of its table alone, with what says which revision of which row it is', async () => {
    const to = await service()
    const record = sinkRecord(queueRow({ revision: 3 }), { promotion: 2 })
    expect(await (await opened(to)).deliver([record], idle)()).toEqual(OK)
    expect(to.rows('queue_metrics')).toEqual([
      expect.objectContaining({
        ...{ key: record.header.key, revision: 3, promotion: 2, row_version: 2_000_000_003, replay: false },
        ...{ record_id: recordIdentity(record), status: 'final', queue_id: 'sales', media_type: 'voice' },
        ...{ interval_start: '2026-01-05T10:00:00.000Z', granularity: 'PT15M' },
      }),
    ])
  })

  test('of each kind goes to the table of its family, and a corrected one is another row of a higher version', async () => {
    const to = await service()
    const first = [queueRow({ revision: 1 }), agentRow({ revision: 1 }), stateRow({ revision: 1 })]
    const corrected = { ...queueRow({ revision: 2 }), status: 'corrected' as const, correction: 'late' as const }
    const destination = await opened(to)
    await destination.deliver(
      [...first, corrected].map((row) => sinkRecord(row)),
      idle,
    )()
    expect(to.rows('queue_metrics').map(({ status, correction, row_version: v }) => [status, correction, v])).toEqual([
      ['final', undefined, 1_000_000_001],
      ['corrected', 'late', 1_000_000_002],
    ])
    expect([to.rows('agent_metrics').length, to.rows('agent_state').length]).toEqual([1, 1])
  })

  test('has no more than 75 columns in any family by default, each of which exists', () => {
    for (const family of familyNames) expect(pushTable(family, defaultFigures).columns.length).toBeLessThanOrEqual(75)
    expect(defaultFigures.filter((name) => !isFigureOf(familyNames, name))).toEqual([])
    expect(() =>
      pushTable(
        'queue',
        pushTable('queue', defaultFigures).columns.map(({ name }) => name),
      ),
    ).not.toThrow()
  })
})

describe('the semantic model', () => {
  test('is made where that is configured, and found by its name from then on', async () => {
    const to = await service()
    await opened(to)
    await opened(to, { dataset: { name: 'KPIs', create: false, retention: 'None' } })
    expect(to.datasets.map(({ name, retention }) => [name, retention])).toEqual([['KPIs', 'basicFIFO']])
    expect(to.datasets[0]?.tables.map(({ name }) => name)).toEqual(['queue_metrics', 'agent_metrics', 'agent_state'])
  })

  test.each([
    ['is missing', { dataset: { name: 'Others', create: false, retention: 'None' } }, 'no semantic model named Others'],
    ['of the id is missing', { dataset: { id: 'nowhere' } }, 'compare workspaceId, dataset'],
    ['lacks a table', { families: ['queue', 'skill'] }, 'no table skill_metrics, and tables cannot be added'],
    ['is in another workspace', { workspaceId: 'elsewhere' }, 'compare workspaceId'],
  ] as const)('that %s is refused with what to do', async (_, more, words) => {
    const to = await service()
    await opened(to)
    const destination = powerBiDestination(optionsFor(to, more))
    onTestFinished(() => destination.close())
    expect(await destination.open(idle)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining(words) },
    })
  })
})

describe('the limits of Power BI', () => {
  test('of rows in a request are kept', async () => {
    const to = await service()
    expect(await (await opened(to)).deliver(rows(10_001), idle)()).toEqual(OK)
    expect(to.rows('queue_metrics')).toHaveLength(10_001)
    expect(Math.max(...to.pushes.map((push) => push.rows))).toBeLessThanOrEqual(10_000)
  })

  test('of requests in a minute are kept by waiting, not by being refused', async () => {
    const to = await service()
    let time = 0
    const waits: number[] = []
    const clock: Clock = { now: () => time, sleep: async (ms) => void (waits.push(ms), (time += ms)) }
    const destination = await opened(to, {}, clock)
    to.limits.requests = 1_000
    for (let n = 0; n < 130; n++) await destination.deliver(rows(1), idle)()
    expect(waits).toEqual([60_000])
  })

  test('are kept in any span: after as many as may be, the next waits until the first has left it', () => {
    const quota = new Quota(3, 100)
    for (const at of [0, 10, 20]) {
      expect(quota.waitMs(1, at)).toBe(0)
      quota.take(1, at)
    }
    expect([quota.waitMs(1, 30), quota.waitMs(2, 30), quota.waitMs(1, 99)]).toEqual([70, 80, 1])
    expect(quota.waitMs(1, 100)).toBe(0)
    expect(() => quota.waitMs(4, 0)).toThrow(RangeError)
  })

  test('that were reached by others are told by 429, and the sink comes back when it is told to', async () => {
    const to = await service()
    const destination = await opened(to)
    to.limits.requests = 0
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({
      left: { tag: 'NotConnected', retryAfterMs: 1_000 },
    })
    to.limits.requests = 120
    expect(await destination.deliver(rows(1), idle)()).toEqual(OK)
  })
})

describe('a request that fails', () => {
  test.each(['drop', { status: 500 }, { status: 503, headers: { 'retry-after': '9' } }] as const)(
    '(%j) is made again, and tables that were pushed to are left out',
    async (fault) => {
      const to = await service()
      const destination = await opened(to)
      const records = [sinkRecord(queueRow({ revision: 1 })), sinkRecord(agentRow({ revision: 1 }))]
      let pushes = 0
      to.judge = () => (++pushes === 2 ? fault : undefined)
      expect(await destination.deliver(records, idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
      expect(await destination.deliver(records, idle)()).toEqual(OK)
      expect([to.rows('queue_metrics').length, to.rows('agent_metrics').length]).toEqual([1, 1])
    },
  )

  test('without an answer after it was done puts rows there twice, with the same record_id', async () => {
    const to = await service()
    const destination = await opened(to)
    to.misbehave('lose')
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({ left: { tag: 'NotConnected' } })
    expect(await destination.deliver(rows(1), idle)()).toEqual(OK)
    const [first, again, ...others] = to.rows('queue_metrics')
    expect([again, others]).toEqual([first, []])
  })

  test('is given up after the configured time', async () => {
    const to = await service()
    const destination = await opened(to, { requestTimeoutMs: 100 })
    to.misbehave('hang')
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({
      left: { tag: 'NotConnected', cause: { message: expect.stringContaining('no answer within 100 ms') } },
    })
  })

  test.each([
    [403, 'Contributor in the workspace'],
    [400, 'compare its columns'],
    [404, 'compare workspaceId'],
  ])('with %i is refused with what to do', async (status, words) => {
    const to = await service()
    const destination = await opened(to)
    to.misbehave({ status })
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining(words) },
    })
  })
})

describe('the token', () => {
  const identity = (authorityHost: string) => ({
    ...({ kind: 'secret', tenantId: 'contoso', clientId: 'app', clientSecret: Secret.literal('sesame') } as const),
    ...{ authorityHost, scope: 'https://analysis.windows.net/powerbi/api/.default' },
  })

  test('is that of the app registration for Power BI, and another one is asked for where it was taken back', async () => {
    const [to, issuer] = [await service(), await standInIssuer()]
    onTestFinished(() => issuer.close())
    const seen: string[] = []
    const takenBack = new Set<string>()
    to.isAccepted = (token) => (seen.push(token), !takenBack.has(token))
    const destination = await opened(to, { tokens: entraTokens(identity(issuer.url)) })
    expect(await destination.deliver(rows(1), idle)()).toEqual(OK)
    takenBack.add(seen[0] ?? '')
    issuer.tokens.subject = 'renewed'
    expect(await destination.deliver(rows(1), idle)()).toMatchObject({ left: { tag: 'NotConnected', retryAfterMs: 0 } })
    expect(await destination.deliver(rows(1), idle)()).toEqual(OK)
    expect(issuer.asked.map(({ path }) => path)).toEqual(Array(2).fill('/contoso/oauth2/v2.0/token'))
    expect(issuer.asked[0]?.form.get('scope')).toBe('https://analysis.windows.net/powerbi/api/.default')
    expect(new Set(seen).size).toBe(2)
  })

  test('that Entra ID refuses ends the sink, which names the settings and not the secret', async () => {
    const [to, issuer] = [await service(), await standInIssuer()]
    onTestFinished(() => issuer.close())
    issuer.decide(() => ({ status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215' } }))
    const destination = powerBiDestination(optionsFor(to, { tokens: entraTokens(identity(issuer.url)) }))
    onTestFinished(() => destination.close())
    const answer = await destination.open(idle)()
    expect(answer).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringMatching(/AADSTS7000215; compare tenantId, clientId/) },
    })
    expect(JSON.stringify(answer)).not.toContain('sesame')
  })
})
