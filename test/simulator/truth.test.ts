import { describe, expect, test } from 'vitest'
import type { SimulateOptions } from '../../src/simulator/options.js'
import { simulate } from '../../src/simulator/simulate.js'
import { rowsIn, type TruthMeasure } from '../../src/simulator/truth/truth.js'
import { addTo, morning, run, type Received } from './fixtures.js'

const intervalMs = 900_000
const seeds = [11, 12]
const text = (value: unknown): string => (typeof value === 'string' ? value : 'none')
const startOf = (at: number): string => new Date(Math.floor(at / intervalMs) * intervalMs).toISOString()

/** Sum over all rows: counts and sums by metric. */
const whole = (
  rows: readonly { measures: Record<string, TruthMeasure> }[],
): Record<string, { count: number; sum: number }> => {
  const result: Record<string, { count: number; sum: number }> = {}
  for (const { measures } of rows)
    for (const [metric, { count, sum }] of Object.entries(measures)) {
      const known = (result[metric] ??= { count: 0, sum: 0 })
      known.count += count
      known.sum += sum ?? 0
    }
  return result
}

/** What names a cell besides media type, direction, message type and interval. */
const dimensionsOf = {
  queue: ['queueId'],
  agent: ['userId', 'queueId'],
  skill: ['skillId'],
  language: ['languageId'],
  'wrap-up': ['wrapUpCode'],
  flow: ['flowId'],
  campaign: ['campaignId'],
  division: ['divisionId'],
  organisation: [],
} as const

const cellsOf = (body: Received['body']): readonly string[] => {
  const each = (family: string, ids: unknown): readonly string[] =>
    ((ids ?? []) as readonly string[]).map((id) => `${family} ${id}`)
  const one = (family: string, id: unknown): readonly string[] => (id === undefined ? [] : [`${family} ${text(id)}`])
  return [
    'organisation',
    ...one('queue', body['queueId']),
    ...(body['userId'] === undefined ? [] : [`agent ${text(body['userId'])} ${text(body['queueId'])}`]),
    ...each('skill', body['requestedRoutingSkillIds']),
    ...one('language', body['requestedLanguageId']),
    ...one('wrap-up', body['wrapUpCode']),
    ...one('campaign', body['outboundCampaignId']),
    ...each('division', body['divisionIds']),
  ]
}
const flowCellsOf = (body: Received['body']): readonly string[] => ['organisation', `flow ${String(body['flowId'])}`]

const derivedFrom = (metric: string, value: number): readonly string[] => [
  ...(/^t(Cfc)?(Answered|Abandon|FlowOut)$/.test(metric) ? ['tWait'] : []),
  ...(metric === 'tAbandon' && value < 10_000 ? ['tShortAbandon'] : []),
]

