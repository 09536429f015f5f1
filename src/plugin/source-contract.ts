import { describe, expect, test } from 'vitest'
import { emptyReceipt } from '../ingress/receipt.js'
import type { Batch, Deliver, RunningSource, Source } from '../ingress/source.js'
import { sampleEvents } from './sample-events.js'

/**
 * A source under test. `begin` starts it with a `deliver` and gives it these events as one connection or file, one
 * event after the other; `acknowledged` says how many of them were acknowledged, once no more will be.
 */
export type SourceRig = Readonly<{
  source: Source
  begin: (
    raws: readonly Buffer[],
    deliver: Deliver,
  ) => Promise<Readonly<{ running: RunningSource; acknowledged: Promise<number> }>>
}>

/** A `deliver` whose batches are stored when the test says so. */
const heldDeliver = () => {
  const begun: Batch[] = []
  const stored: Batch[] = []
  let watchers: (() => void)[] = []
  let release: () => void = () => {}
  let fail: (cause: unknown) => void = () => {}
  const deliver: Deliver = async (batch) => {
    begun.push(batch)
    const held = new Promise<void>((resolve, reject) => {
      release = resolve
      fail = reject
    })
    watchers.splice(0).forEach((watch) => watch())
    await held
    stored.push(batch)
    return { ...emptyReceipt, stored: batch.raws.length }
  }
  const hasBegun = async (count: number): Promise<void> => {
    while (begun.length < count) await new Promise<void>((resolve) => (watchers = [...watchers, resolve]))
  }
  return { deliver, begun, stored, hasBegun, release: () => release(), fail: (cause: unknown) => fail(cause) }
}

const texts = (batches: readonly Batch[]): readonly string[] =>
  batches.flatMap(({ raws }) => raws.map((raw) => Buffer.from(raw).toString('latin1')))

/** The contract that every source keeps (`Source`), as tests of vitest. `make` gives a source of its own to each test. */
export const sourceContract = (name: string, make: () => SourceRig | Promise<SourceRig>): void => {
  describe(`source contract: ${name}`, () => {
    const odd = Buffer.from('{ "topicName" : "v2.é😀",\t"eventBody":{"x":[1.0,1e3,"\\u00e9\\""]} }')
    const broken = Buffer.from('{"topicName":tru')
    const raws = [...sampleEvents(3), odd, broken, ...sampleEvents(5, 3)]

    test('delivers every event byte for byte, once, in order, and names the origin', async () => {
      const { begin } = await make()
      const delivered: Batch[] = []
      const { running, acknowledged } = await begin(raws, async (batch) => {
        delivered.push(batch)
        return { ...emptyReceipt, stored: batch.raws.length }
      })
      expect(await acknowledged).toBe(raws.length)
      expect(texts(delivered)).toEqual(raws.map((raw) => raw.toString('latin1')))
      expect(new Set(delivered.map(({ origin }) => origin)).size).toBe(1)
      expect(delivered[0]?.origin).not.toBe('')
      await running.close()
    })

    test('acknowledges input only after deliver resolved', async () => {
      const { begin } = await make()
      const held = heldDeliver()
      const { running, acknowledged } = await begin(raws.slice(0, 1), held.deliver)
      let isAcknowledged = false
      void acknowledged.then(() => (isAcknowledged = true))
      await held.hasBegun(1)
      await new Promise((resolve) => setImmediate(resolve))
      expect(isAcknowledged).toBe(false)
      held.release()
      expect(await acknowledged).toBe(1)
      await running.close()
    })

    test('does not acknowledge input whose delivery failed', async () => {
      const { begin } = await make()
      const held = heldDeliver()
      const { running, acknowledged } = await begin(raws.slice(0, 1), held.deliver)
      await held.hasBegun(1)
      held.fail(new Error('the log is away'))
      expect(await acknowledged).toBe(0)
      await running.close()
    })

    test('close lets the batch that was begun finish, acknowledges it, and delivers nothing more', async () => {
      const { begin } = await make()
      const held = heldDeliver()
      const { running, acknowledged } = await begin(raws.slice(0, 1), held.deliver)
      await held.hasBegun(1)
      let isClosed = false
      const closing = running.close().then(() => (isClosed = true))
      await new Promise((resolve) => setImmediate(resolve))
      expect(isClosed).toBe(false)
      held.release()
      await closing
      expect(texts(held.stored)).toEqual(texts(held.begun))
      expect(held.begun).toHaveLength(1)
      expect(await acknowledged).toBe(1)
      expect((await running.ended).kind).toBe('closed')
    })

    test('close before anything came ends it as closed or exhausted, and closing twice is allowed', async () => {
      const { begin } = await make()
      const { running } = await begin([], async () => emptyReceipt)
      await Promise.all([running.close(), running.close()])
      expect(['closed', 'exhausted']).toContain((await running.ended).kind)
    })
  })
}
