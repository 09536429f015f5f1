import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sharedAccessTokens } from '../../../src/credentials/shared-access-signature.js'
import { Secret } from '../../../src/credentials/secret.js'
import { tokenSource } from '../../../src/credentials/token-source.js'
import { renewalAfter } from '../../../src/ingress/service-bus/held-messages.js'
import { SourceRefused } from '../../../src/ingress/source.js'
import { standInServiceBus, type StandInServiceBus } from '../../support/service-bus/server.js'
import { sourceAt, standInSource } from '../../support/service-bus/stand-in-source.js'
import { events } from '../../http/served.js'
import { storing } from '../storing.js'

const lock = { lockMs: 500, maxDeliveryCount: 100 }

describe('a Service Bus source whose connection breaks', () => {
  test.each<readonly [string, (bus: StandInServiceBus) => void]>([
    ['sockets that are cut', (bus) => bus.dropConnections()],
    ['a broker that is being moved', (bus) => bus.closeConnections('amqp:connection:forced')],
    ['a link that is detached', (bus) => bus.detach('amqp:link:detach-forced')],
  ])('connects again after %s, and stores what was under way once', async (_, breakIt) => {
    const { bus, source } = await standInSource({ queue: lock })
    const log = storing()
    const running = await source.start(async (batch) => {
      if (log.batches.length === 0) breakIt(bus)
      return log.deliver(batch)
    })
    onTestFinished(() => running.close())
    const raws = events(20)
    raws.forEach((raw) => bus.queue('events').send(raw))
    await bus.queue('events').isEmpty()
    expect(bus.queue('events').deadLetters).toEqual([])
    expect(await log.storedCount()).toBe(raws.length)
  })

  test('waits for a broker that is not there yet, and tells so', async () => {
    const gone = await standInServiceBus({ events: {} })
    await gone.close()
    const source = sourceAt(gone)
    const log = storing()
    const running = await source.start(log.deliver)
    onTestFinished(() => running.close())
    expect(running.health?.()).toMatchObject({ state: 'connecting' })
    while (running.health?.().problem === undefined) await new Promise((resolve) => setImmediate(resolve))
    const bus = await standInServiceBus({ events: {} }, gone.port)
    onTestFinished(() => bus.close())
    bus.queue('events').send(events(1)[0])
    await bus.queue('events').isEmpty()
    expect(running.health?.()).toMatchObject({
      state: 'connected',
      problem: expect.stringMatching(/ECONNREFUSED/) as string,
    })
  })
})

describe('locks of a Service Bus source', () => {
  test('are renewed while the log takes nothing, and no message is given out twice or set aside', async () => {
    const { bus, source } = await standInSource({ queue: { ...lock, locksExpire: false, maxDeliveryCount: 2 } })
    const queue = bus.queue('events')
    const log = storing()
    log.goAway()
    const running = await source.start(log.deliver)
    onTestFinished(() => running.close())
    events(5).forEach((raw) => queue.send(raw))
    while (queue.seen.renewed < 15) await queue.changes()
    expect(running.health?.()).toMatchObject({ state: 'paused' })
    expect(log.refusals()).toBeGreaterThan(1)
    log.comeBack()
    await queue.isEmpty()
    expect(await log.storedCount()).toBe(5)
    expect(queue.seen).toMatchObject({ given: 5, completed: 5, abandoned: 0 })
    expect(queue.deadLetters).toEqual([])
  })

  test.each([
    [0, 5_000],
    [3_600_000, 5_000],
    [-3_600_000, 250],
  ])('are renewed in time with a clock of the broker that is %d ms ahead', (skewMs, afterMs) => {
    expect(renewalAfter(60_000 + skewMs, 0)).toBe(afterMs)
  })

  test('that expire before a message is completed cost a second delivery, which is stored once', async () => {
    const { bus, source } = await standInSource()
    const queue = bus.queue('events')
    const log = storing()
    const running = await source.start(async (batch) => {
      const receipt = await log.deliver(batch)
      if (queue.seen.given === 1) queue.expire(Infinity)
      return receipt
    })
    onTestFinished(() => running.close())
    queue.send(events(1)[0])
    await queue.isEmpty()
    expect(queue.seen).toMatchObject({ lockLost: 1, given: 2, completed: 1 })
    expect(log.receipts.map(({ stored, duplicate }) => [stored, duplicate])).toEqual([
      [1, 0],
      [0, 1],
    ])
  })
})

