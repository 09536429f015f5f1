import { describe, expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { iso } from '../../src/simulator/wire/spelling.js'
import type { SimulateOptions } from '../../src/simulator/options.js'
import { canonical, contentOf, hasOwnTime, morning, receive, run } from './fixtures.js'

const bytes = (options: SimulateOptions): string =>
  [...simulate(options)].map(({ deliverAtMs, line }) => `${deliverAtMs} ${line}`).join('\n')

const messy: SimulateOptions = {
  ...morning,
  hours: 1,
  duplicates: 0.1,
  reorder: 0.1,
  lateness: { share: 0.05, maxMs: 3_600_000 },
  envelope: 'mixed',
}

describe('a simulation', () => {
  test('the same options give the same bytes and the same truth', () => {
    expect(bytes(messy)).toBe(bytes(messy))
    const [first, second] = [simulate(messy), simulate(messy)].map((simulation) => [
      [...simulation].length,
      simulation.truth(),
    ])
    expect(first).toEqual(second)
  })

  test('another seed gives another day', () => {
    expect(bytes({ ...messy, seed: 12 })).not.toBe(bytes(messy))
  })

  test('envelope, disorder and kinds of events do not change what happens', () => {
    const { totals: _calm, ...calm } = run({ ...morning, hours: 1 }).truth
    for (const options of [
      messy,
      { ...messy, emit: 'metric-records' as const },
      { ...messy, emit: 'detail-events' as const },
    ]) {
      const { totals: _messy, ...truth } = run(options).truth
      expect(truth).toEqual(calm)
    }
    const kinds = (emit: 'both' | 'detail-events'): Set<string> =>
      new Set(
        run({ ...morning, hours: 1, emit })
          .received.filter(({ topic }) => topic.startsWith('v2.detail.'))
          .map(({ topic, body }) => topic + canonical(body)),
      )
    expect(kinds('detail-events')).toEqual(kinds('both'))
  })

  test('a simulation can be read once, and its truth is available at its end', () => {
    const simulation = simulate({ ...morning, hours: 0.1 })
    expect(() => simulation.truth()).toThrow(/have been read/)
    expect([...simulation].length).toBeGreaterThan(0)
    expect(() => [...simulation]).toThrow(/read once/)
  })
})

describe('delivery', () => {
  test('lines come in delivery order', () => {
    const times = [...simulate(messy)].map(({ deliverAtMs }) => deliverAtMs)
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  test('without disorder every event is delivered once within half a second', () => {
    const { received, truth } = run({ ...morning, hours: 1, emit: 'detail-events' })
    expect(truth.totals).toMatchObject({ lines: received.length, duplicates: 0, reordered: 0, late: 0 })
    const timed = received.filter(hasOwnTime)
    expect(new Set(timed.map(contentOf)).size).toBe(timed.length)
    for (const { body, deliverAtMs } of received)
      if (typeof body['eventTime'] === 'number') expect(deliverAtMs - body['eventTime']).toBeLessThanOrEqual(500)
  })

  test('duplicates have the same content in another envelope, in the requested share', () => {
    const { received, truth } = run({ ...morning, duplicates: 0.2 })
    const calm = run(morning).received
    const contents = new Set(received.map(contentOf))
    expect(contents).toEqual(new Set(calm.map(contentOf)))
    expect(received.length - calm.length).toBe(truth.totals.duplicates)
    expect(truth.totals.duplicates / calm.length).toBeCloseTo(0.2, 1)
    expect(new Set(received.map(({ line }) => line)).size).toBe(received.length)
  })

  test('reordering and lateness delay the requested shares, within the limits', () => {
    const delays = (options: Partial<SimulateOptions>): readonly number[] =>
      run({ ...morning, emit: 'detail-events', ...options }).received.flatMap(({ body, deliverAtMs }) =>
        typeof body['eventTime'] === 'number' ? [deliverAtMs - body['eventTime']] : [],
      )
    const share = (all: readonly number[]): number => all.filter((delay) => delay > 500).length / all.length
    const reordered = delays({ reorder: 0.3 })
    expect(share(reordered)).toBeCloseTo(0.3, 1)
    expect(Math.max(...reordered)).toBeLessThanOrEqual(120_500)
    const late = delays({ lateness: { share: 0.1, maxMs: 7_200_000 } })
    expect(share(late)).toBeCloseTo(0.1, 1)
    expect(Math.max(...late)).toBeGreaterThan(3_600_000)
    expect(Math.max(...late)).toBeLessThanOrEqual(7_200_500)
  })

  test('mixed envelopes have both forms', () => {
    const lines = [...simulate({ ...morning, hours: 0.5, envelope: 'mixed' })].map(({ line }) =>
      Object.keys(JSON.parse(line) as object),
    )
    const bridged = lines.filter((keys) => keys.includes('detail')).length
    expect(bridged / lines.length).toBeCloseTo(0.5, 1)
    for (const keys of lines.filter((each) => !each.includes('detail')))
      expect([...keys].sort()).toEqual(['eventBody', 'metadata', 'topicName', 'version'])
  })

  test('an EventBridge line names its topic template and a fixed account', () => {
    const first = [...simulate({ ...morning, hours: 0.1, tenantOrg: '0aa0aa00-0000-4000-8000-000000000001' })][0]
    const envelope = JSON.parse(first?.line ?? '') as Record<string, unknown>
    expect(envelope['source']).toContain('/0aa0aa00-0000-4000-8000-000000000001/')
    expect(envelope['detail-type']).toMatch(/^v2\.users\.\{id\}\./)
    expect(Object.keys(envelope).sort()).toEqual([
      'account',
      'detail',
      'detail-type',
      'id',
      'region',
      'resources',
      'source',
      'time',
      'version',
    ])
    expect(receive(first?.line ?? '').topic).toMatch(/^v2\.users\.[0-9a-f-]{36}\./)
  })
})

describe('options', () => {
  test.each([
    [{ agents: 0 }, /agents is 0/],
    [{ queues: 1.5 }, /queues is 1.5/],
    [{ hours: 0 }, /hours is 0/],
    [{ duplicates: 1.2 }, /duplicates is 1.2/],
    [{ lateness: { share: 2, maxMs: 1 } }, /lateness\.share is 2/],
    [{ callsPerHour: -1 }, /callsPerHour is -1/],
    [{ clockSkewMs: 900 }, /clockSkewMs is 900/],
  ])('%o is refused by name', (wrong, message) => {
    expect(() => simulate({ ...morning, ...wrong })).toThrow(message)
  })

  test('a centre of one queue and one agent works', () => {
    const { truth } = run({ ...morning, queues: 1, agents: 1, hours: 6, callsPerHour: 30 })
    expect(truth.totals.conversations).toBeGreaterThan(50)
  })
})

test('instants are spelled as Date spells them', () => {
  for (const at of [
    0,
    999,
    59_999,
    86_399_999,
    86_400_000,
    Date.UTC(2024, 1, 29, 23, 59, 59, 7),
    Date.UTC(2026, 11, 31),
    1,
  ]) {
    expect(iso(at)).toBe(new Date(at).toISOString())
  }
})
