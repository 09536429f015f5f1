import { describe, expect, test } from 'vitest'
import type { EventLog, Live, Position } from '../../../src/log/event-log.js'
import type { EventStoreDbServer } from '../../support/eventstoredb/server.js'
import { onLoopClock } from '../../support/eventstoredb/loop-clock.js'
import { eventStoreDbStore } from '../../support/eventstoredb/store.js'
import { append, contents, eventOf, flatten, follow, logOn, memoryServer, never, server, stored } from './rig.js'

/** The server looks through so many records at a time, and needs so long for them. */
const PAGE = 4_096
const PAGE_MS = 15
const OTHERS = 250_000
/** Shorter than the server needs for all of them, longer than for those between two checkpoints. */
const PATIENCE = { deadlineMs: 450, headPollMs: 200 }

/** A log that others have filled, on a server that needs time to look through it; counts the pages it looked through. */
const sharedServer = async (): Promise<Readonly<{ on: EventStoreDbServer; pages: () => number }>> => {
  const store = eventStoreDbStore()
  const on = await memoryServer({}, store)
  stored(await append(logOn(on), 'mine', 'first'))
  store.addOthers('other.application', OTHERS, 1_000)
  let pages = 0
  on.faults.scan = {
    records: PAGE,
    turn: () => {
      pages += 1
      return new Promise((resolve) => void setTimeout(resolve, PAGE_MS))
    },
  }
  return { on, pages: () => pages }
}

const untilCaughtUp = async (log: EventLog, after?: Position): Promise<readonly Live[]> => {
  const seen: Live[] = []
  for await (const message of log.subscribe({ prefixes: ['mine'], after, signal: never() })) {
    seen.push(message)
    if (message.kind === 'caught-up') break
  }
  return seen
}

describe('a long part of the log that holds nothing of ours', () => {
  test('is read although the server says nothing for longer than the deadline', async () => {
    const { on } = await sharedServer()
    const log = logOn(on, PATIENCE)
    stored(await append(log, 'mine', 'last'))
    const read = await onLoopClock(() => flatten(log.readAll({ prefixes: ['mine'] })))
    expect(contents(read)).toEqual(['first', 'last'])
  })

  for (const hidesCaughtUp of [false, true])
    test(`is passed by a subscription, which tells how far it is; the server ${hidesCaughtUp ? 'does not say' : 'says'} that it has caught up`, async () => {
      const { on, pages } = await sharedServer()
      Object.assign(on.faults, { hidesCaughtUp })
      const log = logOn(on, PATIENCE)
      const head = await log.head()
      const seen = await onLoopClock(() => untilCaughtUp(log))
      expect(seen.at(-1)).toEqual({ kind: 'caught-up', position: head })
      const checkpoints = seen.flatMap((message) => (message.kind === 'checkpoint' ? [message.position] : []))
      expect(checkpoints.length).toBeGreaterThan(2)
      expect(checkpoints).toEqual([...checkpoints].sort((a, b) => Number(a - b)))
      const before = pages()
      await onLoopClock(() => untilCaughtUp(log, checkpoints.at(-2)))
      expect(pages() - before, 'pages from a checkpoint on').toBeLessThan(before / 2)
    })
})

/** Events of others, and every so often one of ours. */
const mixed = (count: number, every: number) =>
  Array.from({ length: count }, (_, i) => ({ stream: i % every === 0 ? 'mine' : 'other', content: `${i}` }))

describe('checkpoints of the server', () => {
  test('may name a record that has not been sent yet: a reader that goes on from any of ours loses nothing', async () => {
    const store = eventStoreDbStore()
    const on = await memoryServer({}, store)
    const log = logOn(on, { headPollMs: 60_000 })
    store.addOthers('other', 70_000, 1_000)
    on.faults.checkpointsAhead = true
    const seen: Live[] = []
    const names = mixed(40, 4).filter(({ stream }) => stream === 'mine')
    let isWritten = false
    for await (const message of log.subscribe({ prefixes: ['mine'], batchMax: 1, signal: never() })) {
      seen.push(message)
      if (message.kind === 'caught-up' && !isWritten) {
        isWritten = true
        for (const { stream, content } of mixed(40, 4)) stored(await append(log, stream, content))
      }
      if (message.kind === 'events' && contents(message.events).includes('36')) break
    }
    for (const [i, message] of seen.entries()) {
      const after = message.kind === 'events' ? message.events.at(-1)!.position : message.position
      const before = seen.slice(0, i + 1).flatMap((each) => (each.kind === 'events' ? contents(each.events) : []))
      const rest = contents(await flatten(log.readAll({ prefixes: ['mine'], after })))
      expect([...before, ...rest], `after ${message.kind} ${after}`).toEqual(names.map(({ content }) => content))
    }
    expect(seen.filter(({ kind }) => kind === 'checkpoint').length).toBeGreaterThan(5)
  })

  test('never come on a quiet server: what was asked for as the head and reached is told all the same', async () => {
    const on = await server()
    const log = logOn(on)
    stored(await append(log, 'other', 'one'))
    const head = await log.head()
    expect(await untilCaughtUp(log)).toEqual([
      { kind: 'checkpoint', position: head },
      { kind: 'caught-up', position: head },
    ])
  })
})

describe('a place to begin at', () => {
  test('that lies between two records (it is from another server) is looked for from the beginning', async () => {
    const store = eventStoreDbStore()
    const on = await memoryServer({}, store)
    const log = logOn(on)
    stored(await append(log, 'mine', 'one', 'two'))
    store.addOthers('other', 50_000, 1_000)
    stored(await append(log, 'mine', 'three'))
    const [, two] = await flatten(log.readAll({ prefixes: ['mine'] }))
    const after = two!.position + 1n
    expect(contents(await flatten(log.readAll({ prefixes: ['mine'], after })))).toEqual(['three'])
    expect(await follow(log.subscribe({ prefixes: ['mine'], after, signal: never() }), 'three')).toEqual(['three'])
  })

  // In memory: others may write to a real server meanwhile.
  test('that lies beyond the end of the log yields nothing, and then what comes after it', async () => {
    const on = await memoryServer()
    const log = logOn(on)
    stored(await append(log, 'mine', 'one'))
    const after = (await log.head())! + 300n
    expect(await flatten(log.readAll({ prefixes: ['mine'], after }))).toEqual([])
    const beyond = 'x'.repeat(400)
    const seen = follow(log.subscribe({ prefixes: ['mine'], after, signal: never() }), 'last', async ({ kind }) => {
      if (kind === 'caught-up') stored(await append(log, 'mine', 'short', beyond, 'last'))
    })
    expect(await seen).toEqual([beyond, 'last'])
  })
})

test('a subscription whose consumer was too slow is opened again, and that is no failure', async () => {
  const on = await server()
  const kinds: string[] = []
  const log = logOn(on, { headPollMs: 60_000, onSubscription: ({ state }) => kinds.push(state.kind) })
  stored(await append(log, 'other', 'one'))
  let round = 0
  const seen = await follow(log.subscribe({ prefixes: ['mine'], signal: never() }), '3', async ({ kind }) => {
    if (kind === 'checkpoint' || round > 3) return
    on.faults.tooSlow = 1
    stored((await log.append([{ stream: 'mine', expected: 'any', events: [eventOf(`${round++}`)] }]))[0]!)
  })
  expect(seen).toEqual(['0', '1', '2', '3'])
  expect(on.calls.subscribe).toBeGreaterThan(1)
  expect(kinds).not.toContain('broken')
})