describe.each(seeds)('a closed range of seed %i', (seed) => {
  const options = { ...morning, seed, acwLate: { share: 0.02, maxMs: 7_200_000 }, details: true }
  const { received, truth, truthOf, details, roster } = run(options)
  const metrics = received.filter(({ topic }) => topic.endsWith('.metrics'))

  test('offered = answered + abandoned + flow-out, for every queue and medium', () => {
    const groups = new Map<string, typeof truth.queue>()
    for (const row of truth.queue) {
      const key = `${row.queueId} ${row.mediaType}`
      groups.set(key, [...(groups.get(key) ?? []), row])
    }
    expect(groups.size).toBeGreaterThan(roster.queues.length)
    for (const rows of groups.values()) {
      const sum = whole(rows)
      const ended = ['tAnswered', 'tAbandon', 'tFlowOut', 'tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut'].map(
        (metric) => sum[metric]?.count ?? 0,
      )
      expect(ended.reduce((a, b) => a + b, 0)).toBe(sum['nOffered']?.count ?? 0)
      expect(sum['tWait']?.count ?? 0).toBe(sum['nOffered']?.count ?? 0)
      expect(sum['tCfcAcd']?.count ?? 0).toBe(sum['nCfcOffered']?.count ?? 0)
      expect((sum['tAcd']?.count ?? 0) + (sum['tCfcAcd']?.count ?? 0)).toBe(sum['nOffered']?.count ?? 0)
    }
  })

  test('handle = contacting + dialing + talk + held + after-call work', () => {
    for (const rows of [truth.queue, truth.agent]) {
      const sum = whole(rows)
      const parts = ['tContacting', 'tDialing', 'tTalkComplete', 'tHeldComplete', 'tAcw'].map(
        (metric) => sum[metric]?.sum ?? 0,
      )
      expect(sum['tHandle']?.sum).toBe(parts.reduce((a, b) => a + b, 0))
    }
  })

  test('parts of talk and hold add up; outbound legs are contacted; a transfer is blind or by consult', () => {
    const sum = whole(truth.agent)
    expect(sum['tTalk']?.sum).toBe(sum['tTalkComplete']?.sum)
    expect(sum['tHeld']?.sum).toBe(sum['tHeldComplete']?.sum)
    expect(sum['tTalk']?.count).toBeGreaterThan(sum['tTalkComplete']?.count ?? 0)
    expect(sum['nOutbound']?.count).toBe(sum['tContacting']?.count)
    expect(sum['nTransferred']?.count).toBe(
      (sum['nBlindTransferred']?.count ?? 0) + (sum['nConsultTransferred']?.count ?? 0),
    )
  })

  test('an agent is in exactly one state of each kind at any time', () => {
    const byCell = new Map<string, number>()
    for (const { userId, stateKind, intervalStart, sum } of truth.agentState) {
      const key = `${userId} ${stateKind} ${intervalStart}`
      byCell.set(key, (byCell.get(key) ?? 0) + sum)
    }
    const intervals = (Date.parse(truth.through) - Date.parse(truth.from)) / intervalMs
    expect(byCell.size).toBe(intervals * roster.agents.length * 3)
    for (const sum of byCell.values()) expect(sum).toBe(intervalMs)
  })

  test('the metric records add up to the truth of every family, by direction and message type', () => {
    const added = new Map<string, Record<string, TruthMeasure>>()
    for (const { topic, body } of metrics) {
      const [metric, value, at] = [
        String(body['metric']),
        Number(body['value']),
        startOf(Date.parse(String(body['metricDate']))),
      ]
      const tail = [body['mediaType'], body['direction'], body['messageType'] ?? 'unknown', at].join(' ')
      for (const cell of topic.startsWith('v2.analytics.flow.') ? flowCellsOf(body) : cellsOf(body)) {
        const measures = added.get(`${cell} ${tail}`) ?? {}
        added.set(`${cell} ${tail}`, measures)
        for (const name of [metric, ...derivedFrom(metric, value)]) addTo(measures, name, value)
      }
    }
    const split = truthOf({ splitBy: ['direction', 'messageType'] })
    const told = new Map<string, Record<string, TruthMeasure>>()
    for (const [family, names] of Object.entries(dimensionsOf))
      for (const row of rowsIn(split, family as keyof typeof dimensionsOf))
        told.set(
          [
            family,
            ...names.map((name) => text(row[name])),
            row['mediaType'],
            row['direction'],
            row['messageType'],
            row.intervalStart,
          ].join(' '),
          row.measures,
        )
    expect(new Set([...added.keys()].map((key) => key.split(' ')[0]))).toEqual(new Set(Object.keys(dimensionsOf)))
    expect(added).toEqual(told)
  })

  test('the truth has the same totals without splits, in longer intervals and in days of a zone', () => {
    const fine = whole(truth.organisation)
    for (const view of [
      { granularity: 'PT30M' },
      { granularity: 'PT1H' },
      { granularity: 'P1D', zone: 'Asia/Kathmandu' },
    ] as const) {
      const coarse = truthOf(view)
      expect(whole(coarse.organisation)).toEqual(fine)
      expect(whole(coarse.division)).toEqual(whole(truth.division))
      expect(coarse.organisation.length).toBeLessThan(truth.organisation.length)
    }
    const days = new Set(
      truthOf({ granularity: 'P1D', zone: 'Asia/Kathmandu' }).agentState.map(({ intervalStart }) => intervalStart),
    )
    expect([...days]).toEqual(['2026-01-04T18:15:00.000Z'])
  })

  test('conversation details hold every emission, at its session and instant', () => {
    const emissions = (all: readonly (readonly [unknown, unknown, unknown, unknown])[]): readonly string[] =>
      all.map((one) => one.join(' ')).sort()
    const records = details as readonly Received['body'][]
    const recorded = records.flatMap((record) =>
      (record['participants'] as Received['body'][]).flatMap((participant) =>
        (participant['sessions'] as Received['body'][]).flatMap((session) =>
          (session['metrics'] as Received['body'][]).map(
            ({ name, value, emitDate }) => [session['sessionId'], name, value, emitDate] as const,
          ),
        ),
      ),
    )
    expect(emissions(recorded)).toEqual(
      emissions(
        metrics.map(({ body }) => [body['sessionId'], body['metric'], body['value'], body['metricDate']] as const),
      ),
    )
    expect(records.length).toBe(truth.totals.conversations)
    for (const record of records)
      expect(Date.parse(String(record['conversationEnd']))).toBeGreaterThan(
        Date.parse(String(record['conversationStart'])),
      )
  })

  test('the state notifications add up to the truth of agent states', () => {
    expect(statesOf(received, Date.parse(truth.through))).toEqual(
      new Map(
        truth.agentState.map((row) => [`${row.userId} ${row.stateKind} ${row.state} ${row.intervalStart}`, row.sum]),
      ),
    )
  })

  test('detail events have the same queue outcomes as the truth', () => {
    const sum = whole(truth.queue)
    const ends = received.filter(({ topic }) => topic.endsWith('.acd.end')).map(({ body }) => body)
    const starts = received.filter(({ topic }) => topic.endsWith('.acd.start'))
    const of = (outcome: string): readonly number[] =>
      ends.filter((body) => body['acdOutcome'] === outcome).map((body) => Number(body['connectedDurationMs'] ?? 0))
    expect(starts.length).toBe(sum['nOffered']?.count)
    for (const [outcome, metric] of [
      ['ANSWERED', 'tAnswered'],
      ['ABANDON', 'tAbandon'],
      ['FLOW_OUT', 'tFlowOut'],
    ] as const) {
      // What a queue that calls customers first names otherwise looks like any other here.
      const both = [metric, metric.replace('t', 'tCfc')].map((name) => sum[name] ?? { count: 0, sum: 0 })
      expect(of(outcome).length).toBe(both.reduce((all, { count }) => all + count, 0))
      expect(of(outcome).reduce((a, b) => a + b, 0)).toBe(both.reduce((all, measure) => all + measure.sum, 0))
    }
  })

  test('detail events have the same handling as the truth', () => {
    const sum = whole(truth.agent)
    const bodies = (suffix: string): readonly Received['body'][] =>
      received.filter(({ topic }) => topic.endsWith(`.${suffix}`)).map(({ body }) => body)
    const total = (suffix: string, field: string): number =>
      bodies(suffix).reduce((all, body) => all + Number(body[field] ?? 0), 0)
    expect(total('user.end', 'interactingDurationMs')).toBe(sum['tTalkComplete']?.sum)
    expect(total('user.end', 'heldDurationMs')).toBe(sum['tHeldComplete']?.sum)
    expect(total('user.end', 'alertingDurationMs')).toBe(sum['tAlert']?.sum)
    expect(total('user.end', 'contactingDurationMs')).toBe(sum['tContacting']?.sum)
    expect(total('user.end', 'dialingDurationMs')).toBe(sum['tDialing']?.sum)
    expect(total('acw', 'wrapupDurationMs')).toBe(sum['tAcw']?.sum)
    expect(bodies('user.start').length).toBe(bodies('user.end').length)
    expect(bodies('customer.start').length).toBe(bodies('customer.end').length)
    const transfers = bodies('user.end').filter((body) =>
      ['TRANSFER', 'CONSULT_TRANSFER', 'CONFERENCE_TRANSFER'].includes(String(body['disconnectType'])),
    )
    expect(transfers.length).toBe(sum['nTransferred']?.count)
    const missed = bodies('user.end').filter((body) =>
      ['TIMEOUT', 'NO_ANSWER_TRANSFER'].includes(String(body['disconnectType'])),
    )
    expect(missed.length).toBe(sum['tNotResponding']?.count)
  })
})