test('a message without bytes goes to the dead-letter queue with the reason, and the others of its batch are stored', async () => {
  const { bus, source } = await standInSource()
  const queue = bus.queue('events')
  const [first, second] = events(2)
  queue.send(first)
  queue.send({ topicName: 'a map, not bytes' })
  queue.send(second?.toString('utf8'))
  const log = storing()
  const running = await source.start(log.deliver)
  onTestFinished(() => running.close())
  await queue.isEmpty()
  expect(await log.storedCount()).toBe(2)
  expect(queue.deadLetters).toMatchObject([{ reason: 'UnreadableBody', description: /neither data nor text/ }])
})

test('what is not an event is a dead letter of the log, and does not come again', async () => {
  const { bus, source } = await standInSource()
  const queue = bus.queue('events')
  queue.send(Buffer.from('{"broken":'))
  queue.send(events(1)[0])
  const log = storing()
  const running = await source.start(log.deliver)
  onTestFinished(() => running.close())
  await queue.isEmpty()
  const counts = log.receipts.map(({ stored, deadLettered }) => stored * 10 + deadLettered)
  expect(counts.reduce((a, b) => a + b)).toBe(11)
  expect(queue.seen.given).toBe(2)
})

test('close gives back the messages that wait behind the batch that is being stored', async () => {
  const { bus, source } = await standInSource({ batchMax: 1 })
  const queue = bus.queue('events')
  events(10).forEach((raw) => queue.send(raw))
  const log = storing()
  let [begin, release] = [() => {}, () => {}]
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const held = new Promise<void>((resolve) => (release = resolve))
  const running = await source.start(async (batch) => {
    begin()
    await held
    return log.deliver(batch)
  })
  await begun
  const closing = running.close()
  release()
  await closing
  expect(queue.seen.completed).toBe(1)
  expect(Array.from({ length: 9 }, () => queue.lock(undefined)).every((message) => message !== undefined)).toBe(true)
})

describe('credentials of a Service Bus source', () => {
  const refusedBy = async (
    options: Parameters<typeof standInSource>[0],
    prepare: (bus: StandInServiceBus) => void = () => undefined,
  ): Promise<unknown> => {
    const { bus, source } = await standInSource(options)
    prepare(bus)
    const end = await (await source.start(storing().deliver)).ended
    return end.kind === 'failed' && end.cause instanceof SourceRefused ? end.cause.message : end
  }

  test('that are wrong end it with the setting', async () => {
    const message = await refusedBy({}, (bus) => bus.keys.set('listen', 'another'))
    expect(message).toMatch(
      /refuses the credentials for events .*: check serviceBusConnectionString, .* right to listen/,
    )
  })

  test('a queue that is not there, and sessions that are or are not, end it with the setting', async () => {
    expect(await refusedBy({ entity: 'missing' })).toMatch(/check queue, or topic and subscription/)
    expect(await refusedBy({ queue: { requiresSession: true } })).toMatch(/has sessions .*as sessions/)
    expect(await refusedBy({ sessions: 1, queue: { requiresSession: false } })).toMatch(
      /has no sessions .*remove sessions/,
    )
  })

  test('of Entra ID are shown as a token', async () => {
    const token = { value: 'a.jwt.token', expiresAt: Date.now() + 3_600_000 }
    const tokens = { kind: 'entra-id', source: tokenSource(() => Promise.resolve(token)) } as const
    const { bus, source } = await standInSource({ tokens })
    bus.bearerTokens.add('a.jwt.token')
    const running = await source.start(storing().deliver)
    onTestFinished(() => running.close())
    bus.queue('events').send(events(1)[0])
    await bus.queue('events').isEmpty()
    expect(bus.shown.every(({ type }) => type === 'jwt')).toBe(true)
  })

  test('that are rotated take effect: the key is revoked first, and its successor comes into the file later', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'streamvane-bus-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const bus = await standInServiceBus({ events: lock })
    onTestFinished(() => bus.close())
    const file = join(dir, 'connection-string')
    writeFileSync(file, `${bus.connectionString()}\n`)
    const shared = sharedAccessTokens(Secret.file(file), 'sb://127.0.0.1/events', 'Service Bus')
    const source = sourceAt(bus, { tokens: { kind: 'shared-access', source: shared } })
    const log = storing()
    const running = await source.start(log.deliver)
    onTestFinished(() => running.close())
    const [first, second] = events(2)
    bus.queue('events').send(first)
    await bus.queue('events').isEmpty()
    bus.keys.set('listen', 'the-next-key')
    const before = bus.shown.length
    bus.closeConnections('amqp:connection:forced')
    while (bus.shown.length < before + 3) await bus.showing()
    writeFileSync(file, `${bus.connectionString()}\n`)
    bus.queue('events').send(second)
    await bus.queue('events').isEmpty()
    expect(await log.storedCount()).toBe(2)
  })
})
