import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { emptyReceipt } from '../../src/ingress/receipt.js'
import { reconnectingSource, type Link } from '../../src/ingress/reconnecting.js'
import { SourceRefused, type Deliver } from '../../src/ingress/source.js'

const backoff = { firstMs: 1, maxMs: 4 }
const batch = { raws: [Buffer.from('{}')], origin: 'queue' }
const stores: Deliver = async () => emptyReceipt

/** A source whose connections the test opens and breaks, and the lines of its log. */
const rig = async (connect: (link: Link, attempt: number) => Promise<void>, deliver: Deliver = stores) => {
  const lines: { msg: string; level: number }[] = []
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string; level: number }) },
  )
  let attempts = 0
  let time = 0
  const source = reconnectingSource({
    name: 'queue',
    connect: (link) => connect(link, ++attempts),
    ...{ logger, backoff, now: () => ++time },
  })
  const running = await source.start(deliver)
  return { running, attempts: () => attempts, messages: () => lines.map(({ msg }) => msg) }
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

describe('a source that connects again', () => {
  test('starts while the other system is away, says so, and is connected once it is there', async () => {
    let isThere!: () => void
    const there = new Promise<void>((resolve) => (isThere = resolve))
    const { running, attempts, messages } = await rig(async ({ connected, signal }, attempt) => {
      if (attempt <= 3) throw new Error('ECONNREFUSED')
      connected()
      isThere()
      await untilAborted(signal)
    })
    expect(running.health?.()).toMatchObject({ state: 'connecting' })
    await there
    expect(attempts()).toBe(4)
    expect(running.health?.()).toMatchObject({ state: 'connected', problem: 'ECONNREFUSED' })
    expect(messages()).toEqual(['ingress: a source is away, connecting until it is back', 'ingress: a source is back'])
    await running.close()
    expect(await running.ended).toEqual({ kind: 'closed' })
  })

  test('ends as failed when it is refused for ever', async () => {
    const cause = new SourceRefused('sources.0.queue: there is no queue calls; create it, or name another')
    const { running, attempts } = await rig(() => Promise.reject(cause))
    expect(await running.ended).toEqual({ kind: 'failed', cause })
    expect(attempts()).toBe(1)
  })

  test('connects again when a connection ends by itself', async () => {
    let again!: () => void
    const second = new Promise<void>((resolve) => (again = resolve))
    const { running } = await rig(async ({ connected, signal }, attempt) => {
      connected()
      if (attempt === 1) return
      again()
      await untilAborted(signal)
    })
    await second
    await running.close()
  })

  test('is paused while the log takes nothing, and connected again once a batch is stored', async () => {
    let isFull = true
    const states: unknown[] = []
    const { running } = await rig(
      async ({ connected, deliver, signal }) => {
        connected()
        await expect(deliver(batch)).rejects.toBeInstanceOf(NotIngested)
        states.push(running.health?.())
        isFull = false
        await deliver(batch)
        states.push(running.health?.())
        await untilAborted(signal)
      },
      async () => {
        if (isFull) throw new NotIngested({ tag: 'NotAvailable', cause: new Error('ENOSPC') })
        return emptyReceipt
      },
    )
    while (states.length < 2) await new Promise((resolve) => setImmediate(resolve))
    expect(states).toMatchObject([
      { state: 'paused', problem: 'ENOSPC' },
      { state: 'connected', problem: 'ENOSPC' },
    ])
    await running.close()
  })

  test('tells what waits at the other system as long as it is connected', async () => {
    let drop!: () => void
    const dropped = new Promise<void>((resolve) => (drop = resolve))
    let isSecond!: () => void
    const second = new Promise<void>((resolve) => (isSecond = resolve))
    const { running } = await rig(async ({ connected, waiting, signal }, attempt) => {
      if (attempt > 1) {
        isSecond()
        return untilAborted(signal)
      }
      connected()
      waiting({ events: 12 })
      await dropped
      throw new Error('the socket was closed')
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(running.health?.().lag).toEqual({ events: 12 })
    drop()
    await second
    expect(running.health?.()).not.toHaveProperty('lag')
    await running.close()
  })

  test('does not wait for the pause between two connections when it is closed', async () => {
    const lasting = reconnectingSource({
      name: 'queue',
      connect: () => Promise.reject(new Error('away')),
      logger: pino({ level: 'silent' }),
      backoff: { firstMs: 3_600_000, maxMs: 3_600_000 },
    })
    const running = await lasting.start(stores)
    await new Promise((resolve) => setImmediate(resolve))
    await running.close()
    expect(await running.ended).toEqual({ kind: 'closed' })
  })
})