/**
 * Durations by agent, kind, state and interval, from notifications in any order, some of them repeated in snapshots.
 */
const statesOf = (received: readonly Received[], through: number): ReadonlyMap<string, number> => {
  const entered = new Map<string, Map<number, string>>()
  const enter = (userId: string, kind: string, state: unknown, since: unknown): void => {
    const key = `${userId} ${kind}`
    const times = entered.get(key) ?? new Map<number, string>()
    entered.set(key, times)
    times.set(Date.parse(String(since)), String(state))
  }
  for (const { topic, body } of received) {
    const userId = /^v2\.users\.([^.]+)\./.exec(topic)?.[1]
    if (userId === undefined) continue
    const routing = body['routingStatus'] as Received['body'] | undefined
    if (routing !== undefined) enter(userId, 'routingStatus', routing['status'], routing['startTime'])
    const presence = (topic.endsWith('.activity') ? body['presence'] : body['primary'] === true ? body : undefined) as
      Received['body'] | undefined
    if (presence === undefined) continue
    const definition = presence['presenceDefinition'] as Received['body']
    enter(
      userId,
      'systemPresence',
      String(definition['systemPresence']).toUpperCase().replace(' ', '_'),
      presence['modifiedDate'],
    )
    enter(userId, 'organizationPresence', definition['id'], presence['modifiedDate'])
  }
  const sums = new Map<string, number>()
  for (const [key, times] of entered) {
    const spans = [...times].sort(([a], [b]) => a - b)
    spans.forEach(([since, state], index) => {
      const until = spans[index + 1]?.[0] ?? through
      for (let from = since; from < until;) {
        const to = Math.min(until, (Math.floor(from / intervalMs) + 1) * intervalMs)
        const cell = `${key} ${state} ${startOf(from)}`
        sums.set(cell, (sums.get(cell) ?? 0) + to - from)
        from = to
      }
    })
  }
  return sums
}

