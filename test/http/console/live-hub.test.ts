import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { familyOf } from '../../../src/contract/kpi-stream/stored.js'
import { kpiStream } from '../../../src/domain/stream-name.js'
import { LiveHub, type Subscriber } from '../../../src/http/console/live/hub.js'
import type { Flow, LiveRows } from '../../../src/http/console/shapes.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { computedLog } from '../admin/served-admin.js'

const GENERATION = 'g1'

/** A hub whose turns follow each other at once, on a stream that can be shown shorter than it is. */
const hubOn = async (log?: EventLog) => {
  const kpi = log ?? (await computedLog('acme'))
  const end = (await kpi.streamRevision(kpiStream('acme', GENERATION))) ?? -1
  const seen = { looks: 0, reads: 0, revision: end, generation: GENERATION }
  const hub = new LiveHub({
    ...{ tenant: 'acme', logger: pino({ level: 'silent' }), everyMs: 5 },
    flow: async () => {
      seen.looks += 1
      return { kpi: { generation: seen.generation, revision: seen.revision, ratePerS: null } } as Flow
    },
    kpi: async () => {
      seen.reads += 1
      return kpi
    },
  })
  return { hub, seen, end, kpi }
}

type Heard = Readonly<{ event: string; id: string | undefined; data: unknown }>

/** A subscriber; `heard` resolves with the next event of a kind that it has not given yet. */
const subscribed = (hub: LiveHub, options: Partial<Subscriber> = {}) => {
  const events: Heard[] = []
  const waiting = new Set<() => void>()
  const free = { is: true }
  const leave = hub.subscribe({
    isFree: () => free.is,
    send: (frame) => {
      const [, event = ''] = /^event: (.*)$/m.exec(frame) ?? []
      events.push({
        event,
        id: /^id: (.*)$/m.exec(frame)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? ''),
      })
      for (const wake of waiting) wake()
    },
    ...options,
  })
  onTestFinished(leave)
  const heard = async (kind: string): Promise<Heard> => {
    for (;;) {
      const at = events.findIndex(({ event }) => event === kind)
      if (at >= 0) return events.splice(at, 1)[0] as Heard
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
      })
    }
  }
  return { events, free, leave, heard }
}

test('nothing is looked at while nobody listens', async () => {
  const { hub, seen } = await hubOn()
  expect(seen.looks).toBe(0)
  const one = subscribed(hub)
  await one.heard('flow')
  one.leave()
  const before = seen.looks
  // Another hub's turns take as long as those that this one would have made.
  const { hub: other } = await hubOn()
  const clock = subscribed(other)
  for (let turn = 0; turn < 5; turn += 1) await clock.heard('flow')
  expect(seen.looks).toBe(before)
})

test('one look, and one reading of the rows, is for all subscribers', async () => {
  const { hub, seen } = await hubOn()
  const last = { generation: GENERATION, revision: 0 }
  const many = Array.from({ length: 50 }, () => subscribed(hub, { rows: { family: 'queue' }, last }))
  const heard = await Promise.all(many.map(({ heard }) => heard('rows')))
  expect(seen.reads).toBe(1)
  expect(new Set(heard.map(({ data }) => JSON.stringify(data))).size).toBe(1)
  // Each subscription begins a turn, so that nobody waits for the next one.
  expect(seen.looks).toBeLessThan(60)
})

test('who comes again by the id of its last event gets the rows since, each in its latest revision', async () => {
  const { hub, end, kpi } = await hubOn()
  const from = 1
  const one = subscribed(hub, { rows: { family: 'queue' }, last: { generation: GENERATION, revision: from } })
  const { id, data } = await one.heard('rows')
  expect(id).toBe(`${GENERATION}:${end}`)
  const keys = (data as LiveRows).rows.map((row) => row['key'])
  expect(new Set(keys).size).toBe(keys.length)
  let events = 0
  for await (const batch of kpi.readStream(kpiStream('acme', GENERATION), { from: from + 1 }))
    events += batch.filter((event) => familyOf(event) === 'queue').length
  expect(keys.length).toBeGreaterThan(0)
  expect(keys.length).toBeLessThanOrEqual(events)
})

test('rows of another family, and of intervals outside of the range, are left out', async () => {
  const { hub } = await hubOn()
  const last = { generation: GENERATION, revision: 0 }
  const agents = subscribed(hub, { rows: { family: 'agent' }, last })
  const { data } = await agents.heard('rows')
  expect(new Set((data as LiveRows).rows.map((row) => row['family']))).toEqual(new Set(['agent']))
  const none = subscribed(hub, { rows: { family: 'queue', from: Date.parse('2030-01-01') }, last })
  await none.heard('flow')
  await none.heard('flow')
  expect(none.events.filter(({ event }) => event === 'rows')).toEqual([])
})

test('who has missed too much, or another generation, is told to read again', async () => {
  const { hub, seen, end } = await hubOn()
  const last = { generation: GENERATION, revision: end }
  const one = subscribed(hub, { rows: { family: 'queue' }, last })
  await one.heard('flow')
  seen.revision = end + 10_000
  expect((await one.heard('reload')).data).toEqual({ because: 'gap', generation: GENERATION })
  seen.generation = 'g2'
  expect((await one.heard('reload')).data).toEqual({ because: 'generation', generation: 'g2' })
})

test('a reader that does not take what it is sent is sent nothing more, and then told to read again', async () => {
  const { hub, seen, end } = await hubOn()
  const slow = subscribed(hub, { rows: { family: 'queue' }, last: { generation: GENERATION, revision: end } })
  const quick = subscribed(hub)
  await slow.heard('flow')
  slow.free.is = false
  await quick.heard('flow')
  slow.events.length = 0
  seen.revision = end + 10_000
  for (let turn = 0; turn < 5; turn += 1) await quick.heard('flow')
  expect(slow.events).toEqual([])
  slow.free.is = true
  expect((await slow.heard('reload')).data).toEqual({ because: 'slow', generation: GENERATION })
})
