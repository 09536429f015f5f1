import { expect, onTestFinished, test } from 'vitest'
import { NotIngested } from '../../../src/ingress/not-ingested.js'
import { emptyReceipt } from '../../../src/ingress/receipt.js'
import type { Batch, Deliver, RunningSource, Source } from '../../../src/ingress/source.js'
import { describeRabbitmq } from '../../support/rabbitmq/broker.js'
import { queueRig } from '../../support/rabbitmq/queue-rig.js'

/** A `deliver` that keeps what it is given, and throws what `refuse` answers. */
const keeping = (refuse: (batch: Batch) => Error | undefined = () => undefined) => {
  const batches: Batch[] = []
  let watchers: (() => void)[] = []
  const deliver: Deliver = async (batch) => {
    const refusal = refuse(batch)
    if (refusal !== undefined) throw refusal
    batches.push(batch)
    watchers.splice(0).forEach((watch) => watch())
    return { ...emptyReceipt, stored: batch.raws.length }
  }
  const texts = (): readonly string[] =>
    batches.flatMap(({ raws, unusable }) =>
      raws.map((raw) => `${unusable === undefined ? '' : 'dead: '}${Buffer.from(raw).toString('utf8')}`),
    )
  return {
    deliver,
    batches,
    texts,
    until: async (isSo: (texts: readonly string[]) => boolean) => {
      while (!isSo(texts())) await new Promise<void>((resolve) => (watchers = [...watchers, resolve]))
    },
  }
}

const started = async (source: Source, deliver: Deliver): Promise<RunningSource> => {
  const running = await source.start(deliver)
  onTestFinished(() => running.close())
  return running
}

const away = new NotIngested({ tag: 'NotAvailable', cause: new Error('the disk is full') })
const numbered = (from: number, through: number): readonly string[] =>
  Array.from({ length: through - from + 1 }, (_, index) => `{"n":${from + index}}`)