describe('the simulated centre', () => {
  test('has a plausible default day: everything happens, and most callers are answered in time', () => {
    const { truth } = run({
      seed: 5,
      fromMs: Date.UTC(2026, 0, 5),
      hours: 24,
      queues: 5,
      agents: 40,
      emit: 'metric-records',
    })
    const voice = whole(truth.queue.filter(({ mediaType }) => mediaType === 'voice'))
    const all = whole(truth.queue)
    const count = (metric: string): number => voice[metric]?.count ?? 0
    const level = (count('tAnswered') - count('nOverSla')) / (count('tAnswered') + count('tAbandon'))
    expect(level).toBeGreaterThan(0.6)
    expect(level).toBeLessThan(0.97)
    expect(count('tAbandon') / count('nOffered')).toBeLessThan(0.2)
    for (const metric of [
      'tFlowOut',
      'tNotResponding',
      'tHeld',
      'nConsultTransferred',
      'nBlindTransferred',
      'nError',
      'nConnected',
      'tVoicemail',
      'tActiveCallbackComplete',
      'tAgentResponseTime',
    ])
      expect(all[metric]?.count ?? 0, metric).toBeGreaterThan(0)
    expect(new Set(truth.queue.map(({ mediaType }) => mediaType))).toEqual(
      new Set(['voice', 'callback', 'chat', 'email', 'message']),
    )
    const states = new Set(truth.agentState.map(({ state }) => state))
    for (const state of [
      'IDLE',
      'INTERACTING',
      'OFF_QUEUE',
      'NOT_RESPONDING',
      'COMMUNICATING',
      'ON_QUEUE',
      'BREAK',
      'MEAL',
      'OFFLINE',
      'AVAILABLE',
    ])
      expect(states).toContain(state)
  })

  test('makes callers wait longer with too few agents', () => {
    const wait = (agents: number): number => {
      const sum = whole(
        run({ ...morning, agents, callsPerHour: 150 }).truth.queue.filter(({ mediaType }) => mediaType === 'voice'),
      )
      return (sum['tAnswered']?.sum ?? 0) / (sum['tAnswered']?.count ?? 1)
    }
    expect(wait(14)).toBeGreaterThan(2 * wait(40))
  })

  test('submits late after-call work hours after its call', () => {
    const longest = (options: Partial<SimulateOptions>): number =>
      Math.max(...run({ ...morning, ...options }).truth.agent.map(({ measures }) => measures['tAcw']?.max ?? 0))
    expect(longest({})).toBeLessThan(1_800_000)
    expect(longest({ acwLate: { share: 0.05, maxMs: 10_800_000 } })).toBeGreaterThan(3_600_000)
  })

  test('that is cut at the end emits nothing after it and leaves conversations open', () => {
    const { truth, received } = run({ ...morning, hours: 1, cutAtEnd: true })
    const endMs = morning.fromMs + 3_600_000
    const stamps = received.flatMap(({ body }) => (typeof body['eventTime'] === 'number' ? [body['eventTime']] : []))
    expect(Math.max(...stamps)).toBeLessThan(endMs)
    expect(truth.through).toBe(new Date(endMs).toISOString())
    const count = (suffix: string): number => received.filter(({ topic }) => topic.endsWith(suffix)).length
    expect(count('.customer.start')).toBeGreaterThan(count('.customer.end'))
  })

  test('without clock skew ends the queue session at the instant of the answer', () => {
    const stampsOf = (clockSkewMs: number): { same: number; all: number } => {
      const { received } = run({ ...morning, hours: 1, clockSkewMs, emit: 'both' })
      const answers = new Set(
        received
          .filter(({ body }) => body['metric'] === 'tAnswered')
          .map(({ body }) => `${String(body['userId'])} ${Date.parse(String(body['metricDate']))}`),
      )
      const ends = received.filter(({ body }) => body['acdOutcome'] === 'ANSWERED')
      return {
        same: ends.filter(({ body }) => answers.has(`${String(body['answeredUserId'])} ${String(body['eventTime'])}`))
          .length,
        all: ends.length,
      }
    }
    const exact = stampsOf(0)
    expect(exact.same).toBe(exact.all)
    const skewed = stampsOf(17)
    expect(skewed.same).toBeLessThan(skewed.all / 2)
  })
})

test('a simulation whose truth nobody asks for has the same lines, and refuses to tell it', () => {
  const { received } = run(morning)
  const untold = simulate({ ...morning, truthOf: [] })
  expect([...untold].map(({ line }) => line)).toEqual(received.map(({ line }) => line))
  expect(() => untold.truth()).toThrow('no books were kept of metric-records; ask for them in truthOf')
})
