import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowKey } from '../../src/domain/row.js'
import { LatestState } from '../../src/egress/latest-state.js'
import { seriesKey } from '../../src/egress/topics.js'
import { lawRuns } from '../support/law-runs.js'

const MINUTE = 60_000

type Agent = Readonly<{ user?: string; queue?: string | null; media?: string }>

const agentRow = (minute: number, { user = 'anna', queue = 'sales', media = 'voice' }: Agent = {}) => {
  const row = {
    family: 'agent',
    dimensions: [user, queue, media, null, null],
    granularity: 'PT15M',
    start: minute * MINUTE,
  } as const
  return { ...row, key: rowKey(row) }
}

describe('a row is the latest', () => {
  test('if no row of a later interval of its series was published; a restatement of the same interval is', () => {
    const state = new LatestState()
    expect([15, 30, 30, 15, 45].map((at) => state.publish(agentRow(at)).series)).toEqual([
      true,
      true,
      true,
      false,
      true,
    ])
  })

  test('of its series though another series of the same agent is further', () => {
    const state = new LatestState()
    state.publish(agentRow(30))
    expect(state.publish(agentRow(15, { media: 'chat' }))).toEqual({ series: true, entity: false })
  })

  test('never when it is withdrawn, unless none of its series, or of its agent, is left', () => {
    const state = new LatestState()
    state.publish(agentRow(15))
    expect(state.withdraw(agentRow(30))).toEqual({ series: false, entity: false })
    expect(state.withdraw(agentRow(30, { media: 'chat' }))).toEqual({ series: true, entity: false })
    expect(state.withdraw(agentRow(30, { user: 'ben' }))).toEqual({ series: true, entity: true })
  })

  test('after a restart if and only if it was before it', () => {
    const state = new LatestState()
    state.published(agentRow(30))
    expect(state.publish(agentRow(15))).toEqual({ series: false, entity: false })
  })

  test('only if the log holds none of a later interval, while the log is worked off', () => {
    const state = new LatestState()
    for (const at of [15, 30]) state.toCome(agentRow(at))
    expect([15, 30].map((at) => state.publish(agentRow(at)).series)).toEqual([false, true])
  })
})

describe('a queue or an agent that has left', () => {
  test('names all its series; the next row appears again, whatever its interval', () => {
    const state = new LatestState()
    for (const row of [agentRow(30), agentRow(30, { media: 'chat' }), agentRow(30, { user: 'bob' })]) state.publish(row)
    expect(state.left('userId', 'anna')).toEqual(
      [agentRow(30), agentRow(30, { media: 'chat' })].map(({ key }) => seriesKey(key)),
    )
    expect(state.left('userId', 'anna')).toEqual([])
    expect(state.publish(agentRow(15))).toEqual({ series: true, entity: true })
    expect(state.publish(agentRow(15, { user: 'bob' }))).toEqual({ series: false, entity: false })
  })

  test('as a queue names the series of agents in it, and leaves the agents', () => {
    const state = new LatestState()
    for (const row of [agentRow(30), agentRow(30, { queue: null })]) state.publish(row)
    expect(state.left('queueId', 'sales')).toEqual([seriesKey(agentRow(30).key)])
    expect(state.publish(agentRow(15))).toEqual({ series: true, entity: false })
  })

  test('is found by an id with unusual characters', () => {
    const state = new LatestState()
    const row = agentRow(30, { user: 'a/b c' })
    state.publish(row)
    expect(state.left('userId', 'a/b c')).toEqual([seriesKey(row.key)])
  })
})

test('whatever is published, in whatever order and with whatever restarts, the last record of a key is of its latest interval', () => {
  const rows = fc.array(fc.record({ user: fc.constantFrom('anna', 'bob'), at: fc.integer({ min: 0, max: 5 }) }), {
    minLength: 1,
    maxLength: 30,
  })
  fc.assert(
    fc.property(rows, fc.array(fc.nat(30)), (published, restarts) => {
      const topic = new Map<string, number>()
      let state = new LatestState()
      published.forEach(({ user, at }, index) => {
        if (restarts.includes(index)) {
          state = new LatestState()
          for (const before of published.slice(0, index)) state.published(agentRow(before.at, before))
          // The log may have grown by any number of rows when the process comes back.
          for (const after of published.slice(index, index + 7)) state.toCome(agentRow(after.at, after))
        }
        const row = agentRow(at, { user })
        if (!state.publish(row).series) return
        expect(row.start).toBeGreaterThanOrEqual(topic.get(user) ?? 0)
        topic.set(user, row.start)
      })
      for (const [user, start] of topic)
        expect(start).toBe(Math.max(...published.filter((row) => row.user === user).map(({ at }) => at * MINUTE)))
      expect(topic.size).toBe(new Set(published.map(({ user }) => user)).size)
    }),
    lawRuns(300),
  )
})