describeRabbitmq('a source on a real RabbitMQ', (broker) => {
  test('messages that were not acknowledged when the connection is cut come again, and none is missing', async () => {
    const rig = await queueRig(broker())
    const kept = keeping()
    let isCut = false
    const running = await started(rig.source(), async (batch) => {
      const receipt = await kept.deliver(batch)
      if (!isCut) rig.tap.cut() // stored, and the acknowledgement is lost
      isCut = true
      return receipt
    })
    await rig.send(...numbered(1, 200))
    await kept.until((texts) => new Set(texts).size === 200)
    await rig.tap.hasAcknowledged(1)
    expect(kept.texts().length).toBeGreaterThan(200)
    expect(running.health?.().state).toBe('connected')
    await running.close()
    expect(await rig.ready()).toBe(0)
  })

  test('killed with SIGKILL, the broker is connected to again by the source, which takes what was left', async () => {
    const rig = await queueRig(broker(), { 'x-queue-type': 'classic' })
    const kept = keeping()
    const running = await started(rig.source(), kept.deliver)
    await rig.send(...numbered(1, 10))
    await kept.until((texts) => texts.length >= 10)
    await broker().kill()
    while (running.health?.().state !== 'connecting') await tick()
    expect(running.health().problem).toMatch(/ECONNRESET|ECONNREFUSED|closed|ended/)
    await broker().start()
    const again = await queueRig(broker())
    again.channel().sendToQueue(rig.queue, Buffer.from('{"n":11}'), { persistent: true })
    await kept.until((texts) => texts.includes('{"n":11}'))
    await running.close()
  })

  test('while the log takes nothing, messages are held and not given back, and stored once it takes them', async () => {
    const rig = await queueRig(broker())
    let refusals = 3
    const kept = keeping(() => (refusals-- > 0 ? away : undefined))
    const running = await started(rig.source(), async (batch) => {
      if (refusals > 0) expect(rig.tap.acknowledged()).toBe(0)
      return kept.deliver(batch)
    })
    await rig.send(...numbered(1, 3))
    await rig.tap.hasAcknowledged(3)
    expect(kept.texts()).toEqual(numbered(1, 3))
    expect(running.health?.()).toMatchObject({ state: 'connected', problem: 'the disk is full' })
  })

  test('a message that cannot be stored by itself becomes a dead letter, and those behind it are stored', async () => {
    const rig = await queueRig(broker())
    const isPoison = ({ raws, unusable }: Batch): boolean =>
      unusable === undefined && raws.some((raw) => Buffer.from(raw).includes('poison'))
    const kept = keeping((batch) => (isPoison(batch) ? new TypeError('a fault of ours') : undefined))
    await rig.send('{"n":1}', '{"poison":true}', '{"n":2}')
    await started(rig.source(), kept.deliver)
    await rig.tap.hasAcknowledged(3)
    expect(kept.texts()).toEqual(['{"n":1}', 'dead: {"poison":true}', '{"n":2}'])
    expect(kept.batches[1]?.unusable?.detail).toMatch(/alone failed: a fault of ours/)
  })

  test('a message that was given out too often becomes a dead letter, and those behind it are stored', async () => {
    const rig = await queueRig(broker())
    await rig.send('{"n":1}')
    for (const _ of [1, 2, 3]) {
      const message = await rig.channel().get(rig.queue)
      if (message !== false) rig.channel().nack(message)
    }
    await rig.send('{"n":2}')
    const kept = keeping()
    await started(rig.source({ deliveriesMax: 3 }), kept.deliver)
    await rig.tap.hasAcknowledged(2)
    expect([...kept.texts()].sort()).toEqual(['dead: {"n":1}', '{"n":2}'].sort())
    expect(kept.batches.find(({ unusable }) => unusable !== undefined)?.unusable?.detail).toMatch(/3 times/)
  })

  test('takes no more messages than it may hold', async () => {
    const rig = await queueRig(broker())
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const kept = keeping()
    await rig.send(...numbered(1, 30))
    await started(rig.source({ prefetch: 5 }), async (batch) => {
      await held
      return kept.deliver(batch)
    })
    while ((await rig.ready()) !== 25) await tick()
    release()
    await rig.tap.hasAcknowledged(30)
    expect(kept.texts()).toEqual(numbered(1, 30))
  })

  test('says how many messages wait', async () => {
    const rig = await queueRig(broker())
    await rig.send(...numbered(1, 30))
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const running = await started(rig.source({ prefetch: 5, batchMax: 5 }), async ({ raws }) => {
      await held
      return { ...emptyReceipt, stored: raws.length }
    })
    while (running.health?.().lag?.events !== 25) await tick()
    release()
    while (running.health?.().lag?.events !== 0) await tick()
  })

  test('a queue that is deleted ends the source with the setting that names it', async () => {
    const rig = await queueRig(broker())
    const running = await started(rig.source(), keeping().deliver)
    while (running.health?.().state !== 'connected') await tick()
    await rig.channel().deleteQueue(rig.queue)
    expect(await running.ended).toMatchObject({
      kind: 'failed',
      cause: { message: expect.stringMatching(/sources\.rabbit: .*no queue '.*'.*create it, name another one/s) },
    })
  })

  test('a queue that is declared is made with its bindings', async () => {
    const rig = await queueRig(broker())
    await rig.channel().assertExchange('genesys-events', 'topic', { durable: true })
    const queue = `${rig.queue}-declared`
    const declare = { type: 'quorum', bindings: [{ exchange: 'genesys-events', patterns: ['events.#'] }] } as const
    const kept = keeping()
    const running = await started(rig.source({ queue, declare }), kept.deliver)
    while (running.health?.().state !== 'connected') await tick()
    rig.channel().publish('genesys-events', 'events.one', Buffer.from('{"n":1}'))
    await kept.until((texts) => texts.length === 1)
  })

  test('a stream is refused, because what was acknowledged is not kept there', async () => {
    const rig = await queueRig(broker(), { 'x-queue-type': 'stream' })
    const running = await started(rig.source(), keeping().deliver)
    while (running.health?.().state === 'connecting') await tick()
    await rig.send('{"n":1}')
    expect(await running.ended).toMatchObject({
      kind: 'failed',
      cause: { message: expect.stringMatching(/is a stream.*bind a quorum queue/) },
    })
  })
})

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))
